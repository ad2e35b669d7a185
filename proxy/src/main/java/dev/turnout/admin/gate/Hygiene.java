package dev.turnout.admin.gate;

import dev.turnout.http.Exchange;
import dev.turnout.http.FieldName;
import dev.turnout.http.Fields;
import dev.turnout.http.RequestHead;
import dev.turnout.net.ListenAddress;
import java.net.InetSocketAddress;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// What a request must be like to change something, whoever sends it: not one that a page of
/// another site has a browser make with the rights of its user, and of the plainest form.
///
/// The site is told by `Sec-Fetch-Site`, `Origin` and `Host`, none of which a script can set;
/// clients that are no browsers send the first two not at all.
public final class Hygiene {
  private static final Pattern LOOPBACK =
      Pattern.compile("127(\\.[0-9]{1,3}){3}|\\[::1]|localhost");

  private Hygiene() {}

  /// Why the request may change nothing; null if nothing is against it.
  static Decision.@Nullable Refused problem(Exchange exchange, Dialect dialect) {
    RequestHead request = exchange.request();
    String method = exchange.method();
    boolean safe = isSafe(method);
    if (!changes(dialect, method)) {
      return new Decision.Refused(405, method + " changes nothing here: use POST, PUT or the like");
    }
    if ((safe || isOfBrowser(request)) && !isOurs(exchange)) {
      return new Decision.Refused(
          403, "a change is asked under a name of this server, or its address");
    }
    if (isOfAnotherSite(request) || (safe && hasForeignReferer(request))) {
      return new Decision.Refused(403, "request from another site");
    }
    if (request.hasUpgrade()) {
      return new Decision.Refused(400, "a change is not asked together with Upgrade");
    }
    if (request.chunked() && !dialect.takesChunks()) {
      return new Decision.Refused(411, "the body of a change needs a Content-Length");
    }
    if (dialect.takesJson()
        && request.contentLength() > 0
        && !isJson(request.fields().first(FieldName.CONTENT_TYPE))) {
      return new Decision.Refused(415, "the body must be application/json");
    }
    return null;
  }

  /// Whether a request with this method may change something.
  static boolean changes(Dialect dialect, String method) {
    return !isSafe(method) || (dialect.changesByGet() && method.equals("GET"));
  }

  private static boolean isSafe(String method) {
    return switch (method) {
      case "GET", "HEAD", "OPTIONS", "TRACE" -> true;
      default -> false;
    };
  }

  /// Whether a browser sent it: with anything but GET and HEAD it says where the page came from.
  private static boolean isOfBrowser(RequestHead request) {
    Fields fields = request.fields();
    return fields.find(FieldName.ORIGIN) >= 0
        || fields.find(FieldName.SEC_FETCH_SITE) >= 0
        || fields.find(FieldName.REFERER) >= 0;
  }

  /// Whether `Host` is a name of the server, or an address: a name of somebody else that leads here
  /// is how a page gets around what browsers hold apart.
  private static boolean isOurs(Exchange exchange) {
    String host = exchange.request().host();
    if (host == null) {
      return false;
    }
    return LOOPBACK.matcher(host).matches()
        || exchange.server().isNamed(host)
        || (exchange.downstream().localAddress() instanceof InetSocketAddress local
            && ListenAddress.host(local).equals(host));
  }

  /// Whether a page of another site has a browser ask.
  public static boolean isOfAnotherSite(RequestHead request) {
    Fields fields = request.fields();
    for (int i = fields.find(FieldName.SEC_FETCH_SITE);
        i >= 0;
        i = fields.findAfter(i, FieldName.SEC_FETCH_SITE)) {
      String site = fields.value(i);
      if (!site.equals("same-origin") && !site.equals("none")) {
        return true;
      }
    }
    for (int i = fields.find(FieldName.ORIGIN); i >= 0; i = fields.findAfter(i, FieldName.ORIGIN)) {
      if (!isOwn(fields.value(i), request.host(), request.hostPort())) {
        return true;
      }
    }
    return false;
  }

  private static boolean hasForeignReferer(RequestHead request) {
    String referer = request.fields().first(FieldName.REFERER);
    if (referer == null) {
      return false;
    }
    int authority = referer.indexOf("://");
    int path = authority < 0 ? -1 : referer.indexOf('/', authority + 3);
    String origin = path < 0 ? referer : referer.substring(0, path);
    return !isOwn(origin, request.host(), request.hostPort());
  }

  /// Whether `origin` is the site that was asked, by host and port.
  ///
  /// @param port the port that was sent with the host; 0: the scheme's own
  static boolean isOwn(String origin, @Nullable String host, int port) {
    int scheme = origin.indexOf("://");
    if (scheme < 0 || host == null) {
      return false; // `null`: a page without an origin
    }
    String standard =
        switch (origin.substring(0, scheme).toLowerCase(Locale.ROOT)) {
          case "http" -> "80";
          case "https" -> "443";
          default -> "";
        };
    String authority = origin.substring(scheme + 3).toLowerCase(Locale.ROOT);
    int colon = authority.lastIndexOf(':');
    boolean hasPort = colon > authority.lastIndexOf(']');
    String itsHost = hasPort ? authority.substring(0, colon) : authority;
    String itsPort = hasPort ? authority.substring(colon + 1) : standard;
    return itsHost.equals(host) && itsPort.equals(port == 0 ? standard : Integer.toString(port));
  }

  /// Whether it is the media type of JSON.
  public static boolean isJson(@Nullable String type) {
    if (type == null) {
      return false;
    }
    int parameters = type.indexOf(';');
    String essence = parameters < 0 ? type : type.substring(0, parameters);
    return essence.strip().equalsIgnoreCase("application/json");
  }
}
