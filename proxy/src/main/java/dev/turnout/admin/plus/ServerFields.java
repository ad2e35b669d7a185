package dev.turnout.admin.plus;

import dev.turnout.config.Units;
import dev.turnout.json.Json;
import dev.turnout.upstream.PeerAddress;
import dev.turnout.upstream.PeerPatch;
import dev.turnout.upstream.PeerSpec;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// What a body says of a server; null where it says nothing.
record ServerFields(
    @Nullable String server,
    @Nullable String service,
    @Nullable Integer weight,
    @Nullable Integer maxConns,
    @Nullable Integer maxFails,
    @Nullable Long failTimeoutMillis,
    @Nullable Long slowStartMillis,
    @Nullable String route,
    @Nullable Boolean backup,
    @Nullable Boolean down,
    @Nullable Boolean drain) {

  /// @throws Refusal in the API's words
  static ServerFields parse(String body) {
    if (!(Body.parse(body) instanceof Json.Members(Map<String, Json> members))) {
      throw Refusal.json();
    }
    Draft draft = new Draft();
    members.forEach(draft::read);
    return draft.finish();
  }

  /// The server that is added.
  PeerSpec toSpec(String name, PeerAddress address) {
    PeerPatch patch = toPatch();
    PeerSpec spec = patch.applyTo(PeerSpec.of(name, address));
    return backup == null ? spec : spec.withBackup(backup);
  }

  /// The changes, apart from a new address.
  PeerPatch toPatch() {
    return PeerPatch.NOTHING
        .withWeight(weight)
        .withMaxConns(maxConns)
        .withMaxFails(maxFails)
        .withFailTimeout(failTimeoutMillis)
        .withSlowStart(slowStartMillis)
        .withDown(down)
        .withDrain(drain)
        .withRoute(route);
  }

  /// The fields while they are read.
  private static final class Draft {
    private @Nullable String server;
    private @Nullable String service;
    private @Nullable Integer weight;
    private @Nullable Integer maxConns;
    private @Nullable Integer maxFails;
    private @Nullable Long failTimeout;
    private @Nullable Long slowStart;
    private @Nullable String route;
    private @Nullable Boolean backup;
    private @Nullable Boolean down;
    private @Nullable Boolean drain;

    void read(String name, Json value) {
      switch (name) {
        case "server" -> server = server(name, value);
        case "service" -> service = service(name, value);
        case "weight" -> weight = number(name, value, 1, "UpstreamBadWeight");
        case "max_conns" -> maxConns = number(name, value, 0, "UpstreamBadMaxConns");
        case "max_fails" -> maxFails = number(name, value, 0, "UpstreamBadMaxFails");
        case "fail_timeout" -> failTimeout = time(name, value, "UpstreamBadFailTimeout");
        case "slow_start" -> slowStart = time(name, value, "UpstreamBadSlowStart");
        case "route" -> route = route(name, value);
        case "backup" -> backup = flag(name, value);
        case "down" -> down = flag(name, value);
        case "drain" -> drain = flag(name, value);
        default -> throw Refusal.serverFormat("unknown parameter \"" + name + "\"");
      }
    }

    ServerFields finish() {
      return new ServerFields(
          server,
          service,
          weight,
          maxConns,
          maxFails,
          failTimeout,
          slowStart,
          route,
          backup,
          down,
          drain);
    }

    private static Refusal invalid(String name) {
      return Refusal.serverFormat("invalid \"" + name + "\" value");
    }

    private static Refusal unusable(String name, Json value) {
      return switch (value) {
        case Json.Members _, Json.Elements _ -> Refusal.serverFormat("nested object or list");
        case Json.Text _, Json.Numeral _, Json.Truth _, Json.Null _ -> invalid(name);
      };
    }

    private static String text(String name, Json value) {
      if (value instanceof Json.Text(String text)) {
        return text;
      }
      throw unusable(name, value);
    }

    /// The digits of a number; a string of them counts as one, for forms send all as strings.
    private static String digits(String name, Json value) {
      if (value instanceof Json.Numeral number && number.isWhole()) {
        return number.digits();
      }
      return text(name, value);
    }

    private static String server(String name, Json value) {
      String server = text(name, value);
      if (server.isEmpty()) {
        throw new Refusal(400, "UpstreamBadAddress", "invalid \"server\" argument");
      }
      return server;
    }

    private static String service(String name, Json value) {
      String service = text(name, value);
      if (service.isEmpty()) {
        throw new Refusal(400, "UpstreamBadService", "\"service\" is empty");
      }
      return service;
    }

    private static String route(String name, Json value) {
      String route = text(name, value);
      if (route.length() > PeerSpec.MAX_ROUTE) {
        throw new Refusal(400, "UpstreamBadRoute", "route is too long");
      }
      return route;
    }

    private static int number(String name, Json value, int least, String code) {
      OptionalLong number = Units.number(digits(name, value));
      if (number.isEmpty()
          || number.getAsLong() < least
          || number.getAsLong() > Integer.MAX_VALUE) {
        throw new Refusal(400, code, "invalid \"" + name + "\"");
      }
      return (int) number.getAsLong();
    }

    private static long time(String name, Json value, String code) {
      OptionalLong seconds = Units.seconds(digits(name, value));
      if (seconds.isEmpty() || seconds.getAsLong() > Integer.MAX_VALUE) {
        throw new Refusal(400, code, "invalid \"" + name + "\"");
      }
      return seconds.getAsLong() * 1000;
    }

    private static boolean flag(String name, Json value) {
      if (value instanceof Json.Truth(boolean truth)) {
        return truth;
      }
      throw unusable(name, value);
    }
  }
}
