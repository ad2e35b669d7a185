package dev.turnout.app;

import dev.turnout.cluster.KeyvalZone;
import dev.turnout.cluster.Revision;
import dev.turnout.cluster.ZoneRegistry;
import dev.turnout.cluster.file.FileJournal;
import dev.turnout.cluster.file.FileStateStore;
import dev.turnout.control.Candidate;
import dev.turnout.control.ChangeWriter;
import dev.turnout.control.ControlPlane;
import dev.turnout.control.History;
import dev.turnout.control.Listeners;
import dev.turnout.control.Node;
import dev.turnout.control.NodeStatus;
import dev.turnout.control.ZoneSync;
import dev.turnout.discovery.Followers;
import dev.turnout.http.ConnectionCounters;
import dev.turnout.http.HttpEnvironment;
import dev.turnout.http.PhaseEngine;
import dev.turnout.http.Upstreams;
import dev.turnout.http.proxy.ProxyLoops;
import dev.turnout.log.LogFiles;
import dev.turnout.net.Transport;
import dev.turnout.net.Workers;
import dev.turnout.net.resolve.ResolverStats;
import dev.turnout.upstream.HealthListener;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The node inside a test's own process: a configuration goes in, requests are served on port 0.
public final class TestProxy implements AutoCloseable {
  private final Path directory;
  private final boolean directoryStays;
  private final LogFiles logs;
  private final ZoneRegistry zones;
  private final ChangeWriter writer;
  private final Workers workers;
  private final Listeners listeners;
  private final Node node;
  private final Configuration.Outside outside;
  private final HttpEnvironment environment;
  private final String before; // what stands before the block http
  private int generation = 1;

  private TestProxy(
      Path directory,
      boolean directoryStays,
      String before,
      String http,
      int loops,
      HealthListener health)
      throws IOException, InterruptedException {
    this.before = before;
    this.directory = directory;
    this.directoryStays = directoryStays;
    Files.createDirectories(directory.resolve("logs"));
    logs = new LogFiles();
    Revision revision = new Revision();
    History history = new History(revision);
    zones = new ZoneRegistry(FileStateStore::open, revision, history);
    environment = new HttpEnvironment(logs, zones);
    writer =
        ChangeWriter.start(
            revision,
            history,
            environment.upstreams(),
            zones::find,
            () -> environment.workers().fence());
    CompletableFuture<ProxyLoops> proxying = new CompletableFuture<>();
    outside = new Configuration.Outside(environment, proxying::join, writer, FileJournal::open);
    Configuration configuration = read(http);
    environment.upstreams().onHealth(health);
    Transport transport = Transport.choose(null);
    workers = Workers.start(transport, loops);
    environment.workers(workers);
    proxying.complete(new ProxyLoops(workers, environment.upstreams()));
    listeners =
        new Listeners(workers, transport, new PhaseEngine(), environment.connections(), 10_000);
    node = new Node(workers, listeners);
    try {
      node.start(configuration.build(generation, loops));
    } catch (IOException | RuntimeException e) {
      workers.close();
      throw e;
    }
  }

  /// Starts a node with these contents of `http {}` on one loop.
  public static TestProxy start(String http) {
    return start(http, 1);
  }

  /// Starts a node with these contents of `http {}`.
  public static TestProxy start(String http, int loops) {
    return start(http, loops, HealthListener.none());
  }

  /// Starts a node with these contents of `http {}` on one loop, and tells of all that happens to
  /// the health of its upstreams from the beginning.
  public static TestProxy start(String http, HealthListener health) {
    return start(http, 1, health);
  }

  private static TestProxy start(String http, int loops, HealthListener health) {
    try {
      return start(
          Files.createTempDirectory("turnout-test"), false, "events {}\n", http, loops, health);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Starts a node whose prefix is `directory`, which stays as it is when the node is closed: to
  /// start it again.
  public static TestProxy startIn(Path directory, String http) {
    return start(directory, true, "events {}\n", http, 1, HealthListener.none());
  }

  /// Starts a node with these contents of `events {}` and `http {}` on one loop.
  public static TestProxy startWithEvents(String events, String http) throws IOException {
    Path directory = Files.createTempDirectory("turnout-test");
    return start(directory, false, "events {" + events + "}\n", http, 1, HealthListener.none());
  }

  /// Starts a node with these directives beside `http {}`, and these contents of it, on one loop.
  public static TestProxy startWith(String main, String http) throws IOException {
    Path directory = Files.createTempDirectory("turnout-test");
    return start(directory, false, main + "events {}\n", http, 1, HealthListener.none());
  }

  private static TestProxy start(
      Path directory,
      boolean directoryStays,
      String before,
      String http,
      int loops,
      HealthListener health) {
    try {
      return new TestProxy(directory, directoryStays, before, http, loops, health);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private Configuration read(String http) throws IOException {
    Path file = directory.resolve("nginx.conf");
    Files.writeString(
        file,
        "daemon off;\n" + before + "http {\naccess_log off;\n" + http + "\n}\n",
        StandardCharsets.ISO_8859_1);
    return Configuration.read(file, directory, List.of(), "logs/error.log", outside);
  }

  /// Changes over to another configuration; true if it is in force.
  public boolean reload(String http) {
    return reload(http, 0);
  }

  /// Changes over to another configuration and cuts what is left of the present one later; true if
  /// it is in force.
  public boolean reload(String http, long cutAfterMillis) {
    int next = generation + 1;
    boolean changed =
        node.reload(
            () -> {
              try {
                Candidate candidate = read(http).build(next, workers.size());
                return candidate;
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            },
            cutAfterMillis);
    if (changed) {
      generation = next;
    }
    return changed;
  }

  /// The one port that is listened on.
  public int port() {
    for (SocketAddress address : listeners.addresses()) {
      if (address instanceof InetSocketAddress inet) {
        return inet.getPort();
      }
    }
    throw new IllegalStateException("nothing is listened on");
  }

  /// The prefix of the node: what relative names begin at.
  public Path directory() {
    return directory;
  }

  /// Connections and requests, as they are counted.
  public ConnectionCounters counters() {
    return environment.connections();
  }

  /// What the node has counted, once the loops have finished what they were doing: so whoever has
  /// its answer finds it counted.
  public NodeStatus status() {
    workers.fence().toCompletableFuture().join();
    return new NodeStatus(environment);
  }

  /// The single writer of changes.
  public ChangeWriter writer() {
    return writer;
  }

  /// What operators speak to.
  public ControlPlane control() {
    return outside.control();
  }

  /// What tells other nodes of zones with `sync`.
  public ZoneSync zoneSync() {
    return ZoneSync.of(environment, control());
  }

  /// A key-value zone that is in force; null if there is none of this name.
  public @Nullable KeyvalZone zone(String name) {
    return zones.find(name);
  }

  /// The upstreams that are in force.
  public Upstreams upstreams() {
    return environment.upstreams();
  }

  /// What the resolvers with this `status_zone` have counted.
  public ResolverStats.Counts resolverCounts(String zone) {
    return environment.resolverStats(zone).counts();
  }

  /// The error log so far.
  public String errorLog() {
    logs.flush();
    try {
      Path file = directory.resolve("logs/error.log");
      return Files.exists(file) ? Files.readString(file, StandardCharsets.ISO_8859_1) : "";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    try {
      node.abort();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    node.present().retire();
    Followers.of(environment).close(); // they ask the writer
    outside.control().close();
    writer.close();
    environment.upstreams().stopResolving();
    zones.close();
    workers.close();
    environment.close();
    String log = errorLog();
    logs.close();
    try (Stream<Path> files = directoryStays ? Stream.empty() : Files.walk(directory)) {
      files.sorted(Comparator.reverseOrder()).forEach(TestProxy::delete);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    if (log.contains("unexpected java.") || log.contains("unexpected dev.")) {
      throw new AssertionError("the node met a bug: " + log);
    }
  }

  private static void delete(Path path) {
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
