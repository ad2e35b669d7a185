package dev.turnout.http;

import java.nio.charset.StandardCharsets;
import java.util.Locale;

/// A field name (RFC 9110 section 5.1), prepared for case-insensitive look-ups in {@link Fields}.
///
/// The names that the data path asks for have a small id of their own, so that asking is comparing
/// two ints; id 0 stands for all other names.
public final class FieldName {
  public static final int HOST = 1;
  public static final int CONNECTION = 2;
  public static final int CONTENT_LENGTH = 3;
  public static final int TRANSFER_ENCODING = 4;
  public static final int KEEP_ALIVE = 5;
  public static final int TE = 6;
  public static final int TRAILER = 7;
  public static final int UPGRADE = 8;
  public static final int EXPECT = 9;
  public static final int PROXY_CONNECTION = 10;
  public static final int DATE = 11;
  public static final int SERVER = 12;
  public static final int CONTENT_TYPE = 13;
  public static final int LOCATION = 14;
  public static final int REFRESH = 15;
  public static final int USER_AGENT = 16;
  public static final int REFERER = 17;
  public static final int COOKIE = 18;
  public static final int X_FORWARDED_FOR = 19;
  public static final int RANGE = 20;
  public static final int IF_RANGE = 21;
  public static final int IF_MODIFIED_SINCE = 22;
  public static final int IF_UNMODIFIED_SINCE = 23;
  public static final int IF_MATCH = 24;
  public static final int IF_NONE_MATCH = 25;
  public static final int LAST_MODIFIED = 26;
  public static final int ETAG = 27;
  public static final int ACCEPT_RANGES = 28;
  public static final int AUTHORIZATION = 29;
  public static final int HTTP2_SETTINGS = 30;
  public static final int SET_COOKIE = 31;
  public static final int CACHE_CONTROL = 32;
  public static final int EXPIRES = 33;
  public static final int CONTENT_ENCODING = 34;
  public static final int VARY = 35;
  public static final int LINK = 36;
  public static final int ACCEPT_ENCODING = 37;
  public static final int STATUS = 38;
  public static final int X_ACCEL_REDIRECT = 39;
  public static final int X_ACCEL_EXPIRES = 40;
  public static final int X_ACCEL_LIMIT_RATE = 41;
  public static final int X_ACCEL_BUFFERING = 42;
  public static final int X_ACCEL_CHARSET = 43;
  public static final int X_PAD = 44;
  public static final int WWW_AUTHENTICATE = 45;
  public static final int PROXY_AUTHENTICATE = 46;
  public static final int ACCEPT = 47;
  public static final int CONTENT_RANGE = 48;
  public static final int P3P = 49;
  public static final int SEC_FETCH_SITE = 50;
  public static final int ORIGIN = 51;

  private static final String[] NAMES = {
    "",
    "host",
    "connection",
    "content-length",
    "transfer-encoding",
    "keep-alive",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "proxy-connection",
    "date",
    "server",
    "content-type",
    "location",
    "refresh",
    "user-agent",
    "referer",
    "cookie",
    "x-forwarded-for",
    "range",
    "if-range",
    "if-modified-since",
    "if-unmodified-since",
    "if-match",
    "if-none-match",
    "last-modified",
    "etag",
    "accept-ranges",
    "authorization",
    "http2-settings",
    "set-cookie",
    "cache-control",
    "expires",
    "content-encoding",
    "vary",
    "link",
    "accept-encoding",
    "status",
    "x-accel-redirect",
    "x-accel-expires",
    "x-accel-limit-rate",
    "x-accel-buffering",
    "x-accel-charset",
    "x-pad",
    "www-authenticate",
    "proxy-authenticate",
    "accept",
    "content-range",
    "p3p",
    "sec-fetch-site",
    "origin"
  };

  private static final int TABLE_SIZE = 512;
  private static final byte[] TABLE = new byte[TABLE_SIZE];
  private static final byte[][] LOWER = new byte[NAMES.length][];

  static {
    for (int id = 1; id < NAMES.length; id++) {
      LOWER[id] = NAMES[id].getBytes(StandardCharsets.ISO_8859_1);
      int slot = slot(hash(LOWER[id], 0, LOWER[id].length));
      while (TABLE[slot] != 0) {
        slot = (slot + 1) & (TABLE_SIZE - 1);
      }
      TABLE[slot] = (byte) id;
    }
  }

  private final String text;
  private final byte[] lower;
  private final int hash;
  private final int known;

  private FieldName(String text) {
    this.text = text;
    this.lower = text.toLowerCase(Locale.ROOT).getBytes(StandardCharsets.ISO_8859_1);
    this.hash = hash(lower, 0, lower.length);
    this.known = lookup(hash, lower, 0, lower.length);
  }

  /// The name as written, ready for look-ups.
  public static FieldName of(String text) {
    return new FieldName(text);
  }

  /// The name of the well-known id, in lower case.
  public static String nameOf(int known) {
    return NAMES[known];
  }

  /// As written.
  public String text() {
    return text;
  }

  byte[] lower() {
    return lower;
  }

  /// The hash of the name in lower case.
  public int hash() {
    return hash;
  }

  /// The id among the constants of this class, or 0.
  public int known() {
    return known;
  }

  /// The hash that {@link Fields#add} wants: over the lower-case bytes, `h = h * 31 + byte`.
  public static int hash(byte[] data, int start, int length) {
    int h = 0;
    for (int i = start, end = start + length; i < end; i++) {
      h = h * 31 + lower(data[i]);
    }
    return h;
  }

  /// The id of a name given with its hash, or 0.
  public static int lookup(int hash, byte[] data, int start, int length) {
    for (int slot = slot(hash); ; slot = (slot + 1) & (TABLE_SIZE - 1)) {
      int id = TABLE[slot];
      if (id == 0 || equalsIgnoreCase(data, start, length, LOWER[id])) {
        return id;
      }
    }
  }

  static boolean equalsIgnoreCase(byte[] data, int start, int length, byte[] lower) {
    if (length != lower.length) {
      return false;
    }
    for (int i = 0; i < length; i++) {
      if (lower(data[start + i]) != lower[i]) {
        return false;
      }
    }
    return true;
  }

  static byte lower(byte b) {
    return b >= 'A' && b <= 'Z' ? (byte) (b + 32) : b;
  }

  private static int slot(int hash) {
    return (hash ^ (hash >>> 15)) & (TABLE_SIZE - 1);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof FieldName name && java.util.Arrays.equals(lower, name.lower);
  }

  @Override
  public int hashCode() {
    return hash;
  }

  @Override
  public String toString() {
    return text;
  }
}
