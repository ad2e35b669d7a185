package dev.turnout.http.filter;

import dev.turnout.http.BodyTransform;
import dev.turnout.http.Exchange;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/// Changes a text from one charset into another. A character of UTF-8 that the other charset lacks
/// becomes a reference as in HTML.
final class RecodedBody extends BodyTransform {
  private static final int LONGEST_REFERENCE = 10;

  private final CharsetTable table;
  private int point;
  private int lowest;
  private int missing;

  RecodedBody(Exchange exchange, CharsetTable table) {
    super(exchange);
    this.table = table;
  }

  @Override
  protected boolean transform(ByteBuf in) {
    int n = Math.min(STEP, in.readableBytes());
    ByteBuf out = buffer(n + LONGEST_REFERENCE);
    switch (table) {
      case CharsetTable.Bytes bytes -> {
        for (int i = 0; i < n; i++) {
          bytes.write(in.readUnsignedByte(), out);
        }
      }
      case CharsetTable.CodePoints(Map<Integer, Byte> to) -> {
        for (int i = 0; i < n; i++) {
          decode(in.readUnsignedByte(), to, out);
        }
      }
    }
    if (out.isReadable()) {
      next().writeBody(exchange(), out, false);
    } else {
      out.release();
    }
    return !in.isReadable();
  }

  private void decode(int b, Map<Integer, Byte> to, ByteBuf out) {
    if (missing > 0) {
      if ((b & 0xc0) == 0x80) {
        point = point << 6 | (b & 0x3f);
        if (--missing == 0) {
          put(to, out);
        }
        return;
      }
      missing = 0;
      out.writeByte('?');
    }
    if (b < 0x80) {
      out.writeByte(b);
    } else if (b >= 0xf0 && b < 0xf8) {
      begin(b & 7, 3, 0x10000);
    } else if (b >= 0xe0 && b < 0xf0) {
      begin(b & 15, 2, 0x800);
    } else if (b >= 0xc2 && b < 0xe0) {
      begin(b & 31, 1, 0x80);
    } else {
      out.writeByte('?');
    }
  }

  private void begin(int bits, int more, int least) {
    point = bits;
    missing = more;
    lowest = least;
  }

  private void put(Map<Integer, Byte> to, ByteBuf out) {
    Byte known = to.get(point);
    if (known != null) {
      out.writeByte(known);
    } else if (point < lowest || point > 0x10ffff) {
      out.writeByte('?');
    } else {
      out.writeBytes(("&#" + point + ";").getBytes(StandardCharsets.ISO_8859_1));
    }
  }

  @Override
  protected void finish() {
    next().writeEnd(exchange());
  }

  @Override
  protected void free() {}
}
