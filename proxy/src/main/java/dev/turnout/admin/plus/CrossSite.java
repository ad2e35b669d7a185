package dev.turnout.admin.plus;

import dev.turnout.http.Exchange;
import dev.turnout.http.FieldName;
import dev.turnout.http.Fields;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Tells the requests that a page of another site has a browser make. They come with the rights of
/// the user's machine or session, so they may change nothing.
///
/// Decided by `Sec-Fetch-Site` and `Origin`, which scripts cannot set; clients that are no browsers
/// send neither.
final class CrossSite {
  private CrossSite() {}

  static boolean isBehind(Exchange exchange) {
    Fields fields = exchange.request().fields();
    String site = fields.first(FieldName.SEC_FETCH_SITE);
    if (site != null && site.equalsIgnoreCase("cross-site")) {
      return true;
    }
    String origin = fields.first(FieldName.ORIGIN);
    return origin != null && !isOwn(origin, fields.first(FieldName.HOST));
  }

  /// Whether `origin` is the site that was asked, by host and port.
  static boolean isOwn(String origin, @Nullable String host) {
    int authority = origin.indexOf("://");
    if (authority < 0 || host == null) {
      return false; // `null`: a page without an origin
    }
    String scheme = origin.substring(0, authority).toLowerCase(Locale.ROOT);
    String port = scheme.equals("https") ? ":443" : ":80";
    return withoutPort(origin.substring(authority + 3), port)
        .equalsIgnoreCase(withoutPort(host, port));
  }

  private static String withoutPort(String authority, String port) {
    return authority.endsWith(port)
        ? authority.substring(0, authority.length() - port.length())
        : authority;
  }
}
