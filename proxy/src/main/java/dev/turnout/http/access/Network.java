package dev.turnout.http.access;

import dev.turnout.config.Units;
import io.netty.util.NetUtil;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A block of addresses in CIDR notation, or a single address. Immutable.
final class Network {
  private final byte[] address;
  private final int prefix;
  private final boolean hasLowBits;

  private Network(byte[] address, int prefix, boolean hasLowBits) {
    this.address = address;
    this.prefix = prefix;
    this.hasLowBits = hasLowBits;
  }

  /// Reads `192.0.2.0/24`, `192.0.2.1` or the like in IPv6.
  ///
  /// @throws IllegalArgumentException if it is none
  static Network parse(String text) {
    int slash = text.indexOf('/');
    byte[] address = address(slash < 0 ? text : text.substring(0, slash));
    if (address == null) {
      throw new IllegalArgumentException(text);
    }
    int bits = address.length * 8;
    long prefix = slash < 0 ? bits : Units.number(text.substring(slash + 1)).orElse(-1);
    if (prefix < 0 || prefix > bits) {
      throw new IllegalArgumentException(text);
    }
    byte[] first = address.clone();
    for (int i = 0; i < first.length; i++) {
      first[i] &= mask((int) prefix - i * 8);
    }
    return new Network(first, (int) prefix, !Arrays.equals(first, address));
  }

  /// The bytes of an address, or null if `text` is none.
  static byte @Nullable [] address(String text) {
    return NetUtil.isValidIpV4Address(text) || NetUtil.isValidIpV6Address(text)
        ? NetUtil.createByteArrayFromIpAddressString(text)
        : null;
  }

  /// True if every address of this length is one of its.
  boolean isWhole(int length) {
    return prefix == 0 && address.length == length;
  }

  /// True if `other` is one of its addresses.
  boolean contains(byte[] other) {
    if (other.length != address.length) {
      return false;
    }
    for (int i = 0; i < address.length; i++) {
      if ((other[i] & mask(prefix - i * 8)) != address[i]) {
        return false;
      }
    }
    return true;
  }

  /// The byte whose first `bits` bits are set.
  private static byte mask(int bits) {
    return (byte) (0xff00 >> Math.clamp(bits, 0, 8));
  }

  /// How many leading bits its addresses share.
  int prefix() {
    return prefix;
  }

  /// How many bytes its addresses have: 4 or 16.
  int length() {
    return address.length;
  }

  /// A bit of its first address.
  int bit(int i) {
    return bit(address, i);
  }

  /// A bit of an address, counted from the first.
  static int bit(byte[] address, int i) {
    return (address[i >> 3] >> (7 - (i & 7))) & 1;
  }

  /// True if the text named bits beyond the prefix.
  boolean hasLowBits() {
    return hasLowBits;
  }

  @Override
  public String toString() {
    return NetUtil.bytesToIpAddress(address) + "/" + prefix;
  }
}
