package dev.turnout.http.proxy;

import dev.turnout.http.Upstreams;
import dev.turnout.net.Worker;
import dev.turnout.net.Workers;
import dev.turnout.upstream.Peer;
import dev.turnout.upstream.Upstream;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// The proxy's part of every loop. Made once; outlives configurations, and so do its connection
/// pools.
public final class ProxyLoops {
  private final List<ProxyLoop> loops;

  /// @param upstreams whose changes close connections to servers that have left
  public ProxyLoops(Workers workers, Upstreams upstreams) {
    loops = workers.all().stream().map(ProxyLoop::new).toList();
    upstreams.watch(
        new Upstreams.Watcher() {
          @Override
          public void changed(Upstream upstream) {
            retire(upstream);
          }

          @Override
          public void gone(Upstream upstream) {
            forget(upstream);
          }
        });
  }

  ProxyLoop of(Worker worker) {
    return loops.get(worker.index());
  }

  /// How long the oldest of the requests has been running that are at one of these servers, in
  /// milliseconds; null if none is. Completes when every loop has looked.
  public CompletableFuture<@Nullable Long> oldestMillis(List<Peer> servers) {
    CompletableFuture<@Nullable Long> oldest = CompletableFuture.completedFuture(null);
    for (ProxyLoop loop : loops) {
      CompletableFuture<@Nullable Long> one = new CompletableFuture<>();
      loop.worker()
          .loop()
          .execute(() -> {
            Long since = loop.oldestNanos(servers);
            one.complete(since == null ? null : (System.nanoTime() - since) / 1_000_000);
          });
      oldest = oldest.thenCombine(one, ProxyLoops::longer);
    }
    return oldest;
  }

  private static @Nullable Long longer(@Nullable Long one, @Nullable Long other) {
    if (one == null || other == null) {
      return one == null ? other : one;
    }
    return Math.max(one, other);
  }

  /// Closes, on every loop, idle connections to servers that have left the upstream.
  private void retire(Upstream upstream) {
    for (ProxyLoop loop : loops) {
      loop.worker().loop().execute(() -> loop.retire(upstream));
    }
  }

  /// Closes, on every loop, all idle connections to an upstream that is no more.
  private void forget(Upstream upstream) {
    for (ProxyLoop loop : loops) {
      loop.worker().loop().execute(() -> loop.forget(upstream));
    }
  }
}
