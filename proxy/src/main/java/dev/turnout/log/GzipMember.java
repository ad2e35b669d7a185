package dev.turnout.log;

import java.io.ByteArrayOutputStream;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/// Bytes on their way into a gzip file (RFC 1952), which is a row of members that can each be
/// unpacked alone: a log that ends anywhere between two of them is readable. Used by one thread.
final class GzipMember {
  private static final byte[] HEAD = {0x1f, (byte) 0x8b, 8, 0, 0, 0, 0, 0, 0, 3}; // 3: Unix
  private static final int PIECE = 8 * 1024;

  private final Deflater deflater;
  private final CRC32 check = new CRC32();
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final byte[] piece = new byte[PIECE];
  private long length;

  /// @param level 1 to 9
  GzipMember(int level) {
    deflater = new Deflater(level, true);
  }

  /// Adds to the member.
  void add(byte[] bytes, int offset, int count) {
    if (length == 0) {
      out.writeBytes(HEAD);
    }
    length += count;
    check.update(bytes, offset, count);
    deflater.setInput(bytes, offset, count);
    while (!deflater.needsInput()) {
      out.write(piece, 0, deflater.deflate(piece));
    }
  }

  /// The member, whole; another one begins.
  byte[] finish() {
    deflater.finish();
    while (!deflater.finished()) {
      out.write(piece, 0, deflater.deflate(piece));
    }
    number(check.getValue());
    number(length);
    byte[] member = out.toByteArray();
    out.reset();
    check.reset();
    deflater.reset();
    length = 0;
    return member;
  }

  private void number(long value) {
    for (int shift = 0; shift < 32; shift += 8) {
      out.write((int) (value >>> shift));
    }
  }

  /// Lets go of the memory outside the heap.
  void close() {
    deflater.end();
  }
}
