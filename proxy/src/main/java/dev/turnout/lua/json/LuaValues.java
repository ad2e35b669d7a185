package dev.turnout.lua.json;

import java.util.Arrays;

/// Values in the form of LuaJIT's `string.buffer` (its documentation, "Serialization Format
/// Specification"), in an array that grows. Used again; owned by one thread at a time.
final class LuaValues {
  private static final int FALSE = 0x01;
  private static final int TRUE = 0x02;
  private static final int NULL = 0x03;
  private static final int INT = 0x06;
  private static final int NUMBER = 0x07;
  private static final int EMPTY_TABLE = 0x08;
  private static final int HASH = 0x09;
  private static final int ARRAY = 0x0c;
  private static final int WITH_METATABLE = 0x0e;
  private static final int STRING = 0x20;
  private static final int LONG_FORM = 0xff;

  private byte[] bytes = new byte[256];
  private int length;

  void clear() {
    length = 0;
  }

  byte[] bytes() {
    return bytes;
  }

  int length() {
    return length;
  }

  private void room(int more) {
    if (length + more > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(length + more, bytes.length * 2));
    }
  }

  private void put(int b) {
    room(1);
    bytes[length++] = (byte) b;
  }

  private void int32(int at, int value) {
    for (int i = 0; i < 4; i++) {
      bytes[at + i] = (byte) (value >>> (8 * i));
    }
  }

  void nothing() {
    put(NULL);
  }

  void truth(boolean value) {
    put(value ? TRUE : FALSE);
  }

  void number(double value) {
    int whole = (int) value;
    room(9);
    if (whole == value && (whole != 0 || 1 / value > 0)) {
      bytes[length] = INT;
      int32(length + 1, whole);
      length += 5;
      return;
    }
    long bits = Double.doubleToRawLongBits(value);
    bytes[length] = NUMBER;
    int32(length + 1, (int) bits);
    int32(length + 5, (int) (bits >>> 32));
    length += 9;
  }

  /// Begins a text whose length is not known yet; returns what [#endText] wants.
  int beginText() {
    room(5);
    int at = length;
    length += 5;
    return at;
  }

  void text(byte b) {
    put(b);
  }

  void text(byte[] from, int start, int count) {
    room(count);
    System.arraycopy(from, start, bytes, length, count);
    length += count;
  }

  /// Ends it; returns how many bytes it has.
  int endText(int at) {
    int size = length - at - 5;
    int n = STRING + size;
    int header;
    if (n < 0xe0) {
      bytes[at] = (byte) n;
      header = 1;
    } else if (n < 0x1fe0) {
      bytes[at] = (byte) (0xe0 | ((n - 0xe0) >> 8));
      bytes[at + 1] = (byte) (n - 0xe0);
      header = 2;
    } else {
      bytes[at] = (byte) LONG_FORM;
      int32(at + 1, n);
      header = 5;
    }
    if (header != 5) {
      System.arraycopy(bytes, at + 5, bytes, at + header, size);
      length -= 5 - header;
    }
    return size;
  }

  /// Begins a table; returns what the ends want.
  int beginTable() {
    room(6);
    int at = length;
    length += 6;
    return at;
  }

  void endHash(int at, int members) {
    if (members == 0) {
      bytes[at] = EMPTY_TABLE;
      length = at + 1;
      return;
    }
    bytes[at] = HASH;
    bytes[at + 1] = (byte) LONG_FORM;
    int32(at + 2, members);
  }

  void endArray(int at, int elements) {
    if (elements == 0) {
      bytes[at] = EMPTY_TABLE;
      length = at + 1;
      return;
    }
    bytes[at] = ARRAY;
    bytes[at + 1] = (byte) LONG_FORM;
    int32(at + 2, elements + 1);
  }

  /// The table that follows has the first metatable of the decoder.
  void metatable() {
    put(WITH_METATABLE);
    put(0);
  }

  /// Takes out what was written from `from` to `to`.
  void cut(int from, int to) {
    System.arraycopy(bytes, to, bytes, from, length - to);
    length -= to - from;
  }
}
