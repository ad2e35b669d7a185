package dev.turnout.testkit;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;

/// An answer record of a [FakeDns].
public final class DnsRecord {
  static final int A = 1;
  static final int CNAME = 5;
  static final int AAAA = 28;
  static final int SRV = 33;

  private final int type;
  private final int ttlSeconds;
  private final byte[] data;

  /// @param type its number
  /// @param data its content as it goes over the wire
  private DnsRecord(int type, int ttlSeconds, byte[] data) {
    this.type = type;
    this.ttlSeconds = ttlSeconds;
    this.data = data;
  }

  /// An IPv4 or IPv6 address.
  public static DnsRecord address(int ttlSeconds, String literal) {
    byte[] bytes = InetAddress.ofLiteral(literal).getAddress();
    return new DnsRecord(bytes.length == 4 ? A : AAAA, ttlSeconds, bytes);
  }

  /// The name is another's.
  public static DnsRecord alias(int ttlSeconds, String name) {
    return new DnsRecord(CNAME, ttlSeconds, encode(name));
  }

  /// Where a service is to be had.
  public static DnsRecord service(int ttlSeconds, int priority, int weight, int port, String name) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeShort(priority);
      out.writeShort(weight);
      out.writeShort(port);
      out.write(encode(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new DnsRecord(SRV, ttlSeconds, bytes.toByteArray());
  }

  int type() {
    return type;
  }

  /// Writes all of it but the name that it is for.
  void writeTo(DataOutputStream out) throws IOException {
    out.writeShort(type);
    out.writeShort(1); // the Internet
    out.writeInt(ttlSeconds);
    out.writeShort(data.length);
    out.write(data);
  }

  private static byte[] encode(String name) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (String label : name.split("\\.", -1)) {
      out.write(label.length());
      out.writeBytes(label.getBytes(StandardCharsets.ISO_8859_1));
    }
    out.write(0);
    return out.toByteArray();
  }
}
