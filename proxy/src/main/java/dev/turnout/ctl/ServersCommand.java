package dev.turnout.ctl;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `servers`: those of one upstream.
@Command(
    name = "servers",
    description = "Lists, adds, changes, drains and removes the servers of an upstream.",
    synopsisSubcommandLabel = "(list | add | set | drain | remove)")
final class ServersCommand {
  private static final String UPSTREAM = "The upstream.";
  private static final String SERVER = "The server: its number, or its address as it was written.";
  private static final String LONGEST_POLL = "55s";

  private final Ctl ctl;

  ServersCommand(Ctl ctl) {
    this.ctl = ctl;
  }

  /// What a server may be told.
  static final class Values {
    @Option(names = "--weight", paramLabel = "N", description = "Its share of the requests.")
    private @Nullable Long weight;

    @Option(names = "--max-conns", paramLabel = "N", description = "Requests at once; 0: any.")
    private @Nullable Long maxConns;

    @Option(names = "--max-fails", paramLabel = "N", description = "Failures that take it out.")
    private @Nullable Long maxFails;

    @Option(
        names = "--fail-timeout",
        paramLabel = "TIME",
        description = "In what time they count, and how long it is out.")
    private @Nullable String failTimeout;

    @Option(
        names = "--slow-start",
        paramLabel = "TIME",
        description = "How long it takes to its full share.")
    private @Nullable String slowStart;

    @Option(names = "--route", paramLabel = "NAME", description = "Its name in sticky sessions.")
    private @Nullable String route;

    @Option(names = "--down", negatable = true, description = "It takes no requests.")
    private @Nullable Boolean down;

    Map<String, Object> fields() {
      Map<String, Object> fields = new LinkedHashMap<>();
      put(fields, "weight", weight);
      put(fields, "max_conns", maxConns);
      put(fields, "max_fails", maxFails);
      put(fields, "fail_timeout", failTimeout);
      put(fields, "slow_start", slowStart);
      put(fields, "route", route);
      put(fields, "down", down);
      return fields;
    }

    private static void put(Map<String, Object> fields, String name, @Nullable Object value) {
      if (value != null) {
        fields.put(name, value);
      }
    }
  }

  /// On what terms a new server has to prove itself.
  static final class CanaryTerms {
    @Option(
        names = "--canary",
        required = true,
        paramLabel = "PERCENT",
        description = "A share of the requests, such as 5, until it has proved itself.")
    private long percent;

    @Option(
        names = "--canary-good",
        paramLabel = "N",
        description = "So many good answers, and it is like the others; otherwise 100.")
    private @Nullable Long good;

    @Option(
        names = "--canary-bad",
        paramLabel = "N",
        description = "So many bad ones, and it is removed; otherwise 1.")
    private @Nullable Long bad;

    Map<String, Object> fields() {
      Map<String, Object> fields = new LinkedHashMap<>();
      fields.put("percent", percent);
      Values.put(fields, "good", good);
      Values.put(fields, "bad", bad);
      return fields;
    }
  }

  @Command(name = "list", description = "Lists the servers and how they are.")
  int list(@Parameters(paramLabel = "UPSTREAM", description = UPSTREAM) String upstream) {
    Answer answer = ctl.get(servers(upstream));
    return ctl.isJson() ? ctl.printJson(answer) : ctl.print(table(answer).toString());
  }

  static Table table(Answer servers) {
    Table table = new Table(">ID", "SERVER", "STATE", ">ACTIVE", ">REQUESTS", ">FAILS", "OPTIONS");
    for (Answer server : servers.list()) {
      Answer live = server.get("live");
      table.row(
          server.number("id"),
          server.text("server"),
          live.isThere() ? live.text("state") : "-",
          live.number("active"),
          live.number("requests"),
          live.number("fails"),
          ChangeText.options(server).strip());
    }
    return table;
  }

  @Command(name = "add", description = "Adds a server.")
  int add(
      @Parameters(paramLabel = "UPSTREAM", description = UPSTREAM) String upstream,
      @Parameters(
              paramLabel = "ADDRESS",
              description = "10.0.0.1:8080, [::1]:8080, name:8080 or unix:/path.")
          String address,
      @ArgGroup(exclusive = false) @Nullable Values values,
      @Option(names = "--backup", description = "Only for when no other server can.")
          boolean backup,
      @Option(names = "--resolve", description = "Follow what name servers say.") boolean resolve,
      @ArgGroup(exclusive = false) @Nullable CanaryTerms canary) {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("server", address);
    if (values != null) {
      body.putAll(values.fields());
    }
    if (backup) {
      body.put("backup", true);
    }
    if (resolve) {
      body.put("resolve", true);
    }
    if (canary != null) {
      body.put("canary", canary.fields());
    }
    return ctl.printChange(ctl.change("POST", servers(upstream), body, ctl.reasons()));
  }

  @Command(name = "set", description = "Changes values of a server; the others stay.")
  int set(
      @Parameters(paramLabel = "UPSTREAM", description = UPSTREAM) String upstream,
      @Parameters(paramLabel = "SERVER", description = SERVER) String server,
      @ArgGroup(exclusive = false) @Nullable Values values,
      @Option(names = "--address", paramLabel = "ADDRESS", description = "Where it is from now on.")
          @Nullable String address,
      @Option(names = "--trust", description = "A canary need not prove itself any more.")
          boolean trust) {
    Map<String, @Nullable Object> body = new LinkedHashMap<>();
    if (values != null) {
      body.putAll(values.fields());
    }
    if (trust) {
      body.put("canary", null);
    }
    if (address != null) {
      body.put("server", address);
    }
    if (body.isEmpty()) {
      throw new CtlException(Exit.USAGE, "it is not said what is to be changed of the server");
    }
    return ctl.printChange(ctl.change("PATCH", server(upstream, server), body, ctl.reasons()));
  }

  @Command(
      name = "drain",
      description = "Gives a server no new requests, and waits for those that it has.")
  int drain(
      @Parameters(paramLabel = "UPSTREAM", description = UPSTREAM) String upstream,
      @Parameters(paramLabel = "SERVER", description = SERVER) String server,
      @Option(
              names = "--deadline",
              paramLabel = "TIME",
              description = "After this it is over in any case, such as 30s.")
          @Nullable String deadline,
      @Option(
              names = "--then",
              paramLabel = "remove|down|keep",
              defaultValue = "keep",
              description = "What becomes of it then.")
          String then,
      @Option(names = "--no-wait", description = "Do not wait for the end.") boolean noWait) {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("then", then);
    if (deadline != null) {
      body.put("deadline", deadline);
    }
    if (ctl.isDryRun()) {
      throw new CtlException(Exit.USAGE, "a drain cannot be tried: it is no single change");
    }
    Answer drain = ctl.change("POST", server(upstream, server) + "/drain", body, ctl.reasons());
    while (!noWait && !drain.is("over")) {
      if (!ctl.isJson()) {
        ctl.print(progress(drain));
        ctl.out().flush();
      }
      drain = ctl.get("/drains/" + Ctl.segment(drain.text("id")) + "?wait=" + LONGEST_POLL);
    }
    return ctl.isJson() ? ctl.printJson(drain) : ctl.print(progress(drain));
  }

  private static String progress(Answer drain) {
    StringBuilder text = new StringBuilder();
    text.append("drain ").append(drain.text("id")).append(" of server ");
    text.append(drain.number("server")).append(" (").append(drain.text("address")).append("): ");
    text.append(drain.text("phase"));
    if (!drain.is("over")) {
      text.append(", ").append(drain.number("active")).append(" requests");
      if (drain.get("oldest_ms").isThere()) {
        text.append(", the oldest for ").append(drain.number("oldest_ms") / 1000).append(" s");
      }
      if (drain.get("sessions").isThere()) {
        text.append(", ").append(drain.number("sessions")).append(" sessions");
      }
    } else if (drain.is("deadline_reached")) {
      text.append(" at the deadline, with ").append(drain.number("active")).append(" requests");
    }
    return text.append('\n').toString();
  }

  @Command(name = "remove", description = "Removes servers; requests that they have end in peace.")
  int remove(
      @Parameters(paramLabel = "UPSTREAM", description = UPSTREAM) String upstream,
      @Parameters(arity = "1..*", paramLabel = "SERVER", description = SERVER)
          List<String> servers) {
    List<Map<String, Object>> operations = new ArrayList<>();
    for (String one : servers) {
      operations.add(Map.of("op", "remove_server", "upstream", upstream, "id", id(upstream, one)));
    }
    Map<String, Object> body = new LinkedHashMap<>(ctl.reasons());
    body.put("operations", operations);
    return ctl.printChange(ctl.change("POST", "/changes", body, Map.of()));
  }

  private static String servers(String upstream) {
    return "/upstreams/" + Ctl.segment(upstream) + "/servers";
  }

  private String server(String upstream, String server) {
    return servers(upstream) + "/" + id(upstream, server);
  }

  /// The number of a server that is named by its number or its address.
  private long id(String upstream, String server) {
    if (server.matches("\\d{1,18}")) {
      return Long.parseLong(server);
    }
    List<Answer> found =
        ctl.get(servers(upstream)).list().stream()
            .filter(one -> one.text("server").equals(server) || one.text("address").equals(server))
            .toList();
    return switch (found.size()) {
      case 1 -> found.getFirst().number("id");
      case 0 ->
          throw new CtlException(
              Exit.NOT_FOUND, "upstream \"" + upstream + "\" has no server " + server);
      default ->
          throw new CtlException(
              Exit.USAGE,
              found.size()
                  + " servers are "
                  + server
                  + ": say which by its number, "
                  + String.join(" or ", found.stream().map(one -> one.text("id")).toList()));
    };
  }
}
