package dev.turnout.http.proxy;

import dev.turnout.http.Exchange;
import dev.turnout.http.ResponseHead;
import org.jspecify.annotations.Nullable;

/// What `$proxy_…` and `$upstream_…` say of a probe, which is an exchange without a client: one
/// attempt at one server, and its answer once that is there.
public final class ProbeView implements Exchange.Upstreaming {
  private final String host;
  private final String port;
  private final String address;
  private final @Nullable ResponseHead head;

  ProbeView(String host, String port, String address, @Nullable ResponseHead head) {
    this.host = host;
    this.port = port;
    this.address = address;
    this.head = head;
  }

  String host() {
    return host;
  }

  String port() {
    return port;
  }

  String address() {
    return address;
  }

  String status() {
    return head == null ? "-" : Integer.toString(head.status());
  }

  @Nullable ResponseHead responseHead() {
    return head;
  }

  @Override
  public void exchangeEnded(Exchange exchange) {
    // a probe has no log phase
  }

  @Override
  public @Nullable String describe() {
    return null;
  }

  @Override
  public void clientChanged(Exchange exchange, boolean gone, boolean writable) {
    // there is no client
  }

  @Override
  public boolean outlivesClient() {
    return true;
  }

  @Override
  public void release() {
    // it holds nothing
  }
}
