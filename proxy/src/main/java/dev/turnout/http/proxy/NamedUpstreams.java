package dev.turnout.http.proxy;

import dev.turnout.net.Worker;
import dev.turnout.net.resolve.NameAnswer;
import dev.turnout.net.resolve.Resolver;
import dev.turnout.net.resolve.Trouble;
import dev.turnout.upstream.BalancingMethod;
import dev.turnout.upstream.Keepalive;
import dev.turnout.upstream.PeerAddress;
import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.Upstream;
import dev.turnout.upstream.UpstreamSpec;
import dev.turnout.upstream.balance.Balancers;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/// Upstreams that stand for the names in `proxy_pass $variable`, with a server for each address
/// that a name has now. Shared by all loops; bounded, since the names may come from clients.
final class NamedUpstreams {
  private static final int MOST = 1024;

  private final Resolver resolver;
  private final long timeoutMillis;
  private final Map<String, Entry> made = new ConcurrentHashMap<>();

  private record Entry(List<InetAddress> addresses, Upstream upstream) {}

  /// Gets an upstream, or why there is none.
  @FunctionalInterface
  interface Onward {
    void go(@Nullable Upstream upstream, String trouble);
  }

  NamedUpstreams(Resolver resolver, long timeoutMillis) {
    this.resolver = resolver;
    this.timeoutMillis = timeoutMillis;
  }

  /// The upstream for this name, if its addresses are known.
  ///
  /// @param host the name with its port, as written
  @Nullable Upstream known(String host, String name, int port) {
    List<InetAddress> addresses = resolver.known(name);
    return addresses == null ? null : upstream(host, addresses, port);
  }

  /// Resolves the target's name; `then` gets the outcome on the loop of `worker`.
  void resolve(Worker worker, ProxyTarget.Unresolved target, Onward then) {
    resolver.resolve(target.name(), timeoutMillis, answer -> back(worker, target, answer, then));
  }

  private void back(Worker worker, ProxyTarget.Unresolved target, NameAnswer answer, Onward then) {
    Upstream upstream =
        switch (answer) {
          case NameAnswer.Found(var addresses, _) ->
              upstream(target.host(), addresses, LiteralUpstreams.portNumber(target.port()));
          case NameAnswer.Failed _ -> null;
        };
    String trouble = answer instanceof NameAnswer.Failed(Trouble why, _) ? why.text() : "";
    try {
      worker.loop().execute(() -> then.go(upstream, trouble));
    } catch (RejectedExecutionException _) {
      // the loop has ended, and with it whoever waited
    }
  }

  private Upstream upstream(String host, List<InetAddress> addresses, int port) {
    Entry entry = made.get(host);
    if (entry != null && entry.addresses.equals(addresses)) {
      return entry.upstream;
    }
    boolean same = entry != null && new HashSet<>(entry.addresses).equals(new HashSet<>(addresses));
    Upstream upstream = entry != null && same ? entry.upstream : upstreamOf(host, addresses, port);
    if (made.size() >= MOST) {
      made.clear(); // what was there is made again when it is asked for
    }
    made.put(host, new Entry(addresses, upstream));
    return upstream;
  }

  /// nginx makes one anew for each request and so knows nothing of earlier failures: here they do
  /// not count. No idle connections, as there.
  private static Upstream upstreamOf(String host, List<InetAddress> addresses, int port) {
    List<PeerSpec> servers =
        addresses.stream()
            .map(address -> new PeerAddress.Inet(new InetSocketAddress(address, port)))
            .map(address -> PeerSpec.of(address.text(), address).withFailures(0, 10_000))
            .toList();
    UpstreamSpec spec =
        UpstreamSpec.of(host, servers, new BalancingMethod.RoundRobin(), Keepalive.OFF);
    return new Upstream(spec, 0, Balancers::create);
  }
}
