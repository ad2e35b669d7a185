package dev.turnout.lua;

import dev.turnout.http.BodyReceiver;
import dev.turnout.http.Exchange;
import io.netty.buffer.ByteBuf;

/// The body of a request as a script reads it (`ngx.req.socket`). The client is not read on while
/// nobody waits for more. Confined to the VM's loop.
final class BodyStream extends LuaStream implements BodyReceiver {
  private final Exchange exchange;
  private boolean begun;

  BodyStream(LuaRun run, Exchange exchange, int bufferSize) {
    super(run.worker().loop(), bufferSize);
    this.exchange = exchange;
  }

  /// The client may send it.
  void begin() {
    if (!begun && exchange.isLive()) {
      begun = true;
      exchange.body().stream(this);
    }
  }

  @Override
  void more() {
    if (begun && exchange.isLive()) {
      exchange.downstream().pauseBody(false);
    }
  }

  @Override
  void closeSource() {
    // what is left is discarded with the exchange
  }

  @Override
  public void data(Exchange from, ByteBuf part) {
    try {
      if (!isClosed()) {
        came(part);
      }
    } finally {
      part.release();
    }
    if (!isReading() && !isClosed()) {
      exchange.downstream().pauseBody(true);
    }
  }

  @Override
  public void end(Exchange from) {
    ended(null);
  }

  @Override
  public void failed(Exchange from, int status) {
    ended("closed");
  }
}
