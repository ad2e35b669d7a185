package dev.turnout.http.proxy;

import dev.turnout.http.Exchange;
import dev.turnout.http.Template;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The cookie of a `sticky cookie`, as it is sent to clients: nginx's attributes in nginx's order.
///
/// @param name the cookie's name
/// @param expires how it ends; null with the client's session
/// @param domain empty for none
/// @param sameSite empty for none
/// @param path null for none
record StickyCookieText(
    String name,
    @Nullable Expires expires,
    Template domain,
    boolean httpOnly,
    boolean secure,
    Template sameSite,
    @Nullable String path) {
  private static final Set<String> SAME_SITES = Set.of("strict", "lax", "none");
  private static final DateTimeFormatter SHORT_YEAR =
      DateTimeFormatter.ofPattern("EEE, dd-MMM-yy HH:mm:ss 'GMT'", Locale.ROOT);
  private static final DateTimeFormatter LONG_YEAR =
      DateTimeFormatter.ofPattern("EEE, dd-MMM-yyyy HH:mm:ss 'GMT'", Locale.ROOT);

  /// When a cookie ends.
  sealed interface Expires {
    /// `max`: as late as old clients can reckon.
    record Never() implements Expires {}

    /// So long after each response.
    record After(long seconds) implements Expires {}
  }

  /// Whether it is one of the values that `samesite` has, in any case.
  static boolean isSameSite(String value) {
    return SAME_SITES.contains(value.toLowerCase(Locale.ROOT));
  }

  String value(Exchange exchange, String route) {
    StringBuilder out = new StringBuilder(96);
    out.append(name).append('=').append(route);
    switch (expires) {
      case null -> {
        // the cookie ends with the client's session
      }
      case Expires.Never() ->
          out.append("; expires=Thu, 31-Dec-37 23:55:55 GMT; max-age=315360000");
      case Expires.After(long seconds) ->
          out.append("; expires=")
              .append(date(exchange.worker().nowMillis() / 1000 + seconds))
              .append("; max-age=")
              .append(seconds);
    }
    String to = domain.evaluate(exchange);
    if (!to.isEmpty()) {
      out.append("; domain=").append(to);
    }
    if (httpOnly) {
      out.append("; httponly");
    }
    if (secure) {
      out.append("; secure");
    }
    String site = sameSite.evaluate(exchange);
    if (!site.isEmpty()) {
      out.append("; samesite=").append(isSameSite(site) ? site : "strict");
    }
    if (path != null) {
      out.append("; path=").append(path);
    }
    return out.toString();
  }

  /// Netscape's form of a date; after 2037 the year needs all its digits to be told from the past.
  private static String date(long epochSecond) {
    var time = Instant.ofEpochSecond(epochSecond).atOffset(ZoneOffset.UTC);
    return (time.getYear() > 2037 ? LONG_YEAR : SHORT_YEAR).format(time);
  }
}
