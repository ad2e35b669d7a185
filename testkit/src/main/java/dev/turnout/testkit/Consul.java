package dev.turnout.testkit;

import java.nio.file.Path;

/// A Consul agent of its own, which is server and client at once and keeps all in memory: after a
/// restart it is empty and counts from the beginning.
public final class Consul extends Registry {
  private Consul(int port, Program program) {
    super(port, program);
  }

  /// Runs one, and returns when it can be used.
  public static Consul start() {
    Installed.need("consul", "consul, of Debian 11: .ci/get-consul");
    int port = Ports.free();
    int serf = Ports.free();
    int wan = Ports.free();
    int server = Ports.free();
    Path directory = Program.directory("consul");
    Consul consul =
        new Consul(
            port,
            new Program(
                directory,
                words(
                    "consul",
                    "agent",
                    "-dev",
                    "-bind=127.0.0.1",
                    "-client=127.0.0.1",
                    "-http-port=" + port,
                    "-serf-lan-port=" + serf,
                    "-serf-wan-port=" + wan,
                    "-server-port=" + server,
                    "-grpc-port=-1",
                    "-dns-port=-1",
                    "-log-level=warn")));
    consul.awaitReady();
    return consul;
  }

  @Override
  boolean isReady() {
    return call("GET", "/v1/status/leader", "").length() > 2
        && call("PUT", "/v1/kv/ready", "").startsWith("true");
  }

  /// Sets a key.
  public void put(String key, String value) {
    call("PUT", "/v1/kv/" + key, value);
  }

  /// Removes a key, or all keys that begin so with `?recurse`.
  public void delete(String key) {
    call("DELETE", "/v1/kv/" + key, "");
  }
}
