package dev.turnout.lua;

import dev.turnout.lua.regex.PerlRegex;
import java.lang.invoke.MethodHandles;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `ngx.re`: compiled expressions by their numbers in the VM, and searches.
final class RegexCalls implements LuaPart {
  /// What a search returns beside [LuaVm#OK] and [LuaVm#NONE]: an error whose number is in `m`.
  private static final int ERROR = 3;

  @Override
  public String script() {
    return "regex.lua";
  }

  @Override
  public void functions(LuaFunctions functions) {
    functions.addAll(
        MethodHandles.lookup(),
        "re_compile",
        "int(int, const char *, int, int)",
        "re_free",
        "int(int, int)",
        "re_search",
        "int(int, int, const char *, int, int)",
        "re_search_all",
        "int(int, int, const char *, int, int, int)");
  }

  /// Gives the number in `m`, how many groups it has as a number, and the named ones as a list:
  /// `2name`.
  static int reCompile(LuaVm vm, long pattern, int length, int flags) {
    PerlRegex regex;
    try {
      regex = PerlRegex.compile(vm.text(pattern, length), flags, vm.program().regexLimit());
    } catch (PerlRegex.Invalid e) {
      return vm.refuse(String.valueOf(e.getMessage()));
    }
    vm.answer((double) regex.groups());
    vm.also(vm.regexes().add(regex));
    List<@Nullable String> names = new ArrayList<>();
    regex.names().forEach(name -> names.add(name.group() + name.name()));
    return vm.answer(names);
  }

  static int reFree(LuaVm vm, int number) {
    vm.regexes().remove(number);
    return LuaVm.OK;
  }

  /// Searches once; gives begin and end of the match and of each group as ints.
  static int reSearch(LuaVm vm, int number, long subject, int length, int from) {
    return reSearchAll(vm, number, subject, length, from, 1);
  }

  /// Searches up to `most` times, each after the match before; gives what [#reSearch] gives, one
  /// after the other, and how many there are in `m`.
  static int reSearchAll(LuaVm vm, int number, long subject, int length, int from, int most) {
    PerlRegex regex = vm.regexes().get(number);
    byte[] text = vm.borrow(subject, length);
    int wrong = regex.check(text, length);
    if (wrong != 0) {
      vm.also(wrong);
      return ERROR;
    }
    PerlRegex.Places places = vm.regexes().places();
    LuaRegexes.Found found = vm.regexes().found();
    found.clear();
    int matches = 0;
    int at = from;
    while (matches < most && at <= length) {
      int count = regex.search(text, length, at, places);
      if (count == PerlRegex.NO_MATCH) {
        break;
      }
      if (count < 0) {
        vm.also(count);
        return ERROR;
      }
      found.add(places.array(), count);
      matches++;
      int end = places.array()[1];
      at = end > places.array()[0] ? end : end + 1;
    }
    if (matches == 0) {
      return LuaVm.NONE;
    }
    vm.also(matches);
    return vm.answer(found.array(), found.count());
  }
}
