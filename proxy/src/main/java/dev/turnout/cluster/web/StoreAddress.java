package dev.turnout.cluster.web;

import dev.turnout.cluster.share.StoreSpec;
import dev.turnout.net.calls.HttpCalls;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Where the members of a store are: `SCHEME://[user:password@]host[:port][,host[:port]…][/]`.
///
/// @param members at least one; without a path
/// @param user who logs in; empty: nobody
/// @param password secret: never shown
/// @param label for people, without secrets
/// @param trusted the certificates that theirs are signed by; null: those that Java trusts
public record StoreAddress(
    List<URI> members, String user, String password, String label, @Nullable Path trusted) {
  /// The parameter of `state_store` that names a file of certificates.
  public static final String TRUSTED = "ssl_trusted_certificate";

  public StoreAddress {
    members = List.copyOf(members);
  }

  @Override
  public String toString() {
    return label;
  }

  /// Reads the address of a store.
  ///
  /// @param tls whether its members speak TLS
  /// @throws IllegalArgumentException if it cannot be right: the message says how it is written
  public static StoreAddress parse(StoreSpec spec, boolean tls, int usualPort) {
    String scheme = spec.scheme();
    String usual =
        "an address is written " + scheme + "://[user:password@]host[:port][,host[:port]...]";
    String rest = spec.address().substring(scheme.length());
    if (!rest.startsWith("://")) {
      throw new IllegalArgumentException(usual);
    }
    rest = rest.substring(3);
    String login = "";
    int at = rest.lastIndexOf('@');
    if (at >= 0) {
      login = rest.substring(0, at);
      rest = rest.substring(at + 1);
    }
    if (rest.endsWith("/")) {
      rest = rest.substring(0, rest.length() - 1);
    }
    List<URI> members = new ArrayList<>();
    List<String> places = new ArrayList<>();
    for (String place : rest.split(",", -1)) {
      URI member = member(place, tls, usualPort, usual);
      members.add(member);
      places.add(HttpCalls.where(member));
    }
    int colon = login.indexOf(':');
    return new StoreAddress(
        members,
        colon < 0 ? "" : decoded(login.substring(0, colon), usual),
        decoded(login.substring(colon + 1), usual),
        scheme + "://" + String.join(",", places),
        trusted(spec, tls));
  }

  private static URI member(String place, boolean tls, int usualPort, String usual) {
    try {
      URI uri = new URI((tls ? "https://" : "http://") + place).parseServerAuthority();
      boolean plain =
          uri.getHost() != null
              && uri.getRawPath().isEmpty()
              && uri.getRawQuery() == null
              && uri.getRawFragment() == null;
      int port = uri.getPort() < 0 ? usualPort : uri.getPort();
      if (plain && port > 0 && port <= 65535) {
        return new URI(uri.getScheme(), null, uri.getHost(), port, null, null, null);
      }
    } catch (URISyntaxException _) {
      // told below, without what may be a secret
    }
    throw new IllegalArgumentException(usual);
  }

  private static String decoded(String text, String usual) {
    try {
      return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException _) {
      throw new IllegalArgumentException(usual);
    }
  }

  private static @Nullable Path trusted(StoreSpec spec, boolean tls) {
    String name = spec.parameters().getOrDefault(TRUSTED, "");
    if (name.isEmpty()) {
      return null;
    }
    if (!tls) {
      throw new IllegalArgumentException(
          TRUSTED + " is for " + spec.scheme() + "s://, which speaks TLS");
    }
    try {
      HttpCalls.trusting(Path.of(name));
    } catch (IOException e) {
      throw new IllegalArgumentException(
          TRUSTED + " \"" + name + "\" cannot be used: " + e.getMessage(), e);
    }
    return Path.of(name);
  }

  /// A file that a parameter names, which must be there.
  ///
  /// @return null if there is no such parameter
  public static @Nullable Path file(StoreSpec spec, String parameter) {
    String name = spec.parameters().getOrDefault(parameter, "");
    if (name.isEmpty()) {
      return null;
    }
    Path file = Path.of(name);
    if (!Files.isReadable(file)) {
      throw new IllegalArgumentException(parameter + " \"" + name + "\" cannot be read");
    }
    return file;
  }

  /// Who speaks to the members.
  ///
  /// @throws IOException if the certificates cannot be used any more
  public HttpCalls calls() throws IOException {
    Path file = trusted;
    return file == null ? HttpCalls.usual() : HttpCalls.trusting(file);
  }
}
