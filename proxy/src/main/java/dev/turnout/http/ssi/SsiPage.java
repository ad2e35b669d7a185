package dev.turnout.http.ssi;

import io.netty.buffer.ByteBuf;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What the pages that make up one response share: variables that were set, what the last regular
/// expression captured, and named blocks. Kept with the client's request, confined to its loop.
final class SsiPage {
  /// How many bytes all blocks of a request may have.
  private static final int BLOCKS = 1024 * 1024;

  private final Map<String, String> variables = new HashMap<>();
  private final Map<String, ByteArrayOutputStream> blocks = new HashMap<>();
  private String[] captures = {};
  private @Nullable ByteArrayOutputStream open;
  private int blockBytes;

  /// A variable that was set, or a capture; null if there is none.
  @Nullable String variable(String name) {
    if (name.length() == 1 && name.charAt(0) >= '0' && name.charAt(0) <= '9') {
      int group = name.charAt(0) - '0';
      if (group < captures.length) {
        return captures[group];
      }
    }
    return variables.get(name.toLowerCase(Locale.ROOT));
  }

  void set(String name, String value) {
    variables.put(name.toLowerCase(Locale.ROOT), value);
  }

  void captured(String[] groups) {
    captures = groups;
  }

  /// Begins a block. Of two with one name the first counts, as in nginx.
  void openBlock(String name) {
    ByteArrayOutputStream made = new ByteArrayOutputStream();
    blocks.putIfAbsent(name, made);
    open = made;
  }

  void closeBlock() {
    open = null;
  }

  /// Adds to the block that was begun last; false if that is too much.
  boolean add(ByteBuf text) {
    byte[] bytes = new byte[text.readableBytes()];
    text.getBytes(text.readerIndex(), bytes);
    return add(bytes);
  }

  boolean add(String text) {
    return add(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  private boolean add(byte[] bytes) {
    ByteArrayOutputStream to = open;
    if (to == null || blockBytes + bytes.length > BLOCKS) {
      return false;
    }
    blockBytes += bytes.length;
    to.writeBytes(bytes);
    return true;
  }

  /// The content of a block, or null.
  byte @Nullable [] block(String name) {
    ByteArrayOutputStream there = blocks.get(name);
    return there == null ? null : there.toByteArray();
  }
}
