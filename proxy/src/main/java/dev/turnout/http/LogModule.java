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
import dev.turnout.config.Units;
import dev.turnout.log.Syslog;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// `log_format` and `access_log`: a line for each request.
public final class LogModule implements HttpModule {
  private static final Setting<List<Log>> LOGS = Setting.listOf("access_log");
  private static final Setting<Boolean> SAID = Setting.of("access_log is there", false);
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
        .syntax("path [format [buffer=size] [flush=time] [if=condition]] | off")
        .defaultText("logs/access.log combined")
        .summary("Where requests are logged, or `off`.")
        .differs(
            "Compressed logs and variables in the path are refused. Lines reach the file within"
                + " about ten milliseconds where no buffer is asked for.");
    http.directive("open_log_file_cache")
        .in(HTTP, SERVER, LOCATION)
        .atLeast(1)
        .read((_, _) -> {})
        .syntax("off | max=N [inactive=time] [min_uses=N] [valid=time]")
        .defaultText("off")
        .summary("Accepted: it is about logs with variables in their path, which are refused.");
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
    Place place = target.startsWith("syslog:") ? syslog(d, parameters) : file(d, scope, parameters);
    scope.append(LOGS, new Log(place, format, parameters.condition()));
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

  private record Parameters(int hold, Duration flush, Template condition) {}

  private Parameters parameters(Directive d) {
    int hold = 0;
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
        throw ConfigException.at(d, i, "the \"gzip\" parameter of \"access_log\" is not supported");
      } else {
        throw ConfigException.at(d, i, "invalid parameter \"" + word + "\"");
      }
    }
    if (!flush.isZero() && hold == 0) {
      throw ConfigException.at(d, "no buffer is defined for access_log \"" + d.argument(0) + "\"");
    }
    return new Parameters(hold, flush, condition);
  }

  private Place syslog(Directive d, Parameters parameters) {
    if (parameters.hold() != 0) {
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
    if (path.indexOf('$') >= 0) {
      throw ConfigException.at(d, 0, "variables in the path of \"access_log\" are not supported");
    }
    AccessLogFile file = open(CoreModule.path(scope, path));
    if (parameters.hold() != 0 && !file.hold(parameters.hold(), parameters.flush())) {
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
    return exchange -> {
      for (Log log : all) {
        write(exchange, log);
      }
    };
  }

  private void write(Exchange exchange, Log log) {
    if (!log.wants(exchange)) {
      return;
    }
    int worker = exchange.worker().index();
    ByteSink line = lines[worker].clear();
    log.format().appendTo(exchange, line);
    switch (log.place()) {
      case Place.ToFile(AccessLogFile file) -> file.append(worker, line.append('\n'));
      case Place.ToSyslog(Syslog syslog) -> syslog.send(Arrays.copyOf(line.bytes(), line.length()));
    }
  }
}
