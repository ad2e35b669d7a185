package dev.turnout.http;

import io.netty.buffer.ByteBuf;

/// The other end of a connection that has been upgraded (RFC 9110 section 7.8): bytes go through
/// unseen. Confined to the exchange's loop.
public interface Tunnel {
  /// Takes bytes that the client sent.
  void fromClient(ByteBuf bytes);

  /// The client has sent all that it had for now: pass it on.
  void clientReadComplete();

  /// The client will send no more.
  void clientFinished();

  /// The client's connection is gone.
  void clientClosed();

  /// The client takes more again, or not.
  void clientWritable(boolean writable);
}
