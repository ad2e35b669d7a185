package dev.turnout.control;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// IP addresses in their one strict textual form, as 4 or 16 bytes. Never asks a name service, and
/// accepts nothing that another parser could read as another address.
final class AddressLiteral {
  private static final Pattern NUMBERS =
      Pattern.compile("(?:0[xX][0-9a-fA-F]*|[0-9]+)(?:\\.(?:0[xX][0-9a-fA-F]*|[0-9]+))*\\.?");

  private AddressLiteral() {}

  /// Whether `text` is made like an IPv4 address in any of the forms C libraries take: `127.1`,
  /// `0x7f000001`, `017700000001`, `2130706433`.
  static boolean looksLikeIpv4(String text) {
    return NUMBERS.matcher(text).matches();
  }

  /// Four decimal numbers without leading zeros (`010` is 8 to some and 10 to others), or null.
  static byte @Nullable [] ipv4(String text) {
    String[] parts = text.split("\\.", -1);
    if (parts.length != 4) {
      return null;
    }
    byte[] address = new byte[4];
    for (int i = 0; i < 4; i++) {
      int octet = decimal(parts[i], 255);
      if (octet < 0) {
        return null;
      }
      address[i] = (byte) octet;
    }
    return address;
  }

  /// Eight groups, or fewer around one `::`; no zone, no IPv4 part. Null if it is anything else.
  static byte @Nullable [] ipv6(String text) {
    int gap = text.indexOf("::");
    if (gap < 0) {
      byte[] address = groups(text);
      return address != null && address.length == 16 ? address : null;
    }
    byte[] before = groups(text.substring(0, gap));
    byte[] after = groups(text.substring(gap + 2));
    if (before == null || after == null || before.length + after.length > 14) {
      return null; // a `::` stands for one group at least
    }
    byte[] address = new byte[16];
    System.arraycopy(before, 0, address, 0, before.length);
    System.arraycopy(after, 0, address, 16 - after.length, after.length);
    return address;
  }

  private static byte @Nullable [] groups(String text) {
    if (text.isEmpty()) {
      return new byte[0];
    }
    String[] groups = text.split(":", -1);
    if (groups.length > 8) {
      return null;
    }
    byte[] bytes = new byte[groups.length * 2];
    for (int i = 0; i < groups.length; i++) {
      int value = group(groups[i]);
      if (value < 0) {
        return null;
      }
      bytes[2 * i] = (byte) (value >> 8);
      bytes[2 * i + 1] = (byte) value;
    }
    return bytes;
  }

  private static int group(String text) {
    if (text.isEmpty() || text.length() > 4) {
      return -1;
    }
    int value = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      // Not Character.digit alone: it takes the digits of every script.
      int digit = c < 0x80 ? Character.digit(c, 16) : -1;
      if (digit < 0) {
        return -1;
      }
      value = value << 4 | digit;
    }
    return value;
  }

  /// A number up to `max` in plain decimal digits without leading zeros, or -1.
  static int decimal(String text, int max) {
    if (text.isEmpty() || text.length() > 5 || (text.length() > 1 && text.charAt(0) == '0')) {
      return -1;
    }
    int value = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < '0' || c > '9') {
        return -1;
      }
      value = value * 10 + c - '0';
    }
    return value <= max ? value : -1;
  }
}
