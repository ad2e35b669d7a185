package dev.turnout.http.proxy;

import java.util.Arrays;
import java.util.stream.Collectors;

/// Contents of `http {}` for tests.
public final class Configurations {
  private Configurations() {}

  /// One upstream `u` that everything goes to.
  public static String proxying(String address, String... inLocation) {
    return servers("server " + address + ";", inLocation);
  }

  /// An upstream `u` with these contents that everything goes to.
  public static String servers(String upstream, String... inLocation) {
    return "upstream u { " + upstream + " }\n" + server("proxy_pass http://u;", inLocation);
  }

  /// A server with one location.
  public static String server(String first, String... inLocation) {
    return "error_log logs/error.log info; server { listen 127.0.0.1:0; location / { "
        + first
        + Arrays.stream(inLocation).map(line -> " " + line).collect(Collectors.joining())
        + " } }\n";
  }
}
