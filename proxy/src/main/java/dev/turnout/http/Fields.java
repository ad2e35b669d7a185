package dev.turnout.http;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The field lines of one message head (RFC 9110 section 5), as offsets into a byte array.
///
/// A wire codec fills it: HTTP/1 points into its copy of the head, HTTP/2 appends names and values.
/// It is owned by one exchange, reused for the next, and never shared between threads. Names keep
/// their spelling; look-ups ignore case. Values are bytes; as a `String` each char is one byte
/// (ISO-8859-1), as everywhere in Turnout.
public final class Fields {
  private static final int STRIDE = 6;
  private static final int NAME = 0;
  private static final int NAME_LENGTH = 1;
  private static final int VALUE = 2;
  private static final int VALUE_LENGTH = 3;
  private static final int HASH = 4;
  private static final int KNOWN = 5;

  private byte[] data = new byte[0];
  private int[] index = new int[STRIDE * 24];
  private int count;

  /// Forgets all fields and points at `data`, which stays owned by the caller.
  public void reset(byte[] data) {
    this.data = data;
    count = 0;
  }

  /// Moves the fields onto `data`, a copy of the present array that has grown.
  public void rebase(byte[] data) {
    this.data = data;
  }

  /// Adds a field line. `hash` is {@link FieldName#hash} of the name, computed while it was
  /// scanned.
  public void add(int name, int nameLength, int value, int valueLength, int hash) {
    int at = count * STRIDE;
    if (at == index.length) {
      index = Arrays.copyOf(index, index.length * 2);
    }
    index[at + NAME] = name;
    index[at + NAME_LENGTH] = nameLength;
    index[at + VALUE] = value;
    index[at + VALUE_LENGTH] = valueLength;
    index[at + HASH] = hash;
    index[at + KNOWN] = FieldName.lookup(hash, data, name, nameLength);
    count++;
  }

  /// Cuts or extends the value of line `i` to `length` bytes, for a codec that joins folded lines.
  public void valueLength(int i, int length) {
    index[i * STRIDE + VALUE_LENGTH] = length;
  }

  /// Takes back the line that was added last.
  public void removeLast() {
    count--;
  }

  /// Takes out line `i`; those after it move up.
  public void remove(int i) {
    System.arraycopy(index, (i + 1) * STRIDE, index, i * STRIDE, (count - i - 1) * STRIDE);
    count--;
  }

  /// Gives line `i` the value at `start`.
  void value(int i, int start, int length) {
    index[i * STRIDE + VALUE] = start;
    index[i * STRIDE + VALUE_LENGTH] = length;
  }

  /// Makes these the lines of `other`, in a copy of its bytes.
  void copyOf(Fields other, byte[] data) {
    this.data = data;
    index = other.index.clone();
    count = other.count;
  }

  /// How many field lines there are.
  public int count() {
    return count;
  }

  /// The array that the offsets point into.
  public byte[] data() {
    return data;
  }

  /// Where the name of line `i` begins in [#data()].
  public int nameStart(int i) {
    return index[i * STRIDE + NAME];
  }

  /// The length of the name of line `i`, in bytes.
  public int nameLength(int i) {
    return index[i * STRIDE + NAME_LENGTH];
  }

  /// Where the value of line `i` begins in [#data()].
  public int valueStart(int i) {
    return index[i * STRIDE + VALUE];
  }

  /// The length of the value of line `i`, in bytes, without surrounding white space.
  public int valueLength(int i) {
    return index[i * STRIDE + VALUE_LENGTH];
  }

  /// {@link FieldName#hash} of the name of line `i`.
  public int hash(int i) {
    return index[i * STRIDE + HASH];
  }

  /// The id of the name of line `i`, one of the constants of {@link FieldName}; 0 when it is none
  /// of them.
  public int known(int i) {
    return index[i * STRIDE + KNOWN];
  }

  /// The first line with this well-known name, or -1.
  public int find(int known) {
    int[] index = this.index;
    for (int i = 0, at = KNOWN; i < count; i++, at += STRIDE) {
      if (index[at] == known) {
        return i;
      }
    }
    return -1;
  }

  /// The next line after `i` with this well-known name, or -1.
  public int findAfter(int i, int known) {
    for (int next = i + 1; next < count; next++) {
      if (known(next) == known) {
        return next;
      }
    }
    return -1;
  }

  /// The value of line `i`.
  public String value(int i) {
    return new String(data, valueStart(i), valueLength(i), StandardCharsets.ISO_8859_1);
  }

  /// The value of line `i`; `before` itself if it is that, so that what repeats is not made anew.
  public String value(int i, @Nullable String before) {
    return before != null && isValue(i, before) ? before : value(i);
  }

  private boolean isValue(int i, String text) {
    int length = valueLength(i);
    if (length != text.length()) {
      return false;
    }
    int start = valueStart(i);
    for (int k = 0; k < length; k++) {
      if ((data[start + k] & 0xff) != text.charAt(k)) {
        return false;
      }
    }
    return true;
  }

  /// The name of line `i` as it was sent.
  public String name(int i) {
    return new String(data, nameStart(i), nameLength(i), StandardCharsets.ISO_8859_1);
  }

  /// The value of the first line with this well-known name.
  public @Nullable String first(int known) {
    int i = find(known);
    return i < 0 ? null : value(i);
  }

  /// True if the name of line `i` is `name`, in any case.
  public boolean nameIs(int i, FieldName name) {
    if (hash(i) != name.hash()) {
      return false;
    }
    return FieldName.equalsIgnoreCase(data, nameStart(i), nameLength(i), name.lower());
  }

  /// The first line named `name`, or -1.
  public int find(FieldName name) {
    if (name.known() != 0) {
      return find(name.known());
    }
    for (int i = 0; i < count; i++) {
      if (nameIs(i, name)) {
        return i;
      }
    }
    return -1;
  }

  /// True if the value of line `i` equals `text`, in any case.
  public boolean valueIs(int i, String text) {
    int length = valueLength(i);
    if (length != text.length()) {
      return false;
    }
    int start = valueStart(i);
    for (int k = 0; k < length; k++) {
      if (FieldName.lower(data[start + k]) != FieldName.lower((byte) text.charAt(k))) {
        return false;
      }
    }
    return true;
  }
}
