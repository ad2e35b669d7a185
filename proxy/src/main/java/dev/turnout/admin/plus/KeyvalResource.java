package dev.turnout.admin.plus;

import dev.turnout.cluster.KeyvalChange;
import dev.turnout.cluster.KeyvalCondition;
import dev.turnout.cluster.KeyvalZone;
import dev.turnout.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Map.Entry;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// `/http/keyvals/{zone}`: the pairs of one zone.
record KeyvalResource(KeyvalZone zone, Changes changer) implements Resource {
  /// The first version whose pairs may expire.
  private static final int EXPIRING = 5;

  @Override
  public Set<Method> changes() {
    return Set.of(Method.POST, Method.PATCH, Method.DELETE);
  }

  @Override
  public Reply get(Call call) {
    String key = call.key();
    if (key == null) {
      return Reply.ok(
          out -> KeyvalsResource.write(out, zone.snapshot().entriesAt(System.currentTimeMillis())));
    }
    String value = present(key);
    return Reply.ok(out -> KeyvalsResource.write(out, Map.of(key, value)));
  }

  @Override
  public Reply change(Call call) {
    return switch (call.method()) {
      case POST -> post(call);
      case PATCH -> patch(call);
      default -> {
        changer.keys(call, zone, List.of(new KeyvalChange.Clear()));
        yield Reply.done();
      }
    };
  }

  private Reply post(Call call) {
    List<KeyvalChange> edits = new ArrayList<>();
    for (Entry<String, Json> pair : pairs(call).entrySet()) {
      KeyvalChange.Put put = put(call, pair.getKey(), pair.getValue());
      if (put == null) {
        throw Refusal.keyvalFormat("invalid key format");
      }
      edits.add(put);
    }
    KeyvalCondition condition =
        edits.getFirst() instanceof KeyvalChange.Put(String key, _, _) && edits.size() == 1
            ? new KeyvalCondition.Absent(key)
            : new KeyvalCondition.ZoneEmpty();
    changer.keys(call, zone, edits, condition);
    return Reply.created();
  }

  private Reply patch(Call call) {
    Map<String, Json> pairs = pairs(call);
    if (pairs.size() != 1) {
      throw Refusal.keyvalFormat("only one key can be updated");
    }
    Entry<String, Json> pair = pairs.entrySet().iterator().next();
    String key = pair.getKey();
    KeyvalChange.Put put = put(call, key, pair.getValue());
    KeyvalChange edit = put == null ? new KeyvalChange.Delete(key) : put;
    changer.keys(call, zone, List.of(edit), new KeyvalCondition.Present(key));
    return Reply.done();
  }

  private static Map<String, Json> pairs(Call call) {
    if (!(Body.parse(call.body()) instanceof Json.Members(Map<String, Json> pairs))) {
      throw Refusal.keyvalFormat("Invalid JSON");
    }
    if (pairs.isEmpty()) {
      throw Refusal.keyvalFormat("key required");
    }
    return pairs;
  }

  /// What a pair asks for, its value as the string it is stored as; null for `null`.
  private KeyvalChange.@Nullable Put put(Call call, String key, Json value) {
    return switch (value) {
      case Json.Text(String text) -> new KeyvalChange.Put(key, text);
      case Json.Numeral(String digits) -> new KeyvalChange.Put(key, digits);
      case Json.Truth(boolean truth) -> new KeyvalChange.Put(key, Boolean.toString(truth));
      case Json.Null _ -> null;
      case Json.Elements _ -> throw Refusal.keyvalFormat("invalid key format");
      case Json.Members(Map<String, Json> parts) -> {
        if (call.version() < EXPIRING) {
          throw Refusal.keyvalFormat("invalid key format");
        }
        yield ending(key, parts);
      }
    };
  }

  private KeyvalChange.Put ending(String key, Map<String, Json> parts) {
    boolean expires = parts.containsKey("expire");
    if (expires && zone.timeoutMillis() == 0) {
      throw Refusal.keyvalFormat("keyval timeout is not enabled");
    }
    Long expire = expires ? millis(parts.get("expire")) : null;
    String value = Body.scalar(parts.get("value"));
    int known = (expires ? 1 : 0) + (value == null ? 0 : 1);
    if (known == 0 || known != parts.size()) {
      throw Refusal.keyvalFormat("invalid key format");
    }
    return new KeyvalChange.Put(key, value == null ? present(key) : value, expire);
  }

  private static long millis(@Nullable Json value) {
    try {
      String digits = Body.scalar(value);
      long millis = digits == null ? -1 : Long.parseLong(digits);
      if (millis >= 0) {
        return millis;
      }
    } catch (NumberFormatException _) {
      // as any other value that is no time
    }
    throw Refusal.keyvalFormat("invalid \"expire\" value");
  }

  private String present(String key) {
    String value = zone.snapshot().get(key, System.currentTimeMillis());
    if (value == null) {
      throw new Refusal(404, "KeyvalKeyNotFound", "keyval key not found");
    }
    return value;
  }
}
