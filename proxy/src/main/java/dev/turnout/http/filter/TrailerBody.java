package dev.turnout.http.filter;

import dev.turnout.http.BodyFilter;
import dev.turnout.http.Exchange;
import io.netty.buffer.ByteBuf;

/// Makes the trailer fields when the last of a body goes by.
final class TrailerBody extends BodyFilter {
  private final Runnable make;

  TrailerBody(Exchange exchange, Runnable make) {
    super(exchange);
    this.make = make;
  }

  @Override
  public void writeBody(Exchange exchange, ByteBuf body, boolean last) {
    if (last) {
      make.run();
    }
    next().writeBody(exchange, body, last);
  }

  @Override
  public void writeFile(Exchange exchange, dev.turnout.http.FilePart part, boolean last) {
    if (last) {
      make.run();
    }
    next().writeFile(exchange, part, last);
  }

  @Override
  public void writeEnd(Exchange exchange) {
    make.run();
    next().writeEnd(exchange);
  }
}
