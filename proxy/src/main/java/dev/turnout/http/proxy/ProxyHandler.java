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
    switch (settings.target().resolve(exchange)) {
      case ProxyTarget.Resolved target ->
          proxying(exchange).begin(exchange, settings, target, locationName);
      case ProxyTarget.Unresolved target ->
          proxying(exchange).begin(exchange, settings, target, locationName);
      case ProxyTarget.Nowhere(int status) -> exchange.finish(status);
    }
  }

  private Proxying proxying(Exchange exchange) {
    return loops.of(exchange.worker()).takeProxying();
  }

  ProxySettings settings() {
    return settings;
  }
}
