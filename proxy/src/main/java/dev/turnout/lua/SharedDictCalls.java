package dev.turnout.lua;

import dev.turnout.cluster.KeyvalChange;
import dev.turnout.cluster.KeyvalCondition;
import dev.turnout.cluster.KeyvalSnapshot;
import dev.turnout.cluster.KeyvalZone;
import dev.turnout.control.Operation;
import dev.turnout.lua.dict.SharedDict;
import dev.turnout.lua.dict.SharedDict.Found;
import dev.turnout.lua.dict.SharedDict.Stored;
import java.lang.invoke.MethodHandles;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `ngx.shared`: the dictionaries, by their numbers in the program, and key-value zones in their
/// place.
final class SharedDictCalls implements LuaPart {
  // kinds of values, as Lua numbers its types
  private static final int BOOLEAN = 1;
  private static final int NUMBER = 3;
  private static final int STRING = 4;
  private static final int LIST = 5;

  // what is done to a zone, beside storing
  private static final int DELETE = 8;
  private static final int CLEAR = 9;

  /// What is added to the outcome of storing if something that held had to go.
  private static final int FORCED = 16;

  @Override
  public String script() {
    return "shdict.lua";
  }

  @Override
  public void functions(LuaFunctions functions) {
    functions.addAll(
        MethodHandles.lookup(),
        "dict_get",
        "int(int, int, const char *, int, int)",
        "dict_set_text",
        "int(int, int, const char *, int, const char *, int, double, int, int)",
        "dict_set_number",
        "int(int, int, const char *, int, int, double, double, int, int)",
        "dict_delete",
        "int(int, int, const char *, int)",
        "dict_incr",
        "int(int, int, const char *, int, double, int, double, double)",
        "dict_push",
        "int(int, int, const char *, int, int, const char *, int, double)",
        "dict_pop",
        "int(int, int, const char *, int, int)",
        "dict_llen",
        "int(int, int, const char *, int)",
        "dict_ttl",
        "int(int, int, const char *, int)",
        "dict_expire",
        "int(int, int, const char *, int, double)",
        "dict_flush_all",
        "int(int, int)",
        "dict_flush_expired",
        "int(int, int, int)",
        "dict_keys",
        "int(int, int, int)",
        "dict_space",
        "int(int, int, int)",
        "zone_get",
        "int(int, int, const char *, int)",
        "zone_keys",
        "int(int, int, int)",
        "zone_space",
        "int(int, int, int)",
        "zone_ttl",
        "int(int, int, const char *, int)",
        "zone_set",
        "int(int, int, int, const char *, int, const char *, int, double)");
  }

  private static SharedDict dict(LuaVm vm, int number) {
    return vm.program().dict(number);
  }

  // ---- values

  /// Returns the kind of the value, 2 for none; the flags are in `m`, and stale ones are 16 more.
  static int dictGet(LuaVm vm, int number, long key, int length, int stale) {
    Found found = vm.found();
    byte[] name = vm.borrow(key, length);
    if (!dict(vm, number).get(name, 0, length, stale != 0, found)) {
      return LuaVm.NONE;
    }
    int kind =
        switch (found.kind()) {
          case NIL -> LuaVm.NONE;
          case BOOLEAN -> {
            vm.answer(found.number());
            yield BOOLEAN;
          }
          case NUMBER -> {
            vm.answer(found.number());
            yield NUMBER;
          }
          case STRING -> {
            vm.answer(found.bytes());
            yield STRING;
          }
          case LIST -> LIST;
        };
    vm.also(found.flags());
    return found.isStale() ? kind + FORCED : kind;
  }

  static int dictSetText(
      LuaVm vm,
      int number,
      long key,
      int length,
      long text,
      int size,
      double millis,
      int flags,
      int how) {
    byte[] value = vm.bytes(text, size);
    return outcome(dict(vm, number).set(vm.bytes(key, length), value, (long) millis, flags, how));
  }

  static int dictSetNumber(
      LuaVm vm,
      int number,
      long key,
      int length,
      int kind,
      double value,
      double millis,
      int flags,
      int how) {
    byte[] name = vm.bytes(key, length);
    SharedDict dict = dict(vm, number);
    return outcome(
        kind == BOOLEAN
            ? dict.set(name, value != 0, (long) millis, flags, how)
            : dict.set(name, value, (long) millis, flags, how));
  }

  private static int outcome(Stored stored) {
    return switch (stored) {
      case DONE -> 0;
      case EXISTS -> 2;
      case NOT_FOUND -> 3;
      case NO_MEMORY -> 4;
      case NOT_A_NUMBER -> 5;
      case NOT_A_LIST -> 6;
      case DONE_BY_FORCE -> FORCED;
      case NO_MEMORY_BY_FORCE -> FORCED + 4;
    };
  }

  static int dictDelete(LuaVm vm, int number, long key, int length) {
    dict(vm, number).delete(vm.bytes(key, length));
    return LuaVm.OK;
  }

  static int dictIncr(
      LuaVm vm, int number, long key, int length, double by, int begins, double init, double ttl) {
    @Nullable Double first = begins == 0 ? null : (Double) init;
    Found found = vm.found();
    Stored stored = dict(vm, number).increment(vm.bytes(key, length), by, first, (long) ttl, found);
    vm.answer(found.number());
    return outcome(stored);
  }

  // ---- lists

  static int dictPush(
      LuaVm vm, int number, long key, int length, int left, long text, int size, double value) {
    Found found = vm.found();
    byte @Nullable [] bytes = size < 0 ? null : vm.bytes(text, size);
    Stored stored = dict(vm, number).push(vm.bytes(key, length), bytes, value, left != 0, found);
    vm.answer(found.number());
    return outcome(stored);
  }

  /// Returns the kind of the value, 2 for none, or -6 if it is no list.
  static int dictPop(LuaVm vm, int number, long key, int length, int left) {
    Found found = vm.found();
    if (dict(vm, number).pop(vm.bytes(key, length), left != 0, found) != Stored.DONE) {
      return -6;
    }
    return switch (found.kind()) {
      case STRING -> {
        vm.answer(found.bytes());
        yield STRING;
      }
      case NUMBER -> {
        vm.answer(found.number());
        yield NUMBER;
      }
      case NIL, BOOLEAN, LIST -> LuaVm.NONE;
    };
  }

  static int dictLlen(LuaVm vm, int number, long key, int length) {
    Found found = vm.found();
    Stored stored = dict(vm, number).length(vm.bytes(key, length), found);
    vm.answer(found.number());
    return outcome(stored);
  }

  // ---- time and space

  static int dictTtl(LuaVm vm, int number, long key, int length) {
    Long left = dict(vm, number).ttl(vm.bytes(key, length));
    return left == null ? LuaVm.NONE : vm.answer((double) left);
  }

  static int dictExpire(LuaVm vm, int number, long key, int length, double millis) {
    return dict(vm, number).expire(vm.bytes(key, length), (long) millis) ? LuaVm.OK : LuaVm.NONE;
  }

  static int dictFlushAll(LuaVm vm, int number) {
    dict(vm, number).flushAll();
    return LuaVm.OK;
  }

  static int dictFlushExpired(LuaVm vm, int number, int most) {
    return vm.answer((double) dict(vm, number).flushExpired(most));
  }

  static int dictKeys(LuaVm vm, int number, int most) {
    return vm.answerAll(dict(vm, number).keys(most));
  }

  static int dictSpace(LuaVm vm, int number, int free) {
    SharedDict dict = dict(vm, number);
    return vm.answer((double) (free == 0 ? dict.capacity() : dict.freeSpace()));
  }

  // ---- key-value zones

  static int zoneGet(LuaVm vm, int number, long key, int length) {
    KeyvalZone zone = vm.program().zone(number);
    return vm.answerOrNone(zone.find(vm.text(key, length), System.currentTimeMillis()));
  }

  static int zoneKeys(LuaVm vm, int number, int most) {
    KeyvalSnapshot now = vm.program().zone(number).snapshot();
    List<byte[]> keys = new ArrayList<>();
    for (String key : now.entriesAt(System.currentTimeMillis()).keySet()) {
      if (most != 0 && keys.size() == most) {
        break;
      }
      keys.add(key.getBytes(StandardCharsets.ISO_8859_1));
    }
    return vm.answerAll(keys);
  }

  static int zoneSpace(LuaVm vm, int number, int free) {
    KeyvalZone zone = vm.program().zone(number);
    return vm.answer((double) (zone.capacity() - (free == 0 ? 0 : zone.snapshot().used())));
  }

  static int zoneTtl(LuaVm vm, int number, long key, int length) {
    KeyvalSnapshot now = vm.program().zone(number).snapshot();
    String name = vm.text(key, length);
    long millis = System.currentTimeMillis();
    if (now.get(name, millis) == null) {
      return LuaVm.NONE;
    }
    Long deadline = now.deadlines().get(name);
    return vm.answer(deadline == null ? 0.0 : (double) (deadline - millis));
  }

  /// Asks the writer for a change; the script waits until it is durable and in force. `what` is 0
  /// to set, {@link SharedDict#ADD} or {@link SharedDict#REPLACE}, [#DELETE] or [#CLEAR].
  static int zoneSet(
      LuaVm vm, int number, int what, long key, int length, long value, int size, double millis) {
    KeyvalZone zone = vm.program().zone(number);
    String name = vm.text(key, length);
    KeyvalChange edit =
        switch (what) {
          case CLEAR -> new KeyvalChange.Clear();
          case DELETE -> new KeyvalChange.Delete(name);
          default ->
              new KeyvalChange.Put(
                  name, vm.text(value, size), millis > 0 ? (Long) (long) millis : null);
        };
    List<KeyvalCondition> conditions =
        switch (what) {
          case SharedDict.ADD -> List.of(new KeyvalCondition.Absent(name));
          case SharedDict.REPLACE -> List.of(new KeyvalCondition.Present(name));
          default -> List.of();
        };
    return LuaChange.submit(vm, new Operation.EditZone(zone, List.of(edit), conditions));
  }
}
