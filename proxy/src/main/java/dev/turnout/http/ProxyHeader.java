package dev.turnout.http;

import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// What a proxy in front said of a connection before its first byte (the PROXY protocol): where the
/// client is and where it connected to. Immutable.
///
/// @param source where the client is; null if that is not known
/// @param destination where the client connected to
/// @param extensions the type-length-value fields of version 2, as bytes
public record ProxyHeader(
    @Nullable InetSocketAddress source,
    @Nullable InetSocketAddress destination,
    String extensions) {
  private static final int SSL = 0x20;
  private static final int SSL_FLAGS_AND_VERIFY = 5;

  /// What `$proxy_protocol_tlv_…` names: an extension by name or by its number in hex, or one
  /// inside that about TLS.
  ///
  /// @param type the number
  /// @param inTls true if it is inside the one about TLS
  /// @param isVerify true for the result of verifying the client's certificate
  public record Extension(int type, boolean inTls, boolean isVerify) {
    /// Reads the name; null if it names none.
    public static @Nullable Extension parse(String name) {
      if (name.startsWith("0x")) {
        return number(name.substring(2), false);
      }
      if (name.startsWith("ssl_0x")) {
        return number(name.substring(6), true);
      }
      return switch (name) {
        case "alpn" -> new Extension(0x01, false, false);
        case "authority" -> new Extension(0x02, false, false);
        case "unique_id" -> new Extension(0x05, false, false);
        case "ssl" -> new Extension(SSL, false, false);
        case "netns" -> new Extension(0x30, false, false);
        case "ssl_verify" -> new Extension(0, true, true);
        case "ssl_version" -> new Extension(0x21, true, false);
        case "ssl_cn" -> new Extension(0x22, true, false);
        case "ssl_cipher" -> new Extension(0x23, true, false);
        case "ssl_sig_alg" -> new Extension(0x24, true, false);
        case "ssl_key_alg" -> new Extension(0x25, true, false);
        default -> null;
      };
    }

    private static @Nullable Extension number(String hex, boolean inTls) {
      try {
        int type = Integer.parseInt(hex, 16);
        return type >= 0 && type <= 255 ? new Extension(type, inTls, false) : null;
      } catch (NumberFormatException _) {
        return null;
      }
    }
  }

  /// The value of an extension, or null if it is not there.
  public @Nullable String extension(Extension wanted) {
    if (!wanted.inTls()) {
      return find(extensions, wanted.type());
    }
    String tls = find(extensions, SSL);
    if (tls == null || tls.length() < SSL_FLAGS_AND_VERIFY) {
      return null;
    }
    if (wanted.isVerify()) {
      byte[] at = tls.getBytes(StandardCharsets.ISO_8859_1);
      int verify =
          (at[1] & 0xff) << 24 | (at[2] & 0xff) << 16 | (at[3] & 0xff) << 8 | (at[4] & 0xff);
      return Integer.toUnsignedString(verify);
    }
    return find(tls.substring(SSL_FLAGS_AND_VERIFY), wanted.type());
  }

  private static @Nullable String find(String fields, int type) {
    int at = 0;
    while (at + 3 <= fields.length()) {
      int length = fields.charAt(at + 1) << 8 | fields.charAt(at + 2);
      int start = at + 3;
      if (start + length > fields.length()) {
        return null;
      }
      if (fields.charAt(at) == type) {
        return fields.substring(start, start + length);
      }
      at = start + length;
    }
    return null;
  }
}
