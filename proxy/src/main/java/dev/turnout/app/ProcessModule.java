package dev.turnout.app;

import static dev.turnout.config.Context.EVENTS;
import static dev.turnout.config.Context.MAIN;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Context;
import dev.turnout.config.Directive;
import dev.turnout.config.DirectiveRegistry;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.config.Units;
import dev.turnout.http.CoreModule;
import dev.turnout.net.Accounts;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The directives of the main context and of `events`: the process itself.
final class ProcessModule {
  static final Setting<Integer> WORKERS = Setting.of("worker_processes", 1);
  static final Setting<Boolean> DAEMON = Setting.of("daemon", true);
  static final Setting<String> PID = Setting.of("pid", "logs/nginx.pid");
  static final Setting<@Nullable User> USER = Setting.of("user", null);
  static final Setting<Long> SHUTDOWN_TIMEOUT = Setting.of("worker_shutdown_timeout", 0L);
  static final Setting<@Nullable Integer> PRIORITY = Setting.of("worker_priority", null);
  static final Setting<@Nullable Integer> OPEN_FILES = Setting.of("worker_rlimit_nofile", null);
  static final Setting<Integer> CONNECTIONS = Setting.local("worker_connections", 512);
  static final Setting<@Nullable String> USE = Setting.local("use", null);

  private static final Setting<Boolean> MASTER = Setting.of("master_process", true);
  private static final Setting<Boolean> PCRE_JIT = Setting.of("pcre_jit", false);
  private static final Setting<Boolean> ACCEPT_MUTEX = Setting.local("accept_mutex", false);
  private static final Setting<Boolean> MULTI_ACCEPT = Setting.local("multi_accept", false);

  /// `user name [group]`, as the machine knows them.
  record User(Accounts.User account, int group) {}

  private ProcessModule() {}

  static void register(DirectiveRegistry directives, CoreModule core) {
    directives
        .directive("events")
        .in(MAIN)
        .block(EVENTS, (_, _) -> {})
        .summary("How connections are processed.");
    directives.finisher(main -> {
      if (main.children(Context.EVENTS).isEmpty()) {
        throw ConfigException.withoutPosition("no \"events\" section in configuration");
      }
    });
    directives
        .directive("worker_processes")
        .in(MAIN)
        .read(ProcessModule::workers)
        .syntax("number | auto")
        .defaultText("1")
        .summary("How many event loops there are; `auto` is one for each core.")
        .differs("Loops are threads of one process; their number is fixed at start.");
    directives
        .directive("daemon")
        .in(MAIN)
        .flag(DAEMON)
        .defaultText("on")
        .summary("The program goes to the background once it serves requests.");
    directives
        .directive("master_process")
        .in(MAIN)
        .flag(MASTER)
        .defaultText("on")
        .summary("Accepted: there is one process.");
    directives
        .directive("pid")
        .in(MAIN)
        .read((d, scope) -> scope.set(PID, d.argument(0)))
        .syntax("file")
        .defaultText("logs/nginx.pid")
        .summary("The file that holds the process id.");
    directives
        .directive("user")
        .in(MAIN)
        .arguments(1, 2)
        .read(ProcessModule::user)
        .syntax("user [group]")
        .defaultText("the user that starts the program")
        .summary("The user that the event loops run as, if the program is started by root.")
        .differs("Without it the loops run as the user that starts the program, not as nobody.");
    directives
        .directive("error_log")
        .in(MAIN)
        .atLeast(1)
        .repeatable()
        .read(core::mainErrorLog)
        .syntax("file | stderr | syslog:... [level]")
        .defaultText("logs/error.log error")
        .summary("Where errors are told, and from which level on.");
    directives
        .directive("worker_shutdown_timeout")
        .in(MAIN)
        .time(SHUTDOWN_TIMEOUT)
        .summary(
            "How long a graceful shutdown, or a reload, waits for connections before it cuts them.");
    directives
        .directive("worker_rlimit_nofile")
        .in(MAIN)
        .read((d, scope) ->
            scope.set(
                OPEN_FILES,
                (int)
                    Units.number(d.argument(0))
                        .orElseThrow(() -> ConfigException.directive(d, "invalid number"))))
        .syntax("number")
        .summary("The most files that the process may have open.");
    directives
        .directive("worker_priority")
        .in(MAIN)
        .read(ProcessModule::priority)
        .syntax("number")
        .defaultText("that of the program")
        .summary("The nice value of the event loops; one with a lower number goes before others.")
        .differs("The loops alone get it: what writes logs and makes changes keeps its own.");
    LoadModule.register(directives);
    accepted(directives);
    events(directives);
  }

  private static void accepted(DirectiveRegistry directives) {
    directives
        .directive("pcre_jit")
        .in(MAIN)
        .flag(PCRE_JIT)
        .summary("Accepted: expressions are compiled by the Java virtual machine.");
    for (String name :
        List.of(
            "worker_cpu_affinity",
            "timer_resolution",
            "lock_file",
            "working_directory",
            "worker_rlimit_core",
            "debug_points")) {
      directives
          .directive(name)
          .in(MAIN)
          .atLeast(1)
          .read((_, _) -> {})
          .syntax("...")
          .summary("Accepted: there is nothing it could change here.");
    }
    directives
        .directive("env")
        .in(MAIN)
        .repeatable()
        .read((_, _) -> {})
        .syntax("variable[=value]")
        .summary("Accepted: the environment is the program's own.");
  }

  private static void events(DirectiveRegistry directives) {
    directives
        .directive("worker_connections")
        .in(EVENTS)
        .number(CONNECTIONS, 1, Integer.MAX_VALUE)
        .defaultText("512")
        .summary("How many client connections each event loop holds; more are closed at once.");
    directives
        .directive("use")
        .in(EVENTS)
        .read((d, scope) -> scope.set(USE, d.argument(0)))
        .syntax("epoll | io_uring | nio")
        .defaultText("epoll where it is to be had, else nio")
        .summary("How sockets are driven.");
    directives
        .directive("accept_mutex")
        .in(EVENTS)
        .flag(ACCEPT_MUTEX)
        .summary("Accepted: one loop accepts for each address and gives to all in turn.");
    directives
        .directive("multi_accept")
        .in(EVENTS)
        .flag(MULTI_ACCEPT)
        .summary("Accepted: what waits is accepted in batches.");
    directives
        .directive("accept_mutex_delay")
        .in(EVENTS)
        .time(Setting.of("accept_mutex_delay", 500L))
        .summary("Accepted: there is nothing it could change here.");
    directives
        .directive("worker_aio_requests")
        .in(EVENTS)
        .number(Setting.of("worker_aio_requests", 32L), 0, Long.MAX_VALUE)
        .summary("Accepted: there is nothing it could change here.");
  }

  /// Without the right to become another, whom it names is no matter.
  private static void user(Directive d, Scope scope) {
    if (!System.getProperty("user.name").equals("root")) {
      scope.warn(
          d,
          "the \"user\" directive makes sense only if the master process runs with super-user"
              + " privileges, ignored");
      return;
    }
    Accounts accounts = Accounts.ofSystem();
    int last = d.argumentCount() - 1;
    try {
      Accounts.User account =
          accounts.user(d.argument(0)).orElseThrow(() -> unknown(d, 0, "getpwnam"));
      int group = accounts.group(d.argument(last)).orElseThrow(() -> unknown(d, last, "getgrnam"));
      scope.set(USER, new User(account, group));
    } catch (IOException e) {
      throw ConfigException.at(d, "the accounts of this machine cannot be read: " + e.getMessage());
    }
  }

  private static ConfigException unknown(Directive d, int i, String call) {
    return ConfigException.at(d, i, call + "(\"" + d.argument(i) + "\") failed");
  }

  private static void workers(Directive d, Scope scope) {
    String word = d.argument(0);
    if (word.equals("auto")) {
      scope.set(WORKERS, Runtime.getRuntime().availableProcessors());
      return;
    }
    long number =
        Units.number(word).orElseThrow(() -> ConfigException.directive(d, "invalid value"));
    if (number < 1 || number > 1024) {
      throw ConfigException.directive(d, "invalid value");
    }
    scope.set(WORKERS, (int) number);
  }

  private static void priority(Directive d, Scope scope) {
    String word = d.argument(0);
    boolean negative = word.startsWith("-");
    long number =
        Units.number(negative || word.startsWith("+") ? word.substring(1) : word)
            .orElseThrow(() -> ConfigException.directive(d, "invalid number"));
    // The kernel's range, to which setpriority() brings every number.
    scope.set(PRIORITY, Math.clamp(negative ? -number : number, -20, 19));
  }
}
