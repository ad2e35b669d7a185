package dev.turnout.ctl;

import dev.turnout.json.Json;
import dev.turnout.json.JsonText;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/// `turnout ctl`: what all commands have, and how they ask.
@Command(
    name = "turnout ctl",
    description = "Shows and changes the upstreams of a running node through its control API.",
    subcommands = {
      UpstreamsCommand.class,
      ServersCommand.class,
      SwitchCommand.class,
      ChangesCommand.class,
      HistoryCommand.class,
      RestoreCommand.UndoCommand.class,
      RestoreCommand.class,
      StateCommand.class,
      EventsCommand.class,
      TopCommand.class,
      AuditCommand.class,
      CompletionCommand.class,
      ManCommand.class
    })
final class Ctl implements Runnable {
  static final String STANDARD_URL = "http://127.0.0.1:8090/control";

  private final CommandLine line;
  private final Map<String, String> environment;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      scope = ScopeType.INHERIT,
      description = "Show what there is, and end.")
  @SuppressWarnings("UnusedVariable") // picocli reads it
  private boolean help;

  @Option(
      names = "--url",
      paramLabel = "URL",
      scope = ScopeType.INHERIT,
      description =
          "Where the control API is: http://HOST[:PORT]/LOCATION or unix:/SOCKET:/LOCATION."
              + " Otherwise what TURNOUT_CTL_URL says, or "
              + STANDARD_URL
              + ".")
  private @Nullable String url;

  @Option(
      names = "--key-file",
      paramLabel = "FILE",
      scope = ScopeType.INHERIT,
      description =
          "A file with the key to show, NAME.SECRET, which only its owner may read. Otherwise the"
              + " file that TURNOUT_CTL_KEY_FILE names.")
  private @Nullable Path keyFile;

  @Option(
      names = "--json",
      scope = ScopeType.INHERIT,
      description = "Print the API's answers as they are.")
  private boolean json;

  @Option(
      names = "--who",
      paramLabel = "NAME",
      scope = ScopeType.INHERIT,
      description = "Who makes the change, beside what the node knows of that.")
  private @Nullable String who;

  @Option(
      names = "--why",
      paramLabel = "TEXT",
      scope = ScopeType.INHERIT,
      description = "Why the change is made; the history keeps it.")
  private @Nullable String why;

  @Option(
      names = "--if-revision",
      paramLabel = "NUMBER",
      scope = ScopeType.INHERIT,
      description = "Change only if this is still the revision in force.")
  private @Nullable Long ifRevision;

  @Option(
      names = "--dry-run",
      scope = ScopeType.INHERIT,
      description = "Tell what the change would do, and do not make it.")
  private boolean dryRun;

  @Option(
      names = "--force",
      scope = ScopeType.INHERIT,
      description = "Make the change even if a guard asks back.")
  private boolean force;

  Ctl(Map<String, String> environment) {
    this.environment = environment;
    this.line = new CommandLine(this, new Factory(this));
  }

  /// Commands are made with what they belong to.
  private record Factory(Ctl ctl) implements CommandLine.IFactory {
    @Override
    public <K> K create(Class<K> type) throws Exception {
      for (var constructor : type.getDeclaredConstructors()) {
        if (constructor.getParameterCount() == 1
            && constructor.getParameterTypes()[0] == Ctl.class) {
          return type.cast(constructor.newInstance(ctl));
        }
      }
      return CommandLine.defaultFactory().create(type);
    }
  }

  CommandLine line() {
    return line;
  }

  @Override
  public void run() {
    throw new CommandLine.ParameterException(line, "which command?");
  }

  PrintWriter out() {
    return line.getOut();
  }

  boolean isJson() {
    return json;
  }

  boolean isDryRun() {
    return dryRun;
  }

  Map<String, String> environment() {
    return environment;
  }

  private Client client() {
    String said = url != null ? url : environment.getOrDefault("TURNOUT_CTL_URL", STANDARD_URL);
    try {
      return new Client(Endpoint.parse(said), key());
    } catch (IllegalArgumentException e) {
      throw new CtlException(Exit.USAGE, "\"" + said + "\" is not a URL: " + e.getMessage());
    }
  }

  private String key() {
    Path file = keyFile;
    if (file == null) {
      String named = environment.getOrDefault("TURNOUT_CTL_KEY_FILE", "");
      if (named.isEmpty()) {
        return "";
      }
      file = Path.of(named);
    }
    try {
      String key = Files.readString(file).strip();
      if (key.isEmpty() || key.chars().anyMatch(c -> c <= ' ' || c > '~')) {
        throw new CtlException(Exit.USAGE, file + " does not hold one key, NAME.SECRET");
      }
      return key;
    } catch (IOException e) {
      throw new CtlException(Exit.USAGE, "the key cannot be read: " + e);
    }
  }

  // ---- asking

  static String segment(String name) {
    return URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
  }

  /// The answer to a question.
  Answer get(String target) {
    return ask("GET", target, null, Map.of());
  }

  /// The answer to a change, under the conditions of the command line.
  ///
  /// @param arguments more of the query
  Answer change(
      String method, String target, @Nullable Object body, Map<String, String> arguments) {
    Map<String, String> query = new LinkedHashMap<>(arguments);
    if (dryRun) {
      query.put("dry_run", "1");
    }
    if (force) {
      query.put("force", "1");
    }
    Map<String, String> fields =
        ifRevision == null ? Map.of() : Map.of("If-Match", "\"" + ifRevision + "\"");
    return ask(
        method,
        target + query(query),
        body == null ? null : JsonText.of(out -> JsonText.write(out, body)),
        fields);
  }

  /// `who` and `why`, for changes that have them in the query.
  Map<String, String> reasons() {
    Map<String, String> reasons = new LinkedHashMap<>();
    if (who != null) {
      reasons.put("who", who);
    }
    if (why != null) {
      reasons.put("why", why);
    }
    return reasons;
  }

  static String query(Map<String, String> arguments) {
    return arguments.isEmpty()
        ? ""
        : arguments.entrySet().stream()
            .map(one -> one.getKey() + "=" + segment(one.getValue()))
            .collect(Collectors.joining("&", "?", ""));
  }

  private Answer ask(
      String method, String target, @Nullable String body, Map<String, String> fields) {
    Client.Reply reply;
    try {
      reply = client().ask(method, target, body, fields);
    } catch (IOException | RuntimeException e) {
      throw unreachable(e);
    }
    Answer answer = answer(reply.status(), reply.body());
    if (reply.status() >= 400) {
      throw refused(reply.status(), answer, reply.body());
    }
    return answer;
  }

  /// A stream of the API.
  Client.Stream stream(String target, Map<String, String> fields) {
    Client.Stream stream;
    try {
      stream = client().stream(target, fields);
    } catch (IOException | RuntimeException e) {
      throw unreachable(e);
    }
    if (stream.status() < 400) {
      return stream;
    }
    try (stream) {
      String body = new String(stream.body().readAllBytes(), StandardCharsets.UTF_8);
      throw refused(stream.status(), answer(stream.status(), body), body);
    } catch (IOException e) {
      throw unreachable(e);
    }
  }

  CtlException unreachable(Exception e) {
    if (e instanceof CtlException known) {
      return known;
    }
    String said = url != null ? url : environment.getOrDefault("TURNOUT_CTL_URL", STANDARD_URL);
    return new CtlException(
        Exit.UNREACHABLE,
        "no answer from " + said + ": " + (e.getMessage() == null ? e : e.getMessage()));
  }

  private static Answer answer(int status, String body) {
    try {
      return Answer.parse(body);
    } catch (Json.Malformed _) {
      if (status >= 400) {
        return Answer.NONE; // said in words, by what stands before the API
      }
      throw new CtlException(Exit.UNREACHABLE, "what answers there is no control API");
    }
  }

  private CtlException refused(int status, Answer answer, String body) {
    Answer error = answer.get("error");
    if (json && error.isThere()) {
      return CtlException.document(Exit.of(status, error.text("code")), body.strip());
    }
    StringBuilder text = new StringBuilder();
    text.append(error.isThere() ? error.text("message") : status + " " + firstLine(body));
    String where = error.text("where");
    if (!where.isEmpty() && !where.equals("path")) {
      text.append("\n  at ").append(where);
    }
    if (!error.text("hint").isEmpty()) {
      text.append("\n  ").append(error.text("hint").replace("?force=1", "--force"));
    }
    if (error.number("revision") > 0) {
      text.append("\n  the revision in force is ").append(error.number("revision"));
    }
    return new CtlException(Exit.of(status, error.text("code")), text.toString());
  }

  private static String firstLine(String body) {
    return body.strip().lines().findFirst().map(Table::printable).orElse("");
  }

  /// Prints an answer as it is.
  int printJson(Answer answer) {
    out().println(JsonText.of(out -> JsonText.write(out, answer.value())));
    return Exit.DONE;
  }

  /// Tells what a change has come to.
  int printChange(Answer answer) {
    return json ? printJson(answer) : print(ChangeText.of(answer));
  }

  int print(String text) {
    out().print(text);
    return Exit.DONE;
  }
}
