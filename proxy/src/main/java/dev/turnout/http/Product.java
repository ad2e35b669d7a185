package dev.turnout.http;

/// What Turnout calls itself on the wire. Tools and test suites that know nginx look for its name
/// and version, so those are what `Server` and the built-in pages carry.
public final class Product {
  /// The nginx version whose behaviour is followed.
  public static final String NGINX_VERSION = "1.31.5";

  /// `Server` with `server_tokens on`.
  public static final String SERVER = "nginx/" + NGINX_VERSION;

  /// `Server` with `server_tokens off`.
  public static final String SERVER_WITHOUT_VERSION = "nginx";

  /// The version of Turnout itself.
  public static final String VERSION = "0.1.0";

  private Product() {}
}
