package dev.turnout.http.proxy;

import dev.turnout.http.ContentHandler;
import dev.turnout.http.Exchange;

/// The content handler of a location with `proxy_pass`.
final class ProxyHandler implements ContentHandler {
  private final ProxyLoops loops;
  private final ProxySettings settings;
  private final String locationName;

  ProxyHandler(ProxyLoops loops, ProxySettings settings, String locationName) {
    this.loops = loops;
    this.settings = settings;
    this.locationName = locationName;
  }

  @Override
  public void handle(Exchange exchange) {
    ProxyTarget.Found target = settings.target().resolve(exchange);
    if (target == null) {
      exchange.finish(502);
      return;
    }
    Proxying proxying = loops.of(exchange.worker()).takeProxying();
    if (target instanceof ProxyTarget.Unresolved unresolved) {
      proxying.begin(exchange, settings, unresolved, locationName);
    } else {
      proxying.begin(exchange, settings, (ProxyTarget.Resolved) target, locationName);
    }
  }

  ProxySettings settings() {
    return settings;
  }
}
