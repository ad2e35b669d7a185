package dev.turnout.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// A real `redis-server` of the test's own, on a port of 127.0.0.1, that keeps nothing on disk
/// unless it is told to. It can be stopped, hung, killed, and started again on the same port.
public final class RedisServer implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final int port = Ports.free();
  private final Path directory;
  private final List<String> prefix; // of the command
  private final String host;
  private final List<String> options;
  private boolean keepsAll;
  private Process process;

  private RedisServer(List<String> prefix, String host, List<String> options) throws IOException {
    this.prefix = prefix;
    this.host = host;
    this.directory = Files.createTempDirectory("redis");
    this.options = List.copyOf(options);
    this.process = launch();
  }

  /// Starts a server.
  ///
  /// @param options such as `--maxmemory`, `2mb`
  public static RedisServer start(String... options) {
    Installed.need("redis-server", "redis-server");
    try {
      return new RedisServer(List.of(), "127.0.0.1", List.of(options));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Starts a server in a network of its own, where it listens on all links.
  public static RedisServer startIn(NetworkNamespace network) {
    Installed.need("redis-server", "redis-server");
    try {
      return new RedisServer(network.prefix(), network.address(0), List.of());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Process launch() throws IOException {
    List<String> command = new ArrayList<>(prefix);
    command.addAll(
        List.of(
            "redis-server",
            "--port",
            Integer.toString(port),
            "--bind",
            prefix.isEmpty() ? host : "*",
            "--protected-mode",
            "no",
            "--dir",
            directory.toString(),
            "--save",
            "",
            "--daemonize",
            "no"));
    command.addAll(options);
    if (keepsAll) {
      command.addAll(List.of("--appendonly", "yes", "--appendfsync", "always"));
    }
    Process started =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("log").toFile())
            .start();
    try {
      Eventually.until(
          PATIENCE,
          () -> !started.isAlive() || answers(),
          () -> "redis-server does not answer on port " + port);
      if (!started.isAlive()) {
        throw new IOException("redis-server: " + Files.readString(directory.resolve("log")));
      }
      return started;
    } catch (IOException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IOException(e);
    }
  }

  private boolean answers() {
    try (Socket socket = new Socket(InetAddress.ofLiteral(host), port)) {
      return socket.isConnected();
    } catch (IOException _) {
      return false;
    }
  }

  public int port() {
    return port;
  }

  /// `host:port`.
  public String address() {
    return host + ":" + port;
  }

  /// What `redis-cli` with these arguments says.
  public String cli(String... arguments) {
    List<String> command =
        new ArrayList<>(
            List.of("redis-cli", "-h", host, "-p", Integer.toString(port), "--no-auth-warning"));
    command.addAll(List.of(arguments));
    try {
      Process cli = new ProcessBuilder(command).redirectErrorStream(true).start();
      cli.getOutputStream().close();
      String said =
          new String(cli.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1).strip();
      cli.waitFor();
      return said;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /// It hangs: its connections stay, and it answers nothing.
  public void hang() {
    signal("STOP");
  }

  /// It goes on.
  public void goOn() {
    signal("CONT");
  }

  private void signal(String name) {
    try {
      new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /// From now on it has on disk whatever it answers to be done, also when it is started again.
  public void keepAll() {
    cli("CONFIG", "SET", "appendfsync", "always");
    cli("CONFIG", "SET", "appendonly", "yes");
    keepsAll = true;
  }

  /// It is killed.
  public void kill() {
    process.destroyForcibly();
    try {
      process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// It is started again, with what it has on disk.
  public void startAgain() {
    try {
      process = launch();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    kill();
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
