package dev.turnout.http.filter;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;

/// How bytes of one charset become bytes of another, one of `charset_map`'s two ways. Immutable.
sealed interface CharsetTable {
  /// True if a text has another length in the other charset.
  boolean changesLength();

  /// Byte by byte: to each a byte, or several of UTF-8.
  final class Bytes implements CharsetTable {
    private final byte[][] to;
    private final boolean changesLength;

    private Bytes(byte[][] to, boolean changesLength) {
      this.to = to;
      this.changesLength = changesLength;
    }

    @Override
    public boolean changesLength() {
      return changesLength;
    }

    /// Writes what stands for the byte `b`.
    void write(int b, ByteBuf out) {
      out.writeBytes(to[b]);
    }
  }

  /// From the code points of UTF-8 to bytes.
  record CodePoints(Map<Integer, Byte> to) implements CharsetTable {
    public CodePoints {
      to = Map.copyOf(to);
    }

    @Override
    public boolean changesLength() {
      return true;
    }
  }

  /// Both ways of one `charset_map`.
  record Pair(CharsetTable there, CharsetTable back) {}

  /// Reads the lines of `charset_map`.
  static Pair read(Directive d, boolean utf8) {
    byte[][] there = ascii();
    byte[][] back = ascii();
    Map<Integer, Byte> points = new HashMap<>();
    for (Directive line : d.children()) {
      if (line.argumentCount() != 1) {
        throw ConfigException.at(line, "invalid parameters number");
      }
      byte[] from = hex(line, line.name(), 1);
      byte[] to = hex(line, line.argument(0), utf8 ? 3 : 1);
      there[from[0] & 0xff] = to;
      if (utf8) {
        points.put(codePoint(line, to), from[0]);
      } else {
        back[to[0] & 0xff] = from;
      }
    }
    return new Pair(new Bytes(there, utf8), utf8 ? new CodePoints(points) : new Bytes(back, false));
  }

  /// ASCII stays; of the rest nothing is known.
  private static byte[][] ascii() {
    byte[][] table = new byte[256][];
    for (int i = 0; i < 256; i++) {
      table[i] = new byte[] {i < 128 ? (byte) i : (byte) '?'};
    }
    return table;
  }

  private static byte[] hex(Directive line, String text, int longest) {
    try {
      byte[] bytes = HexFormat.of().parseHex(text.length() == 1 ? "0" + text : text);
      if (bytes.length >= 1 && bytes.length <= longest) {
        return bytes;
      }
    } catch (IllegalArgumentException _) {
      // told below
    }
    throw ConfigException.at(line, "invalid value \"" + text + "\"");
  }

  private static int codePoint(Directive line, byte[] utf8) {
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
      if (text.length() == 1) {
        return text.charAt(0);
      }
    } catch (CharacterCodingException _) {
      // told below
    }
    throw ConfigException.at(line, "invalid value \"" + line.argument(0) + "\"");
  }
}
