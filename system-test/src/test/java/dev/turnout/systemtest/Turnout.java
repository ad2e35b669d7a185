package dev.turnout.systemtest;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.concurrent.TimeUnit.SECONDS;

import dev.turnout.testkit.Eventually;
import dev.turnout.testkit.Ports;
import dev.turnout.testkit.RawClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The built program in a directory of its own, driven as an operator drives it: by its command
/// line, its configuration, signals and files.
///
/// The text given is the inside of `http {}`; `@PORT@` stands for the port the program is to listen
/// on. Behind it comes a server that answers the number of the configuration, so that a reload can
/// be waited for.
final class Turnout implements AutoCloseable {
  private static final Path RUNS = Path.of("target", "runs").toAbsolutePath();
  private static final Duration START = Duration.ofSeconds(150); // a checkout builds itself first
  private static final Duration CHANGE = Duration.ofSeconds(30);

  private final Path prefix;
  private final int port = Ports.free();
  private final int generationPort = Ports.free();
  private final String jvmOptions;
  private String http;
  private int generation;
  private @Nullable Process process;

  private Turnout(Path prefix, String http, String jvmOptions) {
    this.prefix = prefix;
    this.http = http;
    this.jvmOptions = jvmOptions;
  }

  /// Starts the program with every buffer watched for leaks, and waits until it serves.
  static Turnout start(String http) throws Exception {
    return start(http, Map.of());
  }

  /// The same with files in its prefix, by name.
  static Turnout start(String http, Map<String, String> files) throws Exception {
    return started(http, files, "-Dio.netty.leakDetection.level=paranoid");
  }

  /// Starts the program as users run it, and waits until it serves.
  static Turnout startForLoad(String http) throws Exception {
    return started(http, Map.of(), "");
  }

  private static Turnout started(String http, Map<String, String> files, String jvmOptions)
      throws Exception {
    Files.createDirectories(RUNS);
    Path prefix = Files.createTempDirectory(RUNS, "run-");
    Files.setPosixFilePermissions(prefix, PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.createDirectories(prefix.resolve("state"));
    Turnout turnout = new Turnout(prefix, http, jvmOptions);
    for (Map.Entry<String, String> file : files.entrySet()) {
      Files.writeString(prefix.resolve(file.getKey()), file.getValue(), ISO_8859_1);
    }
    turnout.writeConfiguration();
    try {
      turnout.start();
    } catch (Exception | AssertionError e) {
      turnout.kill();
      throw e;
    }
    return turnout;
  }

  /// The launcher under test.
  static Path launcher() {
    String home = System.getProperty("turnout.home");
    return Path.of(home == null ? "../turnout" : home).toAbsolutePath().normalize();
  }

  /// Runs the program with these arguments to its end.
  static Ended run(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of(launcher().toString()));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), ISO_8859_1);
    if (!process.waitFor(START.toSeconds(), SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("does not end: " + command);
    }
    return new Ended(process.exitValue(), output);
  }

  /// What a run of the program came to.
  record Ended(int status, String output) {}

  int port() {
    return port;
  }

  long pid() {
    return running().pid();
  }

  Path prefix() {
    return prefix;
  }

  /// Starts the program again after it ended or was killed, and waits until it serves.
  void start() throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(
                launcher().toString(), "-p", prefix + "/", "-c", "nginx.conf", "-e", "error.log")
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(prefix.resolve("output").toFile()));
    builder.environment().merge("TURNOUT_JAVA_OPTS", jvmOptions, (a, b) -> a + " " + b);
    Process started = builder.start();
    process = started;
    Eventually.until(
        START, () -> isUp(started), () -> "no start: " + output() + "\n" + errorLogOrNothing());
    Eventually.until(
        CHANGE,
        this::answersGeneration,
        () -> "no answer: " + errorLogOrNothing() + "\n" + output() + "\n" + threads());
  }

  private boolean isUp(Process started) throws IOException {
    if (!started.isAlive()) {
      throw new AssertionError("ended while starting: " + output() + "\n" + errorLogOrNothing());
    }
    return read("nginx.pid").strip().equals(Long.toString(started.pid()));
  }

  /// Puts another configuration in force.
  void reload(String newHttp) throws Exception {
    http = newHttp;
    generation++;
    writeConfiguration();
    signal("HUP");
    Eventually.until(
        CHANGE, this::answersGeneration, () -> "no new generation: " + errorLogOrNothing());
  }

  /// Loads the same configuration anew.
  void reload() throws Exception {
    reload(http);
  }

  /// Asks for a reload while the file is broken, and waits until the program has refused it.
  void reloadBroken(String text) throws Exception {
    long refused = emergencies();
    Files.writeString(configuration(), text, ISO_8859_1);
    signal("HUP");
    Eventually.until(
        CHANGE, () -> emergencies() > refused, () -> "not refused: " + errorLogOrNothing());
    writeConfiguration();
  }

  private long emergencies() throws IOException {
    return errorLog().lines().filter(line -> line.contains("[emerg]")).count();
  }

  private boolean answersGeneration() {
    try {
      return RawClient.get(generationPort, "localhost", "/generation")
          .body()
          .equals(Integer.toString(generation));
    } catch (IOException _) {
      return false; // not yet listening, or the old generation is just leaving
    }
  }

  private void writeConfiguration() throws IOException {
    Files.writeString(configuration(), configurationText(), ISO_8859_1);
  }

  Path configuration() {
    return prefix.resolve("nginx.conf");
  }

  private String configurationText() {
    return """
    daemon off;
    worker_processes 2;
    pid nginx.pid;
    error_log error.log info;
    events { worker_connections 8192; }
    http {
      access_log off;
    %s
      server {
        listen 127.0.0.1:%d;
        location = /generation { return 200 "%d"; }
      }
    }
    """
        .formatted(http.replace("@PORT@", Integer.toString(port)), generationPort, generation);
  }

  void signal(String name) throws IOException {
    Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(running().pid())).start();
    if (kill.onExit().join().exitValue() != 0) {
      throw new IOException("no process for signal " + name);
    }
  }

  /// Ends it gracefully, and returns the exit status.
  int quit() throws IOException {
    signal("QUIT");
    return awaitEnd();
  }

  /// Waits until it ended by itself or by a signal, and returns the exit status.
  int awaitEnd() {
    try {
      return running().onExit().orTimeout(CHANGE.toSeconds(), SECONDS).join().exitValue();
    } catch (CompletionException e) {
      throw new AssertionError("does not end: " + errorLogOrNothing(), e);
    }
  }

  /// `kill -9`, and the wait for the kernel to take everything back.
  void kill() {
    Process running = process;
    if (running != null) {
      List<ProcessHandle> workers = running.descendants().toList();
      running.destroyForcibly().onExit().join();
      workers.forEach(ProcessHandle::destroyForcibly);
    }
  }

  boolean isAlive() {
    return process != null && process.isAlive();
  }

  /// The memory of the program and its children that is in RAM now, in KiB.
  long residentKib() throws IOException {
    ProcessHandle program = running().toHandle();
    long sum = 0;
    for (long pid :
        LongStream.concat(
                LongStream.of(program.pid()), program.descendants().mapToLong(ProcessHandle::pid))
            .toArray()) {
      try (Stream<String> lines = Files.lines(Path.of("/proc/" + pid + "/status"))) {
        sum +=
            lines
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                .sum();
      }
    }
    return sum;
  }

  String errorLog() throws IOException {
    return read("error.log");
  }

  long errorLogSize() throws IOException {
    return Files.size(prefix.resolve("error.log"));
  }

  private String output() {
    try {
      return read("output");
    } catch (IOException e) {
      return e.toString();
    }
  }

  /// What its threads are doing: for the report of a program that does nothing.
  private String threads() {
    try {
      Process dump =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                  Long.toString(running().pid()),
                  "Thread.print")
              .redirectErrorStream(true)
              .start();
      return new String(dump.getInputStream().readAllBytes(), ISO_8859_1);
    } catch (IOException e) {
      return e.toString();
    }
  }

  private String errorLogOrNothing() {
    try {
      String log = errorLog();
      return log.substring(Math.max(0, log.length() - 4000));
    } catch (IOException e) {
      return e.toString();
    }
  }

  /// The text of a file in the prefix; empty if there is none.
  String read(String file) throws IOException {
    try {
      return Files.readString(prefix.resolve(file), ISO_8859_1);
    } catch (NoSuchFileException _) {
      return "";
    }
  }

  private Process running() {
    if (process == null) {
      throw new IllegalStateException("not started");
    }
    return process;
  }

  /// Stops the program. A leak, a stack trace or an alert in what it wrote fails the test.
  @Override
  public void close() throws IOException {
    try {
      if (isAlive()) {
        signal("TERM");
        awaitEnd();
      }
    } finally {
      kill();
    }
    for (String text : List.of(output(), errorLog())) {
      text.lines()
          .filter(
              line -> line.contains("LEAK") || line.contains("[alert]") || line.startsWith("\tat "))
          .findFirst()
          .ifPresent(line -> {
            throw new AssertionError("in the logs of " + prefix + ": " + line);
          });
    }
  }
}
