package dev.turnout.http;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LIMIT_EXCEPT;
import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.LOCATION_IF;
import static dev.turnout.config.Context.SERVER;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.config.TemplateText;
import dev.turnout.config.Units;
import dev.turnout.log.LogBuffer;
import dev.turnout.log.LogDirectory;
import dev.turnout.log.NamedLogs;
import dev.turnout.log.Syslog;
import dev.turnout.net.Worker;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// `log_format` and `access_log`: a line for each request.
public final class LogModule implements HttpModule {
  private static final Setting<List<Log>> LOGS = Setting.listOf("access_log");
  private static final Setting<Boolean> SAID = Setting.of("access_log is there", false);
  private static final Setting<@Nullable NamedLogs> NAMED = Setting.of("open_log_file_cache", null);
  private static final int USUAL_HOLD = 64 * 1024;
  private static final String STANDARD = "combined";
  private static final List<String> COMBINED =
      List.of(
          "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent"
              + " \"$http_referer\" \"$http_user_agent\"");
  private static final int LINE = 1024;

  private final Map<String, LogFormat> formats = new HashMap<>();
  private final Map<String, AccessLogFile> files = new HashMap<>();
  private ByteSink[] lines = {};
  private @Nullable HttpRegistry http;

  /// Where a line goes.
  private sealed interface Place {
    record ToFile(AccessLogFile file) implements Place {}

    record ToSyslog(Syslog syslog) implements Place {}

    record ByName(Template path, LogDirectory directory) implements Place {}
  }

  /// One `access_log`.
  private record Log(Place place, LogFormat format, Template condition) {
    boolean wants(Exchange exchange) {
      if (condition.isEmpty()) {
        return true;
      }
      String value = condition.evaluate(exchange);
      return !value.isEmpty() && !value.equals("0");
    }

    boolean isNamed() {
      return place instanceof Place.ByName;
    }
  }

  @Override
  public void register(HttpRegistry http) {
    this.http = http;
    http.pending(
        new HttpRegistry.Pending() {
          @Override
          public void activate() {
            ByteSink[] made = new ByteSink[http.environment().workers().size()];
            Arrays.setAll(made, _ -> new ByteSink(new byte[LINE]));
            lines = made;
          }

          @Override
          public void abandon() {}
        });
    http.directive("log_format")
        .in(HTTP)
        .atLeast(2)
        .repeatable()
        .read(this::format)
        .syntax("name [escape=default|json|none] string ...")
        .defaultText("combined \"...\"")
        .summary("A form of access-log lines; the strings are written one after the other.");
    http.directive("access_log")
        .in(HTTP, SERVER, LOCATION, LOCATION_IF, LIMIT_EXCEPT)
        .atLeast(1)
        .repeatable()
        .read(this::accessLog)
        .syntax(
            "path [format [buffer=size] [gzip[=level]] [flush=time] [if=condition]] | syslog:... |"
                + " off")
        .defaultText("logs/access.log combined")
        .summary("Where requests are logged, or `off`.")
        .differs(
            "Where more than about a thousand lines a second come, they reach the file in batches,"
                + " within about ten milliseconds.");
    http.directive("open_log_file_cache")
        .in(HTTP, SERVER, LOCATION)
        .arguments(1, 4)
        .read(this::keeping)
        .syntax("off | max=N [inactive=time] [min_uses=N] [valid=time]")
        .defaultText("off")
        .summary("How many log files whose names have variables are kept open, and how long.");
    http.log(this::handler);
  }

  private HttpRegistry registry() {
    HttpRegistry there = http;
    if (there == null) {
      throw new IllegalStateException("the log module is not registered");
    }
    return there;
  }

  private void format(Directive d, Scope scope) {
    String name = d.argument(0);
    if (name.equals(STANDARD) || formats.containsKey(name)) {
      throw ConfigException.at(d, 0, "duplicate \"log_format\" name \"" + name + "\"");
    }
    int first = 1;
    LogFormat.Escape escape = LogFormat.Escape.DEFAULT;
    if (d.argument(1).startsWith("escape=")) {
      String kind = d.argument(1).substring("escape=".length());
      LogFormat.Escape named = LogFormat.escapeNamed(kind);
      if (named == null) {
        throw ConfigException.at(d, 1, "unknown log format escaping \"" + kind + "\"");
      }
      escape = named;
      first = 2;
    }
    formats.put(name, compiled(d, d.arguments().subList(first, d.argumentCount()), escape));
  }

  private LogFormat compiled(Directive d, List<String> strings, LogFormat.Escape escape) {
    try {
      return LogFormat.compile(strings, escape, registry().variables());
    } catch (IllegalArgumentException e) {
      throw ConfigException.at(d, String.valueOf(e.getMessage()));
    }
  }

  private LogFormat standard() {
    return formats.computeIfAbsent(
        STANDARD,
        _ -> LogFormat.compile(COMBINED, LogFormat.Escape.DEFAULT, registry().variables()));
  }

  private void accessLog(Directive d, Scope scope) {
    String target = d.argument(0);
    scope.set(SAID, true);
    if (target.equals("off")) {
      if (d.argumentCount() > 1) {
        throw ConfigException.at(d, 1, "invalid parameter \"" + d.argument(1) + "\"");
      }
      scope.set(LOGS, List.of());
      return;
    }
    LogFormat format = d.argumentCount() > 1 ? named(d) : standard();
    Parameters parameters = parameters(d);
    scope.append(LOGS, new Log(place(d, scope, parameters), format, parameters.condition()));
  }

  private LogFormat named(Directive d) {
    String name = d.argument(1);
    LogFormat format = name.equals(STANDARD) ? standard() : formats.get(name);
    if (format == null) {
      throw ConfigException.at(d, 1, "unknown log format \"" + name + "\"")
          .suggesting(name, formats.keySet());
    }
    return format;
  }

  private record Parameters(LogBuffer.Holding holding, Template condition) {}

  private Parameters parameters(Directive d) {
    int hold = 0;
    int level = 0;
    Duration flush = Duration.ZERO;
    Template condition = Template.empty();
    for (int i = 2; i < d.argumentCount(); i++) {
      String word = d.argument(i);
      String value = word.substring(word.indexOf('=') + 1);
      if (word.startsWith("buffer=")) {
        long size = Units.size(value).orElse(0);
        if (size <= 0 || size > Integer.MAX_VALUE) {
          throw ConfigException.at(d, i, "invalid buffer size \"" + value + "\"");
        }
        hold = (int) size;
      } else if (word.startsWith("flush=")) {
        long millis = Units.milliseconds(value).orElse(0);
        if (millis == 0) {
          throw ConfigException.at(d, i, "invalid flush time \"" + value + "\"");
        }
        flush = Duration.ofMillis(millis);
      } else if (word.startsWith("if=")) {
        condition = registry().template(d, i, value);
      } else if (word.equals("gzip") || word.startsWith("gzip=")) {
        level = word.equals("gzip") ? 1 : (int) Units.number(value).orElse(0);
        if (level < 1 || level > 9) {
          throw ConfigException.at(d, i, "invalid compression level \"" + value + "\"");
        }
        hold = hold == 0 ? USUAL_HOLD : hold;
      } else {
        throw ConfigException.at(d, i, "invalid parameter \"" + word + "\"");
      }
    }
    if (!flush.isZero() && hold == 0) {
      throw ConfigException.at(d, "no buffer is defined for access_log \"" + d.argument(0) + "\"");
    }
    return new Parameters(new LogBuffer.Holding(hold, flush, level), condition);
  }

  private void keeping(Directive d, Scope scope) {
    int most = 0;
    int uses = 1;
    Duration idle = Duration.ofSeconds(10);
    Duration valid = Duration.ofMinutes(1);
    boolean off = d.argumentCount() == 1 && d.argument(0).equals("off");
    for (int i = 0; !off && i < d.argumentCount(); i++) {
      String word = d.argument(i);
      String value = word.substring(word.indexOf('=') + 1);
      switch (word.substring(0, word.length() - value.length())) {
        case "max=" -> most = (int) positive(d, i, Units.number(value));
        case "min_uses=" -> uses = (int) positive(d, i, Units.number(value));
        case "inactive=" -> idle = Duration.ofSeconds(positive(d, i, Units.seconds(value)));
        case "valid=" -> valid = Duration.ofSeconds(positive(d, i, Units.seconds(value)));
        default -> throw invalidCache(d, i);
      }
    }
    if (most == 0 && !off) {
      throw ConfigException.at(d, "\"open_log_file_cache\" must have \"max\" parameter");
    }
    scope.set(NAMED, named(new NamedLogs.Keeping(most, idle, uses, valid)));
  }

  private NamedLogs named(NamedLogs.Keeping keeping) {
    NamedLogs made = registry().environment().logs().named(keeping);
    registry()
        .pending(
            new HttpRegistry.Pending() {
              @Override
              public void activate() {}

              @Override
              public void abandon() {
                made.close();
              }

              @Override
              public void retire() {
                made.close();
              }
            });
    return made;
  }

  private static long positive(Directive d, int i, OptionalLong value) {
    if (value.isEmpty() || value.getAsLong() <= 0 || value.getAsLong() > Integer.MAX_VALUE) {
      throw invalidCache(d, i);
    }
    return value.getAsLong();
  }

  private static ConfigException invalidCache(Directive d, int i) {
    return ConfigException.at(
        d, i, "invalid \"open_log_file_cache\" parameter \"" + d.argument(i) + "\"");
  }

  private Place place(Directive d, Scope scope, Parameters parameters) {
    String path = d.argument(0);
    if (path.startsWith("syslog:")) {
      return syslog(d, parameters);
    }
    if (TemplateText.parse(path).isLiteral()) {
      return file(d, scope, parameters);
    }
    if (parameters.holding().bytes() != 0) {
      throw ConfigException.at(d, "buffered logs cannot have variables in name");
    }
    String full = CoreModule.path(scope, path);
    return new Place.ByName(registry().template(d, 0, full), directory(full));
  }

  /// What the names of all files of this log begin with.
  private LogDirectory directory(String path) {
    int end = path.lastIndexOf('/', path.indexOf('$'));
    return end <= 0
        ? LogDirectory.UNKNOWN
        : registry().environment().logs().directory(path.substring(0, end));
  }

  private Place syslog(Directive d, Parameters parameters) {
    if (parameters.holding().bytes() != 0) {
      throw ConfigException.at(d, "logs to syslog cannot be buffered");
    }
    try {
      return new Place.ToSyslog(registry().environment().logs().syslog(d.argument(0)));
    } catch (IllegalArgumentException e) {
      throw ConfigException.at(d, 0, String.valueOf(e.getMessage()));
    }
  }

  private Place file(Directive d, Scope scope, Parameters parameters) {
    String path = d.argument(0);
    AccessLogFile file = open(CoreModule.path(scope, path));
    if (parameters.holding().bytes() != 0 && !file.hold(parameters.holding())) {
      throw ConfigException.at(
          d, 0, "access_log \"" + path + "\" already defined with conflicting parameters");
    }
    return new Place.ToFile(file);
  }

  private AccessLogFile open(String path) {
    AccessLogFile there = files.get(path);
    if (there != null) {
      return there;
    }
    HttpEnvironment environment = registry().environment();
    try {
      AccessLogFile made = new AccessLogFile(environment.logs().open(path), environment);
      files.put(path, made);
      registry().pending(made);
      return made;
    } catch (IOException e) {
      throw ConfigException.withoutPosition(String.valueOf(e.getMessage()));
    }
  }

  private @Nullable LogHandler handler(Scope scope) {
    List<Log> logs = scope.get(LOGS);
    if (!scope.get(SAID)) {
      Place place = new Place.ToFile(open(CoreModule.path(scope, "logs/access.log")));
      logs = List.of(new Log(place, standard(), Template.empty()));
    }
    if (logs.isEmpty()) {
      return null;
    }
    Log[] all = logs.toArray(new Log[0]);
    NamedLogs named = logs.stream().anyMatch(Log::isNamed) ? named(scope) : null;
    return exchange -> {
      for (Log log : all) {
        write(exchange, log, named);
      }
    };
  }

  private NamedLogs named(Scope scope) {
    NamedLogs said = scope.get(NAMED);
    return said == null ? named(NamedLogs.Keeping.NONE) : said;
  }

  private void write(Exchange exchange, Log log, @Nullable NamedLogs named) {
    if (!log.wants(exchange)) {
      return;
    }
    Worker worker = exchange.worker();
    ByteSink line = lines[worker.index()].clear();
    log.format().appendTo(exchange, line);
    switch (log.place()) {
      case Place.ToFile(AccessLogFile file) -> file.append(worker, line.append('\n'));
      case Place.ToSyslog(Syslog syslog) -> syslog.send(Arrays.copyOf(line.bytes(), line.length()));
      case Place.ByName(Template path, LogDirectory directory) -> {
        if (named != null) {
          byte[] bytes = Arrays.copyOf(line.append('\n').bytes(), line.length());
          named.append(directory, path.evaluate(exchange), RequestFile.root(exchange), bytes);
        }
      }
    }
  }
}
