package dev.turnout.systemtest;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.concurrent.TimeUnit.SECONDS;

import dev.turnout.testkit.Eventually;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/// The nginx of the system, for comparisons, in a directory of its own.
final class Nginx implements AutoCloseable {
  private static final Duration START = Duration.ofSeconds(20);

  private final Path prefix;
  private final Process process;

  private Nginx(Path prefix, Process process) {
    this.prefix = prefix;
    this.process = process;
  }

  /// Starts it with this inside of `http {}`, and waits until it serves.
  static Nginx start(String http) throws Exception {
    Path runs = Files.createDirectories(Path.of("target", "runs").toAbsolutePath());
    Path prefix = Files.createTempDirectory(runs, "nginx-");
    Files.writeString(
        prefix.resolve("nginx.conf"),
        """
        daemon off;
        user root;
        worker_processes 1;
        pid nginx.pid;
        error_log error.log info;
        events { worker_connections 512; }
        http {
          access_log off;
          client_body_temp_path body;
          proxy_temp_path proxy;
          fastcgi_temp_path fastcgi;
          uwsgi_temp_path uwsgi;
          scgi_temp_path scgi;
        %s
        }
        """
            .formatted(http),
        ISO_8859_1);
    Process process =
        new ProcessBuilder("nginx", "-p", prefix + "/", "-c", "nginx.conf", "-e", "error.log")
            .redirectErrorStream(true)
            .redirectOutput(prefix.resolve("output").toFile())
            .start();
    Nginx nginx = new Nginx(prefix, process);
    try {
      Eventually.until(START, nginx::isUp, () -> "nginx does not start: " + nginx.output());
    } catch (Exception | AssertionError e) {
      nginx.close();
      throw e;
    }
    return nginx;
  }

  private boolean isUp() throws IOException {
    if (!process.isAlive()) {
      throw new AssertionError("nginx ended while starting: " + output());
    }
    Path pid = prefix.resolve("nginx.pid");
    return Files.exists(pid) && Files.size(pid) > 0;
  }

  private String output() {
    try {
      return Files.readString(prefix.resolve("output"), ISO_8859_1);
    } catch (IOException e) {
      return "no output: " + e.getMessage();
    }
  }

  @Override
  public void close() {
    process.destroy(); // TERM: the master ends its workers
    boolean ended = false;
    try {
      ended = process.waitFor(10, SECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    if (!ended) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }
}
