package dev.turnout.control;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A block of IP addresses of one family: the first `bits` bits of an address.
final class AddressBlock {
  private final byte[] prefix;
  private final int bits;

  private AddressBlock(byte[] prefix, int bits) {
    this.prefix = prefix;
    this.bits = bits;
  }

  /// `10.0.0.0/8`, `10.1.2.3`, `fd00::/8`, `[fd00::]/8`; null if it is not a block. Bits of the
  /// address beyond the prefix have no meaning, as in nginx.
  static @Nullable AddressBlock parse(String text) {
    int slash = text.indexOf('/');
    String address = slash < 0 ? text : text.substring(0, slash);
    if (address.startsWith("[") && address.endsWith("]")) {
      address = address.substring(1, address.length() - 1);
    } else if (address.indexOf(':') >= 0 && slash < 0) {
      return null; // without brackets its end could be a port
    }
    byte[] bytes =
        address.indexOf(':') >= 0 ? AddressLiteral.ipv6(address) : AddressLiteral.ipv4(address);
    if (bytes == null) {
      return null;
    }
    int all = bytes.length * 8;
    int bits = slash < 0 ? all : AddressLiteral.decimal(text.substring(slash + 1), all);
    return bits < 0 ? null : new AddressBlock(bytes, bits);
  }

  /// A block that the program itself names.
  static AddressBlock of(String text) {
    AddressBlock block = parse(text);
    if (block == null) {
      throw new IllegalArgumentException(text);
    }
    return block;
  }

  boolean contains(byte[] address) {
    if (address.length != prefix.length) {
      return false;
    }
    int whole = bits / 8;
    if (!Arrays.equals(address, 0, whole, prefix, 0, whole)) {
      return false;
    }
    int rest = bits % 8;
    return rest == 0 || ((address[whole] ^ prefix[whole]) & 0xff) >> (8 - rest) == 0;
  }
}
