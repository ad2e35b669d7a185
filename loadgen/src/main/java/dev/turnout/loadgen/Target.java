package dev.turnout.loadgen;

import java.net.URI;
import java.net.URISyntaxException;

/// Where the requests go: host and port of an `http` URL, and the request target (path and query).
record Target(String host, int port, String path) {
  /// Reads an URL; the message of the exception says what is wrong with it.
  static Target of(String url) {
    URI uri;
    try {
      uri = new URI(url);
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException("not a URL: " + url + ": " + e.getReason(), e);
    }
    if (!"http".equalsIgnoreCase(uri.getScheme())) {
      throw new IllegalArgumentException("only http:// URLs are supported: " + url);
    }
    if (uri.getHost() == null) {
      throw new IllegalArgumentException("no host in " + url);
    }
    String path = uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
    String query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
    return new Target(uri.getHost(), uri.getPort() < 0 ? 80 : uri.getPort(), path + query);
  }

  /// The value of the Host field: without the port when it is HTTP's own.
  String authority() {
    return port == 80 ? host : host + ":" + port;
  }
}
