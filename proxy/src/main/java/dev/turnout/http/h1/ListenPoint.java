package dev.turnout.http.h1;

import dev.turnout.http.Generation;
import dev.turnout.http.ListenSettings;
import java.net.SocketAddress;

/// One address that is listened on, over all generations: connections ask it, request by request,
/// what to serve them by. Written by the control plane, read by all loops.
public final class ListenPoint {
  private final SocketAddress address;
  private volatile Serving serving;
  private volatile boolean closed;

  /// A generation and what it says about this address.
  public record Serving(Generation generation, ListenSettings settings) {}

  public ListenPoint(SocketAddress address, Serving serving) {
    this.address = address;
    this.serving = serving;
  }

  /// The address.
  public SocketAddress address() {
    return address;
  }

  /// What requests that begin now are served by.
  public Serving serving() {
    return serving;
  }

  /// Requests that begin from now on are served by `next`.
  public void serve(Serving next) {
    serving = next;
  }

  /// True once the address is listened on no more.
  public boolean isClosed() {
    return closed;
  }

  /// The address is listened on no more; its connections close when they are idle.
  public void close() {
    closed = true;
  }
}
