package dev.turnout.admin.plus;

import dev.turnout.cluster.KeyvalChange;
import dev.turnout.cluster.KeyvalCondition;
import dev.turnout.cluster.KeyvalZone;
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
      return Reply.ok(out -> KeyvalsResource.write(out, zone.snapshot().entries()));
    }
    String value = zone.get(key);
    if (value == null) {
      throw new Refusal(404, "KeyvalKeyNotFound", "keyval key not found");
    }
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
    for (Entry<String, Json.Value> pair : pairs(call).entrySet()) {
      String value = value(call, pair.getValue());
      if (value == null) {
        throw Refusal.keyvalFormat("invalid key format");
      }
      edits.add(new KeyvalChange.Put(pair.getKey(), value));
    }
    KeyvalCondition condition =
        edits.getFirst() instanceof KeyvalChange.Put(String key, _) && edits.size() == 1
            ? new KeyvalCondition.Absent(key)
            : new KeyvalCondition.ZoneEmpty();
    changer.keys(call, zone, edits, condition);
    return Reply.created();
  }

  private Reply patch(Call call) {
    Map<String, Json.Value> pairs = pairs(call);
    if (pairs.size() != 1) {
      throw Refusal.keyvalFormat("only one key can be updated");
    }
    Entry<String, Json.Value> pair = pairs.entrySet().iterator().next();
    String key = pair.getKey();
    String value = value(call, pair.getValue());
    KeyvalChange edit =
        value == null ? new KeyvalChange.Delete(key) : new KeyvalChange.Put(key, value);
    changer.keys(call, zone, List.of(edit), new KeyvalCondition.Present(key));
    return Reply.done();
  }

  private static Map<String, Json.Value> pairs(Call call) {
    if (!(Json.parse(call.body()) instanceof Json.Members(Map<String, Json.Value> pairs))) {
      throw Refusal.keyvalFormat("Invalid JSON");
    }
    if (pairs.isEmpty()) {
      throw Refusal.keyvalFormat("key required");
    }
    return pairs;
  }

  /// The value of a pair, as the string it is stored as; null for `null`.
  private static @Nullable String value(Call call, Json.Value value) {
    return switch (value) {
      case Json.Scalar scalar -> scalar.text();
      case Json.Null _ -> null;
      case Json.Elements _ -> throw Refusal.keyvalFormat("invalid key format");
      case Json.Members(Map<String, Json.Value> parts) -> {
        if (call.version() >= EXPIRING && parts.containsKey("expire")) {
          // no zone has `timeout=`
          throw Refusal.keyvalFormat("keyval timeout is not enabled");
        }
        if (call.version() >= EXPIRING
            && parts.size() == 1
            && parts.get("value") instanceof Json.Scalar scalar) {
          yield scalar.text();
        }
        throw Refusal.keyvalFormat("invalid key format");
      }
    };
  }
}
