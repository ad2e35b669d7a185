package dev.turnout.http.proxy;

import dev.turnout.http.Exchange;
import dev.turnout.http.Template;
import dev.turnout.http.Variables;
import dev.turnout.upstream.sticky.StickyCookie;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Set;

/// The cookie of a `sticky cookie`, as it is sent to clients: nginx's attributes in nginx's order.
///
/// @param domain [StickyCookie#domain], compiled
/// @param sameSite [StickyCookie#sameSite], compiled
record StickyCookieText(StickyCookie cookie, Template domain, Template sameSite) {
  private static final Set<String> SAME_SITES = Set.of("strict", "lax", "none");
  private static final DateTimeFormatter SHORT_YEAR =
      DateTimeFormatter.ofPattern("EEE, dd-MMM-yy HH:mm:ss 'GMT'", Locale.ROOT);
  private static final DateTimeFormatter LONG_YEAR =
      DateTimeFormatter.ofPattern("EEE, dd-MMM-yyyy HH:mm:ss 'GMT'", Locale.ROOT);

  /// @throws IllegalArgumentException if it has a variable that is not there
  static StickyCookieText of(StickyCookie cookie, Variables variables) {
    return new StickyCookieText(
        cookie,
        Template.compile(cookie.domain(), variables),
        Template.compile(cookie.sameSite(), variables));
  }

  /// Whether it is one of the values that `samesite` has, in any case.
  static boolean isSameSite(String value) {
    return SAME_SITES.contains(value.toLowerCase(Locale.ROOT));
  }

  String value(Exchange exchange, String route) {
    StringBuilder out = new StringBuilder(96);
    out.append(cookie.name()).append('=').append(route);
    long expires = cookie.expires();
    if (expires == StickyCookie.MAX) {
      out.append("; expires=Thu, 31-Dec-37 23:55:55 GMT; max-age=315360000");
    } else if (expires != StickyCookie.SESSION) {
      out.append("; expires=")
          .append(date(exchange.worker().nowMillis() / 1000 + expires))
          .append("; max-age=")
          .append(expires);
    }
    String to = domain.evaluate(exchange);
    if (!to.isEmpty()) {
      out.append("; domain=").append(to);
    }
    if (cookie.httpOnly()) {
      out.append("; httponly");
    }
    if (cookie.secure()) {
      out.append("; secure");
    }
    String site = sameSite.evaluate(exchange);
    if (!site.isEmpty()) {
      out.append("; samesite=").append(isSameSite(site) ? site : "strict");
    }
    if (!cookie.path().isEmpty()) {
      out.append("; path=").append(cookie.path());
    }
    return out.toString();
  }

  /// Netscape's form of a date; after 2037 the year needs all its digits to be told from the past.
  private static String date(long epochSecond) {
    var time = Instant.ofEpochSecond(epochSecond).atOffset(ZoneOffset.UTC);
    return (time.getYear() > 2037 ? LONG_YEAR : SHORT_YEAR).format(time);
  }
}
