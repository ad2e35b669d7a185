package dev.turnout.loadgen.demo;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.turnout.autoscaler.command.Tool;
import dev.turnout.autoscaler.simulation.Trace;
import dev.turnout.loadgen.LoadJob;
import dev.turnout.loadgen.backend.Backend;
import dev.turnout.loadgen.backend.Work;
import dev.turnout.loadgen.demo.Decisions.Decision;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `turnout demo`: servers, a proxy with an autoscaler, and a day of load in three minutes.
@Command(
    name = "turnout demo",
    description =
        "Starts servers, the proxy with an autoscaler in front of them, and a day of load compressed into minutes; prints what happens. Ctrl-C ends all.",
    sortOptions = false,
    usageHelpAutoWidth = true,
    mixinStandardHelpOptions = true,
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {
      "0:the day is over, and no request failed",
      "1:the day is over, and some failed; or, with --compare, it was not as simulated",
      "3:something could not be started"
    })
public final class Demo implements Callable<Integer> {
  private static final int SOME_FAILED = 1;
  private static final int COULD_NOT_START = 3;
  private static final double SERVICE_MILLIS = 100;
  private static final int THREADS = 16;
  private static final int MOST_SERVERS = 64;
  private static final int LEAST_SECONDS = 10;
  private static final long START_NANOS = 60_000_000_000L;
  private static final double PACKING = 10;
  private static final double TOLERATED = 0.15;
  private static final double BOUND_MILLIS = 500;
  private static final int SIMULATED_DAYS = 10;
  private static final String GROUP = "energyaware_servers_default";

  @Spec private @Nullable CommandSpec spec;

  @Option(
      names = {"-d", "--duration"},
      paramLabel = "SECONDS",
      description = "How long the day takes (default ${DEFAULT-VALUE}).")
  private int seconds = 180;

  @Option(
      names = "--servers",
      paramLabel = "N",
      description = "How many there are (default ${DEFAULT-VALUE}).")
  private int count = 3;

  @Option(
      names = "--port",
      paramLabel = "PORT",
      description = "Of the proxy (default ${DEFAULT-VALUE}; 0: a free one).")
  private int port = 8000;

  @Option(
      names = "--boot",
      paramLabel = "SECONDS",
      description = "How long a server takes to start (default ${DEFAULT-VALUE}).")
  private double boot = 2;

  @Option(
      names = "--once",
      description = "End when the day is over, instead of beginning the next.")
  private boolean once;

  @Option(
      names = "--compare",
      description =
          "When the day is over, simulate it with the same settings: the server-seconds must be within 15 %% of each other, and 95 of 100 requests faster than 500 ms. Implies --once.")
  private boolean compare;

  private final List<Machine> machines = new ArrayList<>();

  /// Those of the groups that a host can be switched to: the autoscaler does not see what these
  /// groups need, so it must not be able to turn off their servers.
  private final List<Machine> alwaysOn = new ArrayList<>();

  private final HttpClient client =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(5))
          .build();
  private final AtomicBoolean ending = new AtomicBoolean();
  private @Nullable Process proxy;
  private @Nullable HttpServer hooks;
  private @Nullable Path directory;
  private String seenUntil = "";
  private volatile long began; // the clock of the day, in milliseconds

  public static void main(String[] arguments) {
    System.exit(Tool.of(new Demo()).execute(arguments));
  }

  @Override
  public Integer call() throws InterruptedException {
    try {
      Tool.within("--servers", count, 1, MOST_SERVERS);
      Tool.within("--duration", seconds, LEAST_SECONDS, 86_400);
      Tool.within("--boot", boot, 0, seconds);
      Tool.within("--port", port, 0, 65_535);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(command(), String.valueOf(e.getMessage()), e);
    }
    Thread atExit = new Thread(this::end, "end");
    Runtime.getRuntime().addShutdownHook(atExit);
    try {
      start();
      return run();
    } catch (IOException e) {
      if (ending.get()) {
        return 0;
      }
      command().getErr().println("turnout demo: " + Tool.reason(e));
      return COULD_NOT_START;
    } finally {
      end();
    }
  }

  private void start() throws IOException, InterruptedException {
    directory = Files.createTempDirectory("turnout-demo");
    Work work = new Work(0, SERVICE_MILLIS, true, 0, 500, 0, 0, 0);
    for (int i = 0; i < count; i++) {
      machines.add(new Machine("b" + (i + 1), work, THREADS, Math.round(boot * 1000)));
      Machine other = new Machine("f" + (i + 1), work, THREADS, 0);
      alwaysOn.add(other);
      other.start(true);
    }
    machines.getFirst().start(true);
    HttpServer switches = HttpServer.create(loopback(0), 64);
    switches.createContext("/start", exchange -> switched(exchange, true));
    switches.createContext("/stop", exchange -> switched(exchange, false));
    switches.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    switches.start();
    hooks = switches;
    if (port == 0) {
      try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
        port = free.getLocalPort();
      }
    }
    startProxy(switches.getAddress().getPort());
    say(
        "%d servers, of which 1 is on; each carries about %.0f requests at once, %.0f ms each",
        count, PACKING, SERVICE_MILLIS);
    say("proxy       http://127.0.0.1:%d/", port);
    say("controller  http://127.0.0.1:%d/control/autoscale", port);
    say("dashboard   http://127.0.0.1:%d/dashboard/", port);
    say(
        "switch      curl 'http://127.0.0.1:%d/upstream_switch?ups=energyaware_servers_%d'",
        port, count);
    say(
        "            (the groups of 1 to %d have servers f1 to f%d of their own, always on)",
        count, count);
    say("a day of load takes %d s; Ctrl-C ends all", seconds);
    say("");
  }

  private static InetSocketAddress loopback(int port) {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
  }

  private void startProxy(int hookPort) throws IOException, InterruptedException {
    Path home = home();
    Path place = Objects.requireNonNull(directory);
    Site.write(place, port, machines, alwaysOn, hookPort, PACKING, waitSeconds() + "s");
    Process started =
        new ProcessBuilder(
                home.resolve("bin/turnout").toString(), "-p", place + "/", "-c", "nginx.conf")
            .redirectErrorStream(true)
            .redirectOutput(place.resolve("logs/output").toFile())
            .start();
    proxy = started;
    long latest = System.nanoTime() + START_NANOS;
    while (started.isAlive() && System.nanoTime() - latest < 0) {
      if (isThere("/control/autoscale")) {
        return;
      }
      TimeUnit.MILLISECONDS.sleep(100);
    }
    String output = Files.readString(place.resolve("logs/output")).strip();
    throw new IOException(
        "the proxy did not start: "
            + output
            + (output.contains("Address already in use") ? "\n  --port takes another one" : ""));
  }

  /// How long a server is surplus before it goes.
  private long waitSeconds() {
    return Math.max(1, Math.round(seconds / 30.0));
  }

  /// Where the program is: the launcher says so.
  private static Path home() throws IOException {
    String home = System.getProperty("turnout.home", "");
    if (home.isEmpty() || !Files.isExecutable(Path.of(home, "bin", "turnout"))) {
      throw new IOException("start it by the launcher: turnout demo");
    }
    return Path.of(home);
  }

  private void switched(HttpExchange exchange, boolean on) throws IOException {
    try (exchange) {
      String query = String.valueOf(exchange.getRequestURI().getQuery());
      int id = query.matches("id=[0-9]{1,4}") ? Integer.parseInt(query.substring(3)) : -1;
      if (id < 0 || id >= machines.size()) {
        exchange.sendResponseHeaders(404, -1);
        return;
      }
      Machine machine = machines.get(id);
      say("%s %s is switched %s", clock(), machine.name(), on ? "on" : "off");
      if (on) {
        machine.start(false);
      } else {
        machine.stop();
      }
      exchange.sendResponseHeaders(204, -1);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private String clock() {
    long passed = (System.currentTimeMillis() - began) * 86_400 / (seconds * 1000L) % 86_400;
    return String.format(Locale.ROOT, "%02d:%02d", passed / 3600, passed / 60 % 60);
  }

  private int run() throws IOException, InterruptedException {
    boolean failed = false;
    do {
      began = System.currentTimeMillis();
      double each = PACKING / (SERVICE_MILLIS / 1000) * 0.95;
      String rate = String.format(Locale.ROOT, "sine:%.0f-%.0f", each * 0.15, each * (count - 0.3));
      String url = "http://127.0.0.1:" + port + "/";
      LoadJob job =
          LoadJob.of(url, rate, Duration.ofSeconds(seconds), 32 * count, Backend.NAME_FIELD);
      LongAdder answers = new LongAdder();
      Thread telling = Thread.ofVirtual().start(() -> tell(answers));
      long powered = powered();
      LoadJob.Came came = job.run(_ -> answers.increment());
      telling.interrupt();
      telling.join();
      say("");
      say(
          "the day is over: %d answers, %d errors, %d failures; p50 %.0f, p95 %.0f, p99 %.0f ms",
          came.answers(),
          came.errors(),
          came.failures(),
          came.p50Millis(),
          came.p95Millis(),
          came.p99Millis());
      say("answered by %s", came.answeredBy());
      double serverSeconds = (powered() - powered) / 1e3;
      say(
          "server-seconds of b1 to b%d: %.0f of %d always on: %.0f %% saved",
          count, serverSeconds, count * seconds, 100 - serverSeconds / (count * seconds) * 100);
      failed |= came.errors() > 0 || came.failures() > 0;
      failed |= compare && !isAsSimulated(job, serverSeconds, came.p95Millis());
    } while (!once && !compare && !ending.get());
    return failed ? SOME_FAILED : 0;
  }

  private boolean isAsSimulated(LoadJob job, double serverSeconds, double p95Millis) {
    Trace requests = Trace.ofSeconds("day", job.rates());
    SimulatedDay.Figures simulated =
        new SimulatedDay(requests, count, PACKING, waitSeconds(), boot, SERVICE_MILLIS, THREADS)
            .run(SIMULATED_DAYS);
    double off = serverSeconds / simulated.serverSeconds() - 1;
    boolean near = Math.abs(off) <= TOLERATED;
    boolean fast = p95Millis <= BOUND_MILLIS;
    say(
        "simulated, %d days: %.0f server-seconds, p95 %.0f ms",
        SIMULATED_DAYS, simulated.serverSeconds(), simulated.p95Millis());
    say(
        "server-seconds %+.1f %% of the simulation's: %s; p95 %.0f ms of %.0f ms: %s",
        off * 100,
        near ? "as wanted" : "TOO FAR APART",
        p95Millis,
        BOUND_MILLIS,
        fast ? "as wanted" : "TOO SLOW");
    return near && fast;
  }

  private long powered() {
    return machines.stream().mapToLong(Machine::poweredMillis).sum();
  }

  /// Says what the controller decided, and every few seconds how things are.
  private void tell(LongAdder answers) {
    long last = 0;
    try {
      for (int i = 1; ; i++) {
        TimeUnit.MILLISECONDS.sleep(500);
        decisions();
        if (i % 10 == 0) {
          long now = answers.sum();
          String bars =
              machines.stream()
                  .map(machine ->
                      machine.isOn() ? "[" + machine.name() + "]" : " " + machine.name() + " ")
                  .collect(Collectors.joining(" "));
          say("%s %5.0f/s  %s", clock(), (now - last) / 5.0, bars);
          last = now;
        }
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private void decisions() throws InterruptedException {
    List<Decision> decisions;
    try {
      decisions = Decisions.read(get("/control/autoscale/" + GROUP).body());
    } catch (IOException _) {
      return; // the proxy is ending
    }
    String newest = seenUntil;
    for (Decision decision : decisions) {
      if (decision.time().compareTo(seenUntil) > 0) {
        if (decision.acts() && !decision.text().endsWith(" is off")) {
          say("%s %s", clock(), named(decision.text()));
        }
        newest = decision.time();
      }
    }
    seenUntil = newest;
  }

  /// Addresses are hard to read: the machines have names.
  private String named(String text) {
    String named = text;
    for (Machine machine : machines) {
      named = named.replace("127.0.0.1:" + machine.port(), machine.name());
    }
    return named;
  }

  private boolean isThere(String path) throws InterruptedException {
    try {
      return get(path).statusCode() < 400;
    } catch (IOException _) {
      return false;
    }
  }

  private HttpResponse<String> get(String path) throws IOException, InterruptedException {
    URI uri = URI.create("http://127.0.0.1:" + port + path);
    return client.send(
        HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(5)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private void say(String format, Object... values) {
    PrintWriter out = command().getOut();
    synchronized (machines) {
      out.printf(Locale.ROOT, format + "%n", values);
      out.flush();
    }
  }

  /// Ends all that was started; several times are as good as one.
  private void end() {
    if (!ending.compareAndSet(false, true)) {
      return;
    }
    Process started = proxy;
    if (started != null) {
      started.destroy();
      try {
        if (!started.waitFor(5, TimeUnit.SECONDS)) {
          started.destroyForcibly();
        }
      } catch (InterruptedException _) {
        started.destroyForcibly();
      }
    }
    HttpServer switches = hooks;
    if (switches != null) {
      switches.stop(0);
    }
    machines.forEach(Machine::close);
    alwaysOn.forEach(Machine::close);
    Path place = directory;
    if (place != null) {
      try (Stream<Path> files = Files.walk(place)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.deleteIfExists(file);
        }
      } catch (IOException _) {
        // in the directory for what is temporary it does no harm
      }
    }
  }

  private CommandLine command() {
    if (spec == null) {
      throw new IllegalStateException("not started by picocli");
    }
    return spec.commandLine();
  }
}
