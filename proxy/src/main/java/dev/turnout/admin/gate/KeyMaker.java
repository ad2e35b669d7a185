package dev.turnout.admin.gate;

/// Makes a key for a `management_keys` file: what the client is given, and the file's line.
///
/// @param key what the client sends; kept nowhere else
/// @param line what the file has
public record KeyMaker(String key, String line) {
  /// Makes one with a new random secret.
  ///
  /// @throws IllegalArgumentException if name or role are not what they may be
  public static KeyMaker make(String name, String role) {
    if (!ApiKeys.isName(name)) {
      throw new IllegalArgumentException(
          "invalid name \"" + name + "\": up to 64 letters, digits, \"-\" and \"_\"");
    }
    Role parsed = Role.parse(role);
    String secret = KeyHash.newSecret();
    return new KeyMaker(name + "." + secret, name + ":" + parsed + ":" + KeyHash.of(secret));
  }
}
