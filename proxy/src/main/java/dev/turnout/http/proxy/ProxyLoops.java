package dev.turnout.http.proxy;

import dev.turnout.http.Upstreams;
import dev.turnout.net.Worker;
import dev.turnout.net.Workers;
import dev.turnout.upstream.Upstream;
import java.util.List;

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
