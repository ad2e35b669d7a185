package dev.turnout.http.h1;

import dev.turnout.http.Response;
import dev.turnout.http.ResponseHeaders;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/// What frames a body in chunks (RFC 9112 section 7.1), as it is written.
final class Chunks {
  private static final byte[] LAST = {'0', '\r', '\n', '\r', '\n'};
  private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.ISO_8859_1);

  /// The room that the last chunk takes at least.
  static final int SHORTEST_LAST = LAST.length;

  private Chunks() {}

  /// The room that the line before a chunk takes at most.
  static int longestSize(long size) {
    return size > Integer.MAX_VALUE ? 18 : 10;
  }

  /// The line before a chunk.
  static void size(ByteBuf out, long size) {
    int shift = 60;
    while (shift > 0 && size >>> shift == 0) {
      shift -= 4;
    }
    for (; shift >= 0; shift -= 4) {
      out.writeByte(HEX[(int) (size >>> shift) & 15]);
    }
    out.writeByte('\r').writeByte('\n');
  }

  /// The end of a chunk, if it is one, and of the body, if it was the last.
  static void end(ByteBuf out, int size, boolean last, Response response) {
    if (size > 0) {
      out.writeByte('\r').writeByte('\n');
    }
    if (last) {
      last(out, response);
    }
  }

  /// The last chunk, with the trailer fields that there are.
  static void last(ByteBuf out, Response response) {
    ResponseHeaders trailers = response.trailers();
    if (trailers.count() == 0) {
      out.writeBytes(LAST);
      return;
    }
    out.writeByte('0').writeByte('\r').writeByte('\n');
    for (int i = 0; i < trailers.count(); i++) {
      String line = trailers.name(i) + ": " + trailers.value(i) + "\r\n";
      out.writeCharSequence(line, StandardCharsets.ISO_8859_1);
    }
    out.writeByte('\r').writeByte('\n');
  }
}
