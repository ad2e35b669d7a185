package dev.turnout.log;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// Where the lines of a file have got to, each of which carries the SHA-256 of the one before it,
/// without its line feed: none can be changed, taken out or put in without all that follow.
///
/// @param digest of the last line
/// @param begun bytes of a line are there that has no line feed: a crash cut it short
record LineChain(String digest, boolean begun) {
  /// What the first line of all carries.
  static final String ORIGIN = "0".repeat(64);

  private static final int BLOCK = 64 * 1024;

  /// Of a file that may be there or not.
  static LineChain of(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long size = channel.size();
      if (size == 0) {
        return new LineChain(ORIGIN, false);
      }
      boolean begun = byteAt(channel, size - 1) != '\n';
      long end = begun ? size : size - 1;
      long start = afterLineFeed(channel, end);
      return new LineChain(digest(bytes(channel, start, end)), begun);
    }
  }

  LineChain after(String line) {
    return new LineChain(digest(line.getBytes(ISO_8859_1)), false);
  }

  private static byte byteAt(FileChannel channel, long at) throws IOException {
    return bytes(channel, at, at + 1)[0];
  }

  /// Where the last line begins that ends at `end`.
  private static long afterLineFeed(FileChannel channel, long end) throws IOException {
    for (long to = end; to > 0; to -= BLOCK) {
      long from = Math.max(0, to - BLOCK);
      byte[] block = bytes(channel, from, to);
      for (int i = block.length - 1; i >= 0; i--) {
        if (block[i] == '\n') {
          return from + i + 1;
        }
      }
    }
    return 0;
  }

  private static byte[] bytes(FileChannel channel, long from, long to) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(to - from));
    while (bytes.hasRemaining()) {
      if (channel.read(bytes, from + bytes.position()) < 0) {
        throw new IOException("the file became shorter while it was read");
      }
    }
    return bytes.array();
  }

  private static String digest(byte[] line) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(line));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has it
    }
  }
}
