package dev.turnout.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// A real Redis Sentinel that watches one master, called `main`, and alone decides to fail over.
public final class RedisSentinel implements AutoCloseable {
  private final int port = Ports.free();
  private final Program program;

  private RedisSentinel(RedisServer master) {
    Path directory = Program.directory("sentinel");
    Path file = directory.resolve("sentinel.conf");
    try {
      Files.writeString(
          file,
          """
          port %d
          bind 127.0.0.1
          dir %s
          sentinel monitor main 127.0.0.1 %d 1
          sentinel down-after-milliseconds main 300
          sentinel failover-timeout main 3000
          """
              .formatted(port, directory, master.port()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    program = new Program(directory, List.of("redis-server", file.toString(), "--sentinel"));
  }

  /// Starts one.
  public static RedisSentinel start(RedisServer master) {
    Installed.need("redis-server", "redis-server");
    return new RedisSentinel(master);
  }

  /// `127.0.0.1:port`.
  public String address() {
    return "127.0.0.1:" + port;
  }

  /// What it has said.
  public String output() {
    return program.output();
  }

  @Override
  public void close() {
    program.close();
  }
}
