package dev.turnout.app;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import dev.turnout.config.ConfigException;
import dev.turnout.config.ConfigLoadException;
import dev.turnout.config.Context;
import dev.turnout.config.Scope;
import dev.turnout.control.Candidate;
import dev.turnout.control.Listeners;
import dev.turnout.control.Node;
import dev.turnout.discovery.Followers;
import dev.turnout.http.HttpEnvironment;
import dev.turnout.http.PhaseEngine;
import dev.turnout.http.Product;
import dev.turnout.http.proxy.ProxyLoops;
import dev.turnout.log.Errno;
import dev.turnout.log.ErrorLog;
import dev.turnout.log.Level;
import dev.turnout.net.Accounts;
import dev.turnout.net.Posix;
import dev.turnout.net.PosixSignal;
import dev.turnout.net.Transport;
import dev.turnout.net.Workers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The life of the process once its configuration is read: it starts the node, does what signals
/// ask for, and ends. Its thread is the control thread.
final class Running {
  /// The shortest turn that Linux gives.
  private static final long LOOP_SLICE_NANOS = 100_000;

  private static final long LOOK_MILLIS = 20;

  private final Main program;
  private final Configuration first;
  private final Configuration.Outside process;
  private final CompletableFuture<ProxyLoops> proxying;
  private final boolean daemon;
  private final BlockingQueue<Asked> asked = new LinkedBlockingQueue<>();
  private int generation = 1;
  private @Nullable Integer priority;
  private long shutdownTimeout;
  private @Nullable Leaving leaving;

  /// What a signal asks for.
  private enum Asked {
    RELOAD,
    REOPEN,
    QUIT,
    STOP,
    RETIRE
  }

  /// A node that takes no more connections, and waits for those that it has.
  ///
  /// @param deadlineNanos when they are cut
  /// @param isBounded whether they are
  /// @param ends whether the process ends after that
  private record Leaving(long deadlineNanos, boolean isBounded, boolean ends) {
    static Leaving within(long millis, boolean ends) {
      return new Leaving(System.nanoTime() + MILLISECONDS.toNanos(millis), millis > 0, ends);
    }

    boolean isOverdue() {
      return isBounded && System.nanoTime() - deadlineNanos > 0;
    }
  }

  Running(
      Main program,
      Configuration first,
      Configuration.Outside process,
      CompletableFuture<ProxyLoops> proxying,
      boolean daemon) {
    this.program = program;
    this.first = first;
    this.process = process;
    this.proxying = proxying;
    this.daemon = daemon;
  }

  /// Makes the loops that a configuration asks for; they take no work yet.
  static Transport makeLoops(
      Configuration configuration,
      Configuration.Outside process,
      CompletableFuture<ProxyLoops> proxying) {
    Scope main = configuration.main();
    Transport transport = Transport.choose(events(main).get(ProcessModule.USE));
    Workers workers = Workers.start(transport, main.get(ProcessModule.WORKERS));
    process.environment().workers(workers);
    proxying.complete(new ProxyLoops(workers, process.environment().upstreams()));
    return transport;
  }

  private static Scope events(Scope main) {
    return main.children(Context.EVENTS).getFirst();
  }

  /// Runs until it is told to end; returns the exit status.
  int run() throws IOException, InterruptedException {
    String unlimited = limitOpenFiles();
    shutdownTimeout = first.main().get(ProcessModule.SHUTDOWN_TIMEOUT);
    Transport transport = makeLoops(first, process, proxying);
    HttpEnvironment environment = process.environment();
    Workers workers = environment.workers();
    Listeners listeners =
        new Listeners(
            workers,
            transport,
            new PhaseEngine(),
            environment.connections(),
            events(first.main()).get(ProcessModule.CONNECTIONS));
    Node node = new Node(workers, listeners);
    Candidate candidate = first.build(generation, workers.size());
    environment.logs().reportTo(candidate.log());
    notices(candidate.log(), transport, workers);
    if (unlimited != null) {
      candidate.log().log(Level.ALERT, unlimited);
    }
    node.start(candidate);
    // Not before: it takes 30 ms, and nobody knows whom to signal before the pid file is there.
    handleSignals(candidate.log());
    priority = first.main().get(ProcessModule.PRIORITY);
    schedule(workers, candidate.log());
    Path pidFile = program.pidFile(first);
    becomeUser();
    writePid(pidFile);
    if (daemon) {
      String errors = program.errorLogName();
      Daemon.childReady(errors == null ? "/dev/stderr" : errors);
    }
    serve(node);
    node.present().retire();
    Files.deleteIfExists(pidFile);
    node.present().log().log(Level.NOTICE, "exit");
    Followers.of(environment).close(); // they ask the writer
    process.control().close();
    process.writer().close();
    environment.upstreams().stopResolving();
    environment.zones().close();
    workers.close();
    environment.close(); // nobody changes anything any more
    environment.logs().close();
    return 0;
  }

  private void notices(ErrorLog log, Transport transport, Workers workers) {
    log.log(Level.NOTICE, "using the \"" + transport.label() + "\" event method");
    log.log(Level.NOTICE, Product.SERVER + " (turnout/" + Product.VERSION + ")");
    log.log(
        Level.NOTICE,
        "OS: " + System.getProperty("os.name") + " " + System.getProperty("os.version"));
    log.log(Level.NOTICE, "JVM: " + System.getProperty("java.vm.name") + " " + Runtime.version());
    log.log(Level.NOTICE, "start " + workers.size() + " worker loops");
  }

  /// Loops do little at a time for many: each asks for short turns, and so gets them soon. Waits
  /// for them, since a negative priority is root's to ask.
  private void schedule(Workers workers, ErrorLog log) {
    Integer wanted = priority;
    List<String> refused;
    try {
      int nice = wanted != null ? wanted : Posix.niceOfThisThread();
      refused = workers.schedule(nice, LOOP_SLICE_NANOS).toCompletableFuture().join();
    } catch (IOException e) {
      refused = List.of(String.valueOf(e.getMessage()));
    }
    Level level = wanted != null ? Level.ALERT : Level.INFO; // nobody asked for the short turns
    refused.forEach(refusal -> log.log(level, refusal));
  }

  /// As in nginx it is no reason not to start if that many are not allowed; says so.
  private @Nullable String limitOpenFiles() {
    Integer limit = first.main().get(ProcessModule.OPEN_FILES);
    if (limit != null) {
      try {
        Posix.limitOpenFiles(limit);
      } catch (IOException e) {
        return e.getMessage();
      }
    }
    return null;
  }

  /// Goes over to the configured user.
  private void becomeUser() throws IOException {
    ProcessModule.User wanted = first.main().get(ProcessModule.USER);
    if (wanted == null || wanted.account().uid() == 0) {
      return;
    }
    Accounts.User user = wanted.account();
    int group = wanted.group();
    HttpEnvironment environment = process.environment();
    Path state = environment.stateDirectory();
    if (state != null && Files.isDirectory(state)) {
      give(state, user, group);
      try (Stream<Path> files = Files.list(state)) {
        for (Path file : files.toList()) {
          give(file, user, group);
        }
      }
    }
    Posix.becomeUser(user, group, Accounts.ofSystem().groupsOf(user.name(), group));
    for (Path file : environment.zones().files()) {
      refuseIfFixed(file, user);
    }
  }

  /// What root has made, and the user is to change.
  private static void give(Path file, Accounts.User user, int group) throws IOException {
    Files.setAttribute(file, "unix:uid", user.uid());
    Files.setAttribute(file, "unix:gid", group);
  }

  /// A state that could not be changed later has to be known now.
  private static void refuseIfFixed(Path file, Accounts.User user) throws IOException {
    Path directory = file.toAbsolutePath().getParent();
    if (directory != null && !Files.isWritable(directory)) {
      throw new IOException(
          "state file \"%s\": user \"%s\" may not write to its directory"
              .formatted(file, user.name()));
    }
  }

  private static void writePid(Path file) throws IOException {
    try {
      Path aside = file.resolveSibling(file.getFileName() + ".new");
      Files.write(
          aside, (ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.ISO_8859_1));
      Files.move(
          aside,
          file,
          java.nio.file.StandardCopyOption.ATOMIC_MOVE,
          java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new IOException("open() \"" + file + "\" failed (" + Errno.describe(e) + ")", e);
    }
  }

  private void handleSignals(ErrorLog log) throws IOException {
    Map<PosixSignal, Runnable> reactions = new EnumMap<>(PosixSignal.class);
    reactions.put(PosixSignal.HUP, () -> asked.add(Asked.RELOAD));
    reactions.put(PosixSignal.USR1, () -> asked.add(Asked.REOPEN));
    reactions.put(PosixSignal.QUIT, () -> asked.add(Asked.QUIT));
    reactions.put(PosixSignal.TERM, () -> asked.add(Asked.STOP));
    reactions.put(PosixSignal.INT, () -> asked.add(Asked.STOP));
    reactions.put(PosixSignal.WINCH, () -> asked.add(Asked.RETIRE));
    reactions.put(
        PosixSignal.USR2,
        () -> log.log(Level.NOTICE, "signal USR2 received: changing binary is not supported"));
    Signals.handle(
        reactions, bug -> log.log(Level.ALERT, 0, "unexpected error in a signal handler", bug));
  }

  /// Does what is asked, until the process is to end. Nothing here waits for requests, so that a
  /// process that ends gracefully can still be stopped at once.
  private void serve(Node node) throws InterruptedException {
    while (true) {
      Asked next = leaving == null ? asked.take() : asked.poll(LOOK_MILLIS, MILLISECONDS);
      if (next == null) {
        if (hasLeft(node)) {
          return;
        }
        continue;
      }
      ErrorLog log = node.present().log();
      switch (next) {
        case RELOAD -> {
          log.log(Level.NOTICE, "signal 1 (SIGHUP) received, reconfiguring");
          if (leaving == null || !leaving.ends()) {
            reload(node);
          }
        }
        case REOPEN -> {
          log.log(Level.NOTICE, "signal 10 (SIGUSR1) received, reopening logs");
          process
              .environment()
              .logs()
              .reopen()
              .forEach(failure -> node.present().log().log(Level.EMERG, failure));
        }
        case QUIT -> {
          log.log(Level.NOTICE, "signal 3 (SIGQUIT) received, shutting down");
          log.log(Level.NOTICE, "gracefully shutting down");
          leave(node, true);
        }
        case RETIRE -> {
          log.log(Level.NOTICE, "signal 28 (SIGWINCH) received, taking no more connections");
          leave(node, leaving != null && leaving.ends());
        }
        case STOP -> {
          log.log(Level.NOTICE, "signal 15 (SIGTERM) received, exiting");
          node.abort();
          return;
        }
      }
    }
  }

  private void leave(Node node, boolean ends) {
    process.control().ending();
    node.stopListening();
    leaving = Leaving.within(shutdownTimeout, ends);
  }

  /// Whether the process is to end now: the last connection has ended, or its time is up.
  private boolean hasLeft(Node node) throws InterruptedException {
    Leaving now = leaving;
    if (now == null || (node.isBusy() && !now.isOverdue())) {
      return false;
    }
    leaving = null;
    node.abort();
    return now.ends();
  }

  private void reload(Node node) {
    int next = generation + 1;
    long patience = shutdownTimeout;
    AtomicReference<@Nullable Integer> wanted = new AtomicReference<>(priority);
    boolean changed =
        node.reload(
            () -> {
              try {
                Configuration configuration = program.read(process);
                Candidate candidate =
                    configuration.build(next, process.environment().workers().size());
                shutdownTimeout = configuration.main().get(ProcessModule.SHUTDOWN_TIMEOUT);
                wanted.set(configuration.main().get(ProcessModule.PRIORITY));
                return candidate;
              } catch (ConfigLoadException e) {
                throw new IllegalStateException(Main.oneLine(e), e);
              } catch (ConfigException e) {
                throw new IllegalStateException(e.located(), e);
              } catch (IOException e) {
                throw new IllegalStateException(e.getMessage(), e);
              }
            },
            patience);
    if (changed) {
      generation = next;
      leaving = null; // it listens again
      process.environment().logs().reportTo(node.present().log());
      if (!Objects.equals(wanted.get(), priority)) {
        priority = wanted.get();
        schedule(process.environment().workers(), node.present().log());
      }
    }
  }
}
