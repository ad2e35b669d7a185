package dev.turnout.http.echo;

import dev.turnout.http.BodyFilter;
import dev.turnout.http.Exchange;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// `echo_before_body` and `echo_after_body`: lines around the body of one response.
final class EchoBody extends BodyFilter {
  private final List<EchoCommand> before;
  private final List<EchoCommand> after;
  private boolean begun;
  private boolean ended;

  EchoBody(Exchange exchange, List<EchoCommand> before, List<EchoCommand> after) {
    super(exchange);
    this.before = before;
    this.after = after;
  }

  private void emit(List<EchoCommand> lines) {
    for (EchoCommand line : lines) {
      String text = line.line(exchange());
      if (!text.isEmpty() && !isReleased()) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        next().writeBody(exchange(), buffer(bytes.length).writeBytes(bytes), false);
      }
    }
  }

  private void begin() {
    if (!begun) {
      begun = true;
      emit(before);
    }
  }

  private void end() {
    if (!ended) {
      ended = true;
      emit(after);
      if (!isReleased()) {
        next().writeEnd(exchange());
      }
    }
  }

  @Override
  public void writeBody(Exchange exchange, ByteBuf body, boolean last) {
    begin();
    if (isReleased() || ended) {
      body.release();
      return;
    }
    next().writeBody(exchange, body, false);
    if (last && !isReleased()) {
      end();
    }
  }

  @Override
  public void writeEnd(Exchange exchange) {
    begin();
    end();
  }
}
