package dev.turnout.http;

import io.netty.buffer.ByteBuf;

/// Whoever takes the body of a request. Confined to the exchange's loop.
public interface BodyReceiver {
  /// Takes a part of the body.
  void data(Exchange exchange, ByteBuf part);

  /// That is all for now: what was taken so far should go on.
  default void pause(Exchange exchange) {}

  /// The body is complete.
  void end(Exchange exchange);

  /// The body will not be complete; `status` is what the client is told (400, 408, 413), or 0 if it
  /// is gone.
  void failed(Exchange exchange, int status);
}
