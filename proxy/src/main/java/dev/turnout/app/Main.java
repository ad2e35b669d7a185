package dev.turnout.app;

import dev.turnout.admin.gate.KeyMaker;
import dev.turnout.cluster.Journal;
import dev.turnout.cluster.MemoryStateStore;
import dev.turnout.cluster.Revision;
import dev.turnout.cluster.ZoneRegistry;
import dev.turnout.cluster.file.FileJournal;
import dev.turnout.cluster.file.FileStateStore;
import dev.turnout.config.ConfigDump;
import dev.turnout.config.ConfigException;
import dev.turnout.config.ConfigLoadException;
import dev.turnout.config.ConfigReport;
import dev.turnout.config.ConfigWarning;
import dev.turnout.config.DirectiveReference;
import dev.turnout.config.FileNames;
import dev.turnout.control.ChangeWriter;
import dev.turnout.control.History;
import dev.turnout.http.HttpEnvironment;
import dev.turnout.http.proxy.ProxyLoops;
import dev.turnout.log.Errno;
import dev.turnout.log.ErrorLog;
import dev.turnout.log.Level;
import dev.turnout.log.LogFiles;
import dev.turnout.net.NettyLogging;
import dev.turnout.net.Posix;
import dev.turnout.net.PosixSignal;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// The program: reads the command line and the configuration, and then tests, signals, or runs.
public final class Main {
  private static final String DEFAULT_CONF = "conf/nginx.conf";
  private static final String DEFAULT_ERROR_LOG = "logs/error.log";

  private final CommandLine options;
  private final Path prefix;
  private final Path conf;
  private final String errorLog;

  private Main(CommandLine options) {
    this.options = options;
    this.prefix = FileNames.path(options.prefix().orElseGet(Main::home)).toAbsolutePath();
    this.conf = FileNames.path(options.conf().orElse(DEFAULT_CONF));
    this.errorLog = options.errorLog().orElse(DEFAULT_ERROR_LOG);
  }

  /// The directory that the program is installed in.
  private static String home() {
    return System.getProperty("turnout.home", ".");
  }

  /// Runs the program; its exit status is 0, or 1 with a message on the standard error.
  public static void main(String[] arguments) {
    if (arguments.length == 1 && arguments[0].equals("--build-info")) {
      System.out.print(BuildInfo.load().text());
      return;
    }
    if (arguments.length == 1 && arguments[0].equals("--directives")) {
      printReference();
      return;
    }
    if (arguments.length > 0 && arguments[0].equals("compat")) {
      System.exit(compare(arguments));
    }
    if (arguments.length > 0 && arguments[0].equals("--hash-key")) {
      System.exit(makeKey(arguments));
    }
    System.exit(runOrFail(arguments));
  }

  /// A bug of ours must not leave a process behind that has loops and listens to no signal.
  private static int runOrFail(String[] arguments) {
    try {
      return run(arguments);
    } catch (RuntimeException | Error bug) {
      bug.printStackTrace();
      return 1;
    }
  }

  private static int run(String[] arguments) {
    CommandLine options;
    try {
      options = CommandLine.parse(arguments);
    } catch (CommandLine.InvalidException e) {
      say("nginx: " + e.getMessage() + "\n" + e.hint());
      return 1;
    }
    if (options.help()) {
      say(BuildInfo.load().versionLine() + "\n" + CommandLine.USAGE);
      return 0;
    }
    if ((options.version() || options.configure()) && !options.test() && !options.dump()) {
      say(options.configure() ? BuildInfo.load().text() : BuildInfo.load().versionLine() + "\n");
      return 0;
    }
    Main program = new Main(options);
    if (options.signal().isPresent()) {
      return program.signal(options.signal().get());
    }
    return program.loadAndRun();
  }

  /// `--hash-key name role`: the line for a `management_keys` file on the standard output, and the
  /// key, which is nowhere else, on the standard error.
  private static int makeKey(String[] arguments) {
    if (arguments.length != 3) {
      say("usage: turnout --hash-key name role >> keys\n");
      return 1;
    }
    try {
      KeyMaker made = KeyMaker.make(arguments[1], arguments[2]);
      System.out.println(made.line());
      say("the key, which is shown only now: " + made.key() + "\n");
      return 0;
    } catch (IllegalArgumentException e) {
      say(e.getMessage() + "\n");
      return 1;
    }
  }

  private static int compare(String[] arguments) {
    try {
      return CompatCommand.run(arguments, System.out, System.err);
    } catch (IOException e) {
      say(e.getMessage() + "\n");
      return 2;
    }
  }

  /// Writes to the standard error; chars are bytes.
  private static void say(String text) {
    System.err.writeBytes(text.getBytes(StandardCharsets.ISO_8859_1));
    System.err.flush();
  }

  private static void printReference() {
    try (LogFiles logs = new LogFiles()) {
      Configuration.Outside process = process(logs, true, new CompletableFuture<>());
      PrintStream out = System.out;
      out.writeBytes(
          DirectiveReference.markdown(Configuration.directives(process))
              .getBytes(StandardCharsets.ISO_8859_1));
      out.flush();
    }
  }

  /// What a load of the configuration needs; the loops come later.
  static Configuration.Outside process(
      LogFiles logs, boolean testing, CompletableFuture<ProxyLoops> proxying) {
    Revision revision = new Revision();
    // a test must not touch the state of a node that runs
    History history = new History(revision);
    ZoneRegistry zones =
        new ZoneRegistry(
            testing ? (_, _) -> new MemoryStateStore() : FileStateStore::open, revision, history);
    HttpEnvironment environment = new HttpEnvironment(logs, zones);
    ChangeWriter writer =
        ChangeWriter.start(
            revision,
            history,
            environment.upstreams(),
            zones::find,
            () -> environment.workers().fence());
    return new Configuration.Outside(
        environment,
        proxying::join,
        writer,
        testing ? (_, _) -> Journal.none() : FileJournal::open);
  }

  private int loadAndRun() {
    NettyLogging.install();
    boolean testing = options.test() || options.dump();
    LogFiles logs = new LogFiles();
    CompletableFuture<ProxyLoops> proxying = new CompletableFuture<>();
    Configuration.Outside process = process(logs, testing, proxying);
    Configuration configuration;
    try {
      configuration = read(process);
    } catch (ConfigLoadException e) {
      return refused(logs, e);
    } catch (IOException e) {
      return failed(logs, "nginx: [emerg] " + e.getMessage());
    }
    if (!options.quiet() || !testing) {
      for (ConfigWarning warning : configuration.loaded().warnings()) {
        say(ConfigReport.warning(warning));
      }
    }
    try {
      if (testing) {
        return test(configuration, process, proxying);
      }
      boolean daemon = configuration.main().get(ProcessModule.DAEMON);
      if (daemon && !Daemon.isChild()) {
        logs.close();
        return Daemon.spawnAndAwaitReady();
      }
      if (daemon) {
        Daemon.childStarts();
      }
      for (ConfigWarning warning : configuration.loaded().warnings()) {
        configuration.log().log(warning.alert() ? Level.ALERT : Level.WARN, warning.located());
      }
      return new Running(this, configuration, process, proxying, daemon).run();
    } catch (ConfigException e) {
      return failed(logs, "nginx: [emerg] " + e.located());
    } catch (IOException | IllegalArgumentException e) {
      ErrorLog log = configuration.log();
      log.log(Level.EMERG, String.valueOf(e.getMessage()));
      logs.close();
      say("nginx: [emerg] " + e.getMessage() + "\n");
      return 1;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 1;
    }
  }

  /// Reads the configuration anew.
  Configuration read(Configuration.Outside process) throws IOException {
    return Configuration.read(conf, prefix, options.globals(), errorLog, process);
  }

  /// Why a load failed, in one line for the error log.
  static String oneLine(ConfigLoadException failure) {
    return failure.errors().getFirst().located();
  }

  private int refused(LogFiles logs, ConfigLoadException failure) {
    say(ConfigReport.of(failure));
    failure.errors().forEach(error -> note(logs, error.located()));
    if (options.test() || options.dump()) {
      say(ConfigReport.testFailed(confName()));
    }
    logs.close();
    return 1;
  }

  private int failed(LogFiles logs, String line) {
    say(line + "\n");
    note(logs, line.substring("nginx: [emerg] ".length()));
    if (options.test() || options.dump()) {
      say(ConfigReport.testFailed(confName()));
    }
    logs.close();
    return 1;
  }

  /// Tells a start that failed in the error log too, where there is one to be written.
  private void note(LogFiles logs, String message) {
    if (errorLog.equals("stderr")) {
      return;
    }
    try {
      var file = logs.open(prefix.resolve(FileNames.path(errorLog)).toString());
      new ErrorLog(logs, List.of(new ErrorLog.Target(file, Level.ERROR))).log(Level.EMERG, message);
      logs.flush();
    } catch (IOException _) {
      // the standard error has it
    }
  }

  private String confName() {
    return FileNames.name(conf.isAbsolute() ? conf : prefix.resolve(conf));
  }

  private int test(
      Configuration configuration,
      Configuration.Outside process,
      CompletableFuture<ProxyLoops> proxying)
      throws IOException {
    process.environment().testsOnly();
    Running.makeLoops(configuration, process, proxying);
    // what blocks say together, as two servers that listen alike, is judged here
    configuration.build(1, process.environment().workers().size()).abandon();
    if (!options.quiet()) {
      say(ConfigReport.syntaxOk(confName()));
      say(ConfigReport.testSuccessful(confName()));
    }
    if (options.dump()) {
      ConfigDump.write(configuration.loaded(), System.out);
      System.out.flush();
    }
    return 0;
  }

  /// `-s`: tells the process whose id is in the pid file.
  private int signal(CommandLine.Signal signal) {
    LogFiles logs = new LogFiles();
    Configuration.Outside process = process(logs, true, new CompletableFuture<>());
    Path pidFile;
    try {
      Configuration configuration = read(process);
      pidFile = pidFile(configuration);
    } catch (ConfigLoadException e) {
      return refused(logs, e);
    } catch (IOException e) {
      return failed(logs, "nginx: [emerg] " + e.getMessage());
    }
    String text;
    try {
      text = Files.readString(pidFile, StandardCharsets.ISO_8859_1).strip();
    } catch (IOException e) {
      return failed(
          logs, "nginx: [emerg] open() \"" + pidFile + "\" failed (" + Errno.describe(e) + ")");
    }
    try {
      Posix.kill(
          Long.parseLong(text),
          PosixSignal.commanded(signal.name().toLowerCase(java.util.Locale.ROOT))
              .orElseThrow(IllegalStateException::new));
      return 0;
    } catch (NumberFormatException _) {
      return failed(
          logs, "nginx: [emerg] invalid PID number \"" + text + "\" in \"" + pidFile + "\"");
    } catch (IOException e) {
      return failed(logs, "nginx: [emerg] " + e.getMessage());
    }
  }

  Path pidFile(Configuration configuration) {
    return prefix.resolve(FileNames.path(configuration.main().get(ProcessModule.PID)));
  }

  /// The name of the error log of the command line, for what the virtual machine itself may say.
  @Nullable String errorLogName() {
    return errorLog.equals("stderr") ? null : prefix.resolve(errorLog).toString();
  }
}
