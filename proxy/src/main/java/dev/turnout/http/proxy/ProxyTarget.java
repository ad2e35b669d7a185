package dev.turnout.http.proxy;

import dev.turnout.http.Exchange;
import dev.turnout.http.RequestHead;
import dev.turnout.http.Template;
import dev.turnout.http.Upstreams;
import dev.turnout.http.UriEscape;
import dev.turnout.log.Level;
import dev.turnout.upstream.Upstream;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Where `proxy_pass` sends requests: an upstream known from the configuration, or one that the
/// value of variables names.
sealed interface ProxyTarget {
  /// What a request goes to, or will go to.
  sealed interface Found {}

  /// What one request goes to.
  ///
  /// @param upstream the group of servers
  /// @param host `$proxy_host`: as written, what `Host` says by default
  /// @param port `$proxy_port`
  /// @param uri the path that stands for the location's, or null where the request's is kept
  /// @param whole the URI is sent as it is, nothing of the request's is added
  record Resolved(Upstream upstream, String host, String port, @Nullable String uri, boolean whole)
      implements Found {}

  /// A host whose name is to be resolved first.
  ///
  /// @param host as written
  /// @param name the host without its port
  record Unresolved(NamedUpstreams by, String host, String name, String port, @Nullable String uri)
      implements Found {
    Resolved resolved(Upstream upstream) {
      return new Resolved(upstream, host, port, uri, uri != null);
    }
  }

  /// Nothing that a request could go to, which is logged.
  ///
  /// @param status what the client is answered with
  record Nowhere(int status) implements Found {
    static final Nowhere MALFORMED = new Nowhere(500);
    static final Nowhere UNREACHABLE = new Nowhere(502);
  }

  /// What this request goes to.
  Found resolve(Exchange exchange);

  /// The same for every request.
  record Fixed(Resolved resolved) implements ProxyTarget {
    @Override
    public Resolved resolve(Exchange exchange) {
      return resolved;
    }
  }

  /// `proxy_pass http://$name…`: the name of an upstream first, then a literal address.
  ///
  /// @param rest what follows `http://`, or the whole value where the scheme is a variable too
  /// @param schemeInside the value begins with the scheme
  /// @param implicit what other `proxy_pass` name with their words, by name and port
  record ByName(
      Template rest,
      boolean schemeInside,
      Upstreams configured,
      Map<String, Upstream> implicit,
      LiteralUpstreams literals,
      @Nullable NamedUpstreams names)
      implements ProxyTarget {
    @Override
    public Found resolve(Exchange exchange) {
      String value = rest.evaluate(exchange);
      if (schemeInside) {
        if (!value.regionMatches(true, 0, "http://", 0, 7)) {
          exchange.log(Level.ERROR, "invalid URL prefix in \"" + value + "\"");
          return Nowhere.MALFORMED;
        }
        value = value.substring(7);
      }
      int end = 0;
      while (end < value.length() && value.charAt(end) != '/' && value.charAt(end) != '?') {
        end++;
      }
      String host = end == value.length() ? value : value.substring(0, end);
      String uri = end == value.length() ? null : value.substring(end);
      if (uri != null && uri.startsWith("?")) {
        uri = "/" + uri;
      }
      if (host.isEmpty() || host.startsWith(":")) {
        exchange.log(Level.ERROR, "no host in upstream \"" + value + "\"");
        return Nowhere.MALFORMED;
      }
      if (host.startsWith("unix:")) {
        return unix(exchange, value, uri);
      }
      Upstream upstream = configured.find(host);
      if (upstream == null && !implicit.isEmpty()) {
        upstream = implicit.get(withPort(host));
      }
      if (upstream == null) {
        if (names != null && LiteralUpstreams.isName(host)) {
          return named(exchange, names, host, uri);
        }
        upstream = literals.find(exchange, host);
        if (upstream == null) {
          return Nowhere.UNREACHABLE;
        }
      }
      return new Resolved(upstream, host, port(host), uri, uri != null);
    }

    private static Found named(
        Exchange exchange, NamedUpstreams names, String host, @Nullable String uri) {
      String name = LiteralUpstreams.withoutPort(host);
      String port = port(host);
      int number = LiteralUpstreams.portNumber(port);
      if (number < 0) {
        exchange.log(Level.ERROR, "invalid port in upstream \"" + host + "\"");
        return Nowhere.MALFORMED;
      }
      Upstream known = names.known(host, name, number);
      return known == null
          ? new Unresolved(names, host, name, port, uri)
          : new Resolved(known, host, port, uri, uri != null);
    }

    private Found unix(Exchange exchange, String value, @Nullable String whole) {
      int colon = value.indexOf(':', 5);
      String path = colon < 0 ? value : value.substring(0, colon);
      String uri = colon < 0 ? null : value.substring(colon + 1);
      Upstream upstream = literals.find(exchange, path);
      if (upstream == null) {
        return Nowhere.UNREACHABLE;
      }
      assert whole == null || !whole.isEmpty();
      return new Resolved(upstream, "localhost", "", uri, uri != null && !uri.isEmpty());
    }
  }

  /// A host as it is compared: in lower case, with its port.
  static String withPort(String host) {
    String name = host.toLowerCase(Locale.ROOT);
    boolean hasPort = host.startsWith("unix:") || host.lastIndexOf(':') > host.lastIndexOf(']');
    return hasPort ? name : name + ":80";
  }

  /// The port that a host names, or the scheme's.
  static String port(String host) {
    int colon = host.lastIndexOf(':');
    return colon >= 0 && host.indexOf(']', colon) < 0 ? host.substring(colon + 1) : "80";
  }

  /// The request target that goes to the upstream.
  ///
  /// @param location the prefix that the target's URI stands for
  static String requestTarget(Exchange exchange, Resolved to, String location) {
    String uri = exchange.isPathReplaced() && !to.whole() ? null : to.uri();
    if (to.whole() && uri != null) {
      return uri;
    }
    if (uri == null && exchange.isTargetAsSent()) {
      RequestHead request = exchange.request();
      // origin-form begins with a slash (RFC 9112, section 3.2.1)
      return request.emptyPath() ? "/" + request.rawTarget() : request.rawTarget();
    }
    String path = exchange.path();
    int skipped = uri == null ? 0 : Math.min(location.length(), path.length());
    String rest = skipped == 0 ? path : path.substring(skipped);
    if (!exchange.isPathPlain()) {
      rest = UriEscape.URI.escape(rest);
    }
    String args = exchange.args();
    StringBuilder out = new StringBuilder(rest.length() + 16);
    if (uri != null) {
      out.append(uri);
    }
    out.append(rest);
    if (args != null && !args.isEmpty()) {
      out.append('?').append(args);
    }
    return out.toString();
  }
}
