package dev.turnout.admin.control;

import dev.turnout.http.proxy.ServerAddress;
import dev.turnout.upstream.Canary;
import dev.turnout.upstream.PeerAddress;
import dev.turnout.upstream.PeerPatch;
import dev.turnout.upstream.PeerSpec;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Servers as bodies describe them. A name is looked up when it is read, which may wait, or, with
/// `resolve`, for as long as the server is there.
///
/// @param resolves whether names can be resolved at run time for the upstream
record ServerReader(boolean resolves) {
  private static final int LONGEST_ADDRESS = 255;

  /// What is set in `body`, of a server that is there.
  PeerPatch patch(Members body) {
    if (body.has("backup")) {
      throw Problem.invalid(
          "\"backup\" is set when a server is added, and stays",
          body.place("backup"),
          "add another server and remove this one");
    }
    PeerPatch patch = values(body);
    if (body.has("canary")) {
      if (!body.isNull("canary")) {
        throw Problem.invalid(
            "a server that is there does not become a canary",
            body.place("canary"),
            "null makes of a canary a server like the others");
      }
      patch = patch.trusting();
    }
    String server = body.text("server");
    if (server != null) {
      List<PeerAddress> addresses = addresses(body, server);
      if (addresses.size() > 1) {
        throw Problem.invalid(
            "\"" + server + "\" has " + addresses.size() + " addresses, and a server has one",
            body.place("server"),
            "write one of "
                + String.join(", ", addresses.stream().map(PeerAddress::text).toList()));
      }
      patch = patch.withServer(server, addresses.getFirst());
    } else if (body.has("resolve") || body.has("service")) {
      throw Problem.invalid(
          "\"resolve\" and \"service\" say what \"server\" is",
          body.place("server"),
          "give it too");
    }
    body.end();
    return patch;
  }

  /// The servers that a body describes: one for each address of the name.
  List<PeerSpec> servers(Members body, boolean mayHaveId) {
    Long id = mayHaveId ? body.number("id", 0, Long.MAX_VALUE) : null;
    String server = body.needText("server");
    PeerPatch patch = values(body);
    boolean backup = Boolean.TRUE.equals(body.truth("backup"));
    Canary canary = canary(body);
    List<PeerAddress> addresses = addresses(body, server);
    body.end();
    if (id != null && addresses.size() > 1) {
      throw Problem.invalid(
          "\""
              + server
              + "\" has "
              + addresses.size()
              + " addresses, and an \"id\" means one server",
          body.place("id"),
          "leave the id out, or write the address");
    }
    List<PeerSpec> servers = new ArrayList<>();
    for (PeerAddress address : addresses) {
      try {
        PeerSpec spec =
            patch.applyTo(PeerSpec.of(server, address)).withBackup(backup).withCanary(canary);
        servers.add(id == null ? spec : spec.withId(id));
      } catch (IllegalArgumentException e) {
        throw Problem.invalid(String.valueOf(e.getMessage()), body.place("canary"), "");
      }
    }
    return servers;
  }

  /// On what terms the server has to prove itself; null: it is trusted.
  private static @Nullable Canary canary(Members body) {
    if (body.isNull("canary")) {
      return null;
    }
    Members terms = body.object("canary");
    if (terms == null) {
      return null;
    }
    Canary canary =
        new Canary(
            (int) terms.number("percent", 1, Canary.MOST_PERCENT, Canary.PERCENT),
            (int) terms.number("good", 1, Integer.MAX_VALUE, Canary.GOOD),
            (int) terms.number("bad", 1, Integer.MAX_VALUE, Canary.BAD));
    terms.end();
    return canary;
  }

  /// The values that both a new server and a change may have.
  private static PeerPatch values(Members body) {
    String route = body.text("route");
    if (route != null && route.length() > PeerSpec.MAX_ROUTE) {
      throw Problem.invalid(
          "\"route\" has " + route.length() + " bytes",
          body.place("route"),
          "at most " + PeerSpec.MAX_ROUTE);
    }
    return PeerPatch.NOTHING
        .withWeight(whole(body, "weight", 1))
        .withMaxConns(whole(body, "max_conns", 0))
        .withMaxFails(whole(body, "max_fails", 0))
        .withFailTimeout(body.millis("fail_timeout"))
        .withSlowStart(body.millis("slow_start"))
        .withDown(body.truth("down"))
        .withDrain(body.truth("drain"))
        .withRoute(route);
  }

  private static @Nullable Integer whole(Members body, String name, int least) {
    Long number = body.number(name, least, Integer.MAX_VALUE);
    return number == null ? null : number.intValue();
  }

  private List<PeerAddress> addresses(Members body, String server) {
    boolean resolve = Boolean.TRUE.equals(body.truth("resolve"));
    String service = body.text("service", "");
    boolean named = ServerAddress.isName(server);
    if (!service.isEmpty() && (!resolve || !named || server.indexOf(':') >= 0)) {
      throw Problem.invalid(
          "\"service\" is for a name without a port, with \"resolve\"", body.place("service"), "");
    }
    if (resolve && named && !resolves) {
      throw Problem.invalid(
          "no resolver is there for this upstream",
          body.place("resolve"),
          "resolver is a directive of the configuration; an upstream that is just being made has"
              + " one only afterwards");
    }
    try {
      if (server.isEmpty() || server.length() > LONGEST_ADDRESS) {
        throw new IllegalArgumentException("it has " + server.length() + " bytes");
      }
      return resolve && named
          ? List.of(ServerAddress.unresolved(server, service))
          : ServerAddress.lookUp(server);
    } catch (IllegalArgumentException e) {
      throw Problem.invalid(
          "\"" + server + "\" is not a server: " + e.getMessage(),
          body.place("server"),
          "10.0.0.1:8080, [::1]:8080, name:8080 or unix:/path");
    }
  }
}
