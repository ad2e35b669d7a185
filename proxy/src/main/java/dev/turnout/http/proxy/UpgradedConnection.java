package dev.turnout.http.proxy;

import dev.turnout.http.Downstream;
import dev.turnout.http.Tunnel;
import dev.turnout.log.Level;
import io.netty.buffer.ByteBuf;

/// What both sides have agreed to use for another protocol (RFC 9110 section 7.8): bytes go through
/// unseen, both ways, until one side ends it. Confined to the exchange's loop.
final class UpgradedConnection implements Tunnel {
  private final Proxying proxying;
  private final Attempt attempt;
  private final UpstreamConnection upstream;
  private boolean over;

  /// @param attempt whose answer agreed
  UpgradedConnection(Proxying proxying, Attempt attempt, UpstreamConnection upstream) {
    this.proxying = proxying;
    this.attempt = attempt;
    this.upstream = upstream;
  }

  private Downstream client() {
    return proxying.exchange().downstream();
  }

  private void restartTime() {
    upstream.deadline().set(proxying.worker().nowNanos(), proxying.readTimeout());
  }

  // ---- from the client

  @Override
  public void fromClient(ByteBuf bytes) {
    if (over) {
      bytes.release();
      return;
    }
    restartTime();
    attempt.tunnelled(bytes.readableBytes());
    upstream.channel().write(bytes, upstream.channel().voidPromise());
    if (!upstream.channel().isWritable()) {
      client().readTunnel(false);
    }
  }

  @Override
  public void clientReadComplete() {
    if (!over) {
      upstream.channel().flush();
    }
  }

  @Override
  public void clientFinished() {
    close();
  }

  @Override
  public void clientClosed() {
    if (!over) {
      end(false);
    }
  }

  @Override
  public void clientWritable(boolean writable) {
    if (!over) {
      attempt.clientWritable(writable);
    }
  }

  // ---- from the upstream

  /// Takes bytes that the upstream sent.
  void fromUpstream(ByteBuf bytes) {
    if (over || !bytes.isReadable()) {
      bytes.release();
      return;
    }
    restartTime();
    Downstream client = client();
    client.writeTunnel(bytes);
    if (!client.isWritable()) {
      clientWritable(false);
      client.flushTunnel();
    }
  }

  /// The upstream has sent all that it had for now: pass it on.
  void upstreamReadComplete() {
    if (!over) {
      client().flushTunnel();
    }
  }

  /// The upstream takes more again, or not.
  void upstreamWritable(boolean writable) {
    if (!over && writable) {
      client().readTunnel(true);
    }
  }

  /// Nothing went through for too long.
  void timedOut() {
    proxying
        .exchange()
        .log(
            Level.ERROR,
            "upstream timed out (110: Connection timed out) while proxying upgraded connection");
    close();
  }

  /// The upstream's connection is gone.
  void upstreamClosed() {
    close();
  }

  // ---- the end

  /// What was sent last still goes out, both ways.
  private void close() {
    if (!over) {
      end(true);
      client().closeTunnel();
    }
  }

  private void end(boolean flushed) {
    over = true;
    proxying.tunnelEnded(attempt, flushed);
  }
}
