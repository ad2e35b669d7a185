package dev.turnout.http;

import java.util.Arrays;

/// The options of the Connection field lines of one head (RFC 9110 section 7.6.1).
///
/// Those that are not `close`, `keep-alive` or `upgrade` nominate fields that end at this hop; they
/// are kept as offsets into the head and compared only when somebody forwards it. Owned by its
/// head.
public final class ConnectionOptions {
  /// More than this many nominations are no connection management but an attack on the comparing.
  private static final int MAX_NOMINATIONS = 64;

  private static final int STRIDE = 3;
  private static final byte[] CLOSE = {'c', 'l', 'o', 's', 'e'};
  private static final byte[] KEEP_ALIVE = {'k', 'e', 'e', 'p', '-', 'a', 'l', 'i', 'v', 'e'};
  private static final byte[] UPGRADE = {'u', 'p', 'g', 'r', 'a', 'd', 'e'};

  // framing and routing are never up to the sender's list of hop-by-hop names
  private static final long PROTECTED =
      1L << FieldName.HOST | 1L << FieldName.CONTENT_LENGTH | 1L << FieldName.TRANSFER_ENCODING;

  private int[] nominations = new int[STRIDE * 4];
  private int count;
  private boolean close;
  private boolean keepAlive;
  private boolean upgrade;

  void reset() {
    count = 0;
    close = false;
    keepAlive = false;
    upgrade = false;
  }

  void copyOf(ConnectionOptions other) {
    nominations = other.nominations.clone();
    count = other.count;
    close = other.close;
    keepAlive = other.keepAlive;
    upgrade = other.upgrade;
  }

  /// Adds the options of one field value; false if there are too many of them.
  public boolean add(byte[] data, int start, int length) {
    int end = start + length;
    int p = start;
    while (p < end) {
      int from = p;
      while (p < end && data[p] != ',') {
        p++;
      }
      int to = p++;
      while (from < to && isBlank(data[from])) {
        from++;
      }
      while (to > from && isBlank(data[to - 1])) {
        to--;
      }
      if (to > from && !option(data, from, to - from)) {
        return false;
      }
    }
    return true;
  }

  private boolean option(byte[] data, int start, int length) {
    if (FieldName.equalsIgnoreCase(data, start, length, KEEP_ALIVE)) {
      keepAlive = true;
      return true;
    }
    if (FieldName.equalsIgnoreCase(data, start, length, CLOSE)) {
      close = true;
      return true;
    }
    if (FieldName.equalsIgnoreCase(data, start, length, UPGRADE)) {
      upgrade = true;
      return true;
    }
    if (count == MAX_NOMINATIONS) {
      return false;
    }
    int at = count * STRIDE;
    if (at == nominations.length) {
      nominations = Arrays.copyOf(nominations, nominations.length * 2);
    }
    nominations[at] = start;
    nominations[at + 1] = length;
    nominations[at + 2] = FieldName.hash(data, start, length);
    count++;
    return true;
  }

  private static boolean isBlank(byte b) {
    return b == ' ' || b == '\t';
  }

  /// The sender will close the connection after this message.
  public boolean close() {
    return close;
  }

  /// The sender asks to keep the connection.
  public boolean keepAlive() {
    return keepAlive;
  }

  /// The Upgrade field is meant for this hop.
  public boolean upgrade() {
    return upgrade;
  }

  /// True if the options name any field that ends at this hop.
  public boolean nominatesAny() {
    return count != 0;
  }

  /// True if field line `i` is named by an option and must not be forwarded.
  public boolean nominates(Fields fields, int i) {
    if (count == 0) {
      return false;
    }
    int known = fields.known(i);
    if (known != 0 && (PROTECTED >>> known & 1) != 0) {
      return false;
    }
    byte[] data = fields.data();
    int hash = fields.hash(i);
    int length = fields.nameLength(i);
    for (int at = 0; at < count * STRIDE; at += STRIDE) {
      if (nominations[at + 2] == hash
          && nominations[at + 1] == length
          && sameName(data, nominations[at], fields.nameStart(i), length)) {
        return true;
      }
    }
    return false;
  }

  private static boolean sameName(byte[] data, int a, int b, int length) {
    for (int i = 0; i < length; i++) {
      if (FieldName.lower(data[a + i]) != FieldName.lower(data[b + i])) {
        return false;
      }
    }
    return true;
  }
}
