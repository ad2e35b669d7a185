package dev.turnout.http;

import dev.turnout.log.Level;
import dev.turnout.net.resolve.NameAnswer;
import dev.turnout.net.resolve.ServiceAnswer;
import dev.turnout.net.resolve.Trouble;
import dev.turnout.upstream.PeerAddress;
import dev.turnout.upstream.ResolvedServer;
import dev.turnout.upstream.Upstream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// Keeps the addresses of one server with `resolve` up to date: asks, publishes, and sleeps until
/// the answer is stale. Runs on a virtual thread of its own, until it is stopped.
///
/// As in nginx, a name that does not exist has no addresses; a name server that fails to say
/// changes nothing.
final class NameWatch {
  private static final long SHORTEST_MILLIS = 1000;
  private static final long LONGEST_MILLIS = TimeUnit.DAYS.toMillis(1);

  private final Upstream upstream;
  private final long server;
  private final PeerAddress.Unresolved name;
  private final Naming naming;
  private final Consumer<Upstream> changed;
  private final AddressScreen screen;
  private final LastAddresses last;
  private final Thread thread;
  private volatile long dueNanos;

  private NameWatch(
      Upstream upstream,
      long server,
      PeerAddress.Unresolved name,
      Naming naming,
      long dueNanos,
      Consumer<Upstream> changed,
      AddressScreen screen,
      LastAddresses last) {
    this.screen = screen;
    this.last = last;
    this.upstream = upstream;
    this.server = server;
    this.name = name;
    this.naming = naming;
    this.dueNanos = dueNanos;
    this.changed = changed;
    this.thread = Thread.ofVirtual().name("resolve-" + name.host()).unstarted(this::run);
  }

  /// Starts one; the first question is put at `dueNanos`, by {@link System#nanoTime}.
  static NameWatch start(
      Upstream upstream,
      long server,
      PeerAddress.Unresolved name,
      Naming naming,
      long dueNanos,
      Consumer<Upstream> changed,
      AddressScreen screen,
      LastAddresses last) {
    NameWatch watch =
        new NameWatch(upstream, server, name, naming, dueNanos, changed, screen, last);
    watch.thread.start();
    return watch;
  }

  boolean isFor(PeerAddress.Unresolved other, Naming by) {
    return name.equals(other) && naming.equals(by);
  }

  boolean asksLike(PeerAddress.Unresolved other) {
    return name.host().equals(other.host()) && name.service().equals(other.service());
  }

  /// When it asks next, by {@link System#nanoTime}.
  long dueNanos() {
    return dueNanos;
  }

  void stop() {
    thread.interrupt();
  }

  private void run() {
    try {
      serveByTheLast();
      while (true) {
        TimeUnit.NANOSECONDS.sleep(dueNanos - System.nanoTime());
        long millis = Math.clamp(resolve(), SHORTEST_MILLIS, LONGEST_MILLIS);
        dueNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
      }
    } catch (InterruptedException | RejectedExecutionException _) {
      // stopped, or the loops have ended
    }
  }

  /// Until somebody answers: a node that starts without name servers serves all the same.
  private void serveByTheLast() {
    boolean knows = !upstream.current().byServer().getOrDefault(server, List.of()).isEmpty();
    List<ResolvedServer> known = knows ? List.of() : last.of(name);
    if (!known.isEmpty()) {
      publish(known);
    }
  }

  /// Returns after how many milliseconds to ask again.
  private long resolve() throws InterruptedException {
    try {
      return name.service().isEmpty() ? resolveName() : resolveService();
    } catch (RejectedExecutionException ended) {
      throw ended;
    } catch (ExecutionException | RuntimeException bug) {
      naming.log().log(Level.ALERT, 0, "unexpected error while resolving " + name.host(), bug);
      return naming.timeoutMillis();
    }
  }

  private long resolveName() throws InterruptedException, ExecutionException {
    CompletableFuture<NameAnswer> asked = new CompletableFuture<>();
    naming.resolver().resolve(name.host(), naming.timeoutMillis(), asked::complete);
    return switch (asked.get()) {
      case NameAnswer.Found(var addresses, long validMillis) -> {
        found(addresses.stream().map(ResolvedServer::of).toList());
        yield validMillis;
      }
      case NameAnswer.Failed(Trouble trouble, long validMillis) -> {
        tell(name.host() + " could not be resolved (" + trouble.text() + ")");
        yield failed(trouble, validMillis);
      }
    };
  }

  private long resolveService() throws InterruptedException, ExecutionException {
    CompletableFuture<ServiceAnswer> asked = new CompletableFuture<>();
    naming
        .resolver()
        .resolveService(name.service(), name.host(), naming.timeoutMillis(), asked::complete);
    ServiceAnswer answer = asked.get();
    String what = "service " + name.service() + " of " + name.host();
    for (ServiceAnswer.Missing one : answer.missing()) {
      tell(
          one.name()
              + " could not be resolved ("
              + one.trouble().text()
              + ") while resolving "
              + what);
    }
    return switch (answer) {
      case ServiceAnswer.Found(var targets, _, long validMillis) -> {
        found(servers(targets));
        yield validMillis;
      }
      case ServiceAnswer.Failed(Trouble trouble, _, long validMillis) -> {
        tell(what + " could not be resolved (" + trouble.text() + ")");
        yield failed(trouble, validMillis);
      }
    };
  }

  private static List<ResolvedServer> servers(List<ServiceAnswer.Target> targets) {
    int first = targets.stream().mapToInt(ServiceAnswer.Target::priority).min().orElseThrow();
    List<ResolvedServer> servers = new ArrayList<>();
    for (ServiceAnswer.Target target : targets) {
      servers.add(
          new ResolvedServer(
              target.address(),
              target.port(),
              target.name(),
              target.weight(),
              target.priority() != first));
    }
    return servers;
  }

  private long failed(Trouble trouble, long validMillis) {
    if (trouble == Trouble.NXDOMAIN) {
      found(List.of());
      return validMillis;
    }
    return naming.timeoutMillis();
  }

  private void found(List<ResolvedServer> now) {
    publish(now);
    try {
      last.are(name, now);
    } catch (IOException e) {
      tell("the addresses of " + name.host() + " are not kept for a restart: " + e);
    }
  }

  private void publish(List<ResolvedServer> found) {
    if (upstream.resolved(server, name, found.stream().filter(this::isAdmitted).toList())) {
      changed.accept(upstream);
    }
  }

  private boolean isAdmitted(ResolvedServer found) {
    int port = found.port() == 0 ? name.port() : found.port();
    InetSocketAddress address = new InetSocketAddress(found.address(), port);
    String refusal = screen.refusal(upstream.name(), name, address);
    if (refusal != null) {
      tell(name.host() + " is left out of upstream \"" + upstream.name() + "\": " + refusal);
    }
    return refusal == null;
  }

  private void tell(String message) {
    naming.log().log(Level.ERROR, message);
  }
}
