package dev.turnout.upstream.sticky;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// The route of a server that has no `route=`.
public final class RouteId {
  private RouteId() {}

  /// The MD5 of the address as nginx prints it, so that cookies outlive a change of program.
  public static String of(String address) {
    return HexFormat.of().formatHex(md5().digest(address.getBytes(StandardCharsets.ISO_8859_1)));
  }

  private static MessageDigest md5() {
    try {
      return MessageDigest.getInstance("MD5"); // hides no secret: the addresses are few
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has it
    }
  }
}
