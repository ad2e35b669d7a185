package dev.turnout.http.filter;

import dev.turnout.http.BodyFilter;
import dev.turnout.http.Exchange;
import dev.turnout.http.FilePart;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// Lets only parts of a body through. Several parts are cut out of a file, or out of a body that
/// comes in one buffer; a single one out of any.
final class RangeBody extends BodyFilter {
  private final List<Piece> pieces;
  private final String end;
  private long position;

  /// A part, and the lines that stand before it.
  record Piece(String lines, ByteRanges.Part part) {}

  RangeBody(Exchange exchange, List<Piece> pieces, String end) {
    super(exchange);
    this.pieces = pieces;
    this.end = end;
  }

  @Override
  public void writeBody(Exchange exchange, ByteBuf body, boolean last) {
    int size = body.readableBytes();
    try {
      for (Piece piece : pieces) {
        long start = Math.max(piece.part().start(), position);
        long stop = Math.min(piece.part().end(), position + size);
        if (start < stop) {
          lines(piece.lines());
          int at = body.readerIndex() + (int) (start - position);
          next().writeBody(exchange, body.retainedSlice(at, (int) (stop - start)), false);
        }
      }
      position += size;
    } finally {
      body.release();
    }
    if (last) {
      writeEnd(exchange);
    }
  }

  private void lines(String lines) {
    if (!lines.isEmpty()) {
      next()
          .writeBody(exchange(), Unpooled.copiedBuffer(lines, StandardCharsets.ISO_8859_1), false);
    }
  }

  @Override
  public void writeFile(Exchange exchange, FilePart file, boolean last) {
    for (int i = 0; i < pieces.size(); i++) {
      Piece piece = pieces.get(i);
      boolean closes = file.closes() && i == pieces.size() - 1;
      lines(piece.lines());
      long from = file.offset() + piece.part().start();
      next()
          .writeFile(
              exchange,
              new FilePart(file.channel(), from, piece.part().length(), closes),
              closes && last && end.isEmpty());
    }
    if (last && !end.isEmpty()) {
      writeEnd(exchange);
    }
  }

  @Override
  public void writeEnd(Exchange exchange) {
    lines(end);
    next().writeEnd(exchange);
  }
}
