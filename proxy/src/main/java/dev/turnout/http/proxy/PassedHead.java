package dev.turnout.http.proxy;

import dev.turnout.config.Units;
import dev.turnout.http.Exchange;
import dev.turnout.http.FieldName;
import dev.turnout.http.Fields;
import dev.turnout.http.HttpDate;
import dev.turnout.http.Response;
import dev.turnout.http.ResponseHead;
import dev.turnout.http.ResponseHeaders;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// What the client gets of an upstream's head, as [RequestComposer] says what the upstream gets of
/// the client's. Belongs to one [Proxying] and is used again with it.
final class PassedHead {
  private static final FieldName CONTENT_DISPOSITION = FieldName.of("Content-Disposition");

  private @Nullable String lastContentType; // mostly the same again

  /// The status, and what the upstream asks of us.
  void begin(Exchange present, ProxySettings settings, ResponseHead head) {
    Response response = present.response();
    if (present.errorStatus() == 0 || response.status() <= 0) {
      response.status(head.status());
      response.reason(statusText(head));
    }
    obey(present, settings, response, head.fields());
  }

  /// The fields, and how long the body is.
  ///
  /// @param method of the request as the upstream got it
  void pass(Exchange present, ProxySettings settings, ResponseHead head, String method) {
    Response response = present.response();
    Fields fields = head.fields();
    int status = head.status();
    response.pass(fields);
    HiddenFields hidden = settings.hidden();
    hidden.apply(response, fields);
    if (head.connection().nominatesAny()) {
      for (int i = 0; i < fields.count(); i++) {
        if (head.isNominatedByConnection(i)) {
          response.withhold(i);
        }
      }
    }
    copyPlaced(response, fields, hidden);
    redirect(present, settings, response, fields);
    if (!settings.options().cookies().isEmpty()) {
      changeCookies(present, settings, response, fields);
    }
    ResponseHead.Framing framing = head.framing(method);
    boolean bodyless = framing == ResponseHead.Framing.NONE && status != 204 && status != 304;
    boolean known = framing == ResponseHead.Framing.LENGTH;
    response.contentLength(
        known || bodyless || status == 304 ? head.contentLength() : Response.UNKNOWN_LENGTH);
    if (settings.options().forceRanges()) {
      response.remove(FieldName.ACCEPT_RANGES);
      response.ranges(Response.Ranges.ONE);
    }
  }

  /// The fields of early hints.
  static ResponseHeaders hints(ProxySettings settings, ResponseHead head) {
    ResponseHeaders passed = new ResponseHeaders();
    Fields fields = head.fields();
    for (int i = 0; i < fields.count(); i++) {
      int known = fields.known(i);
      if (!(known != 0 && HiddenFields.endsHere(known)) && !settings.hidden().hides(fields, i)) {
        passed.add(fields.name(i), fields.value(i));
      }
    }
    return passed;
  }

  /// The head of an answer that agrees to another protocol.
  static void upgraded(Response response, ProxySettings settings, ResponseHead head) {
    response.status(101);
    response.reason(head.reason());
    response.pass(head.fields());
    for (int i = 0; i < head.fields().count(); i++) {
      int known = head.fields().known(i);
      if (known == FieldName.CONNECTION
          || known == FieldName.CONTENT_LENGTH
          || known == FieldName.TRANSFER_ENCODING
          || (known != FieldName.UPGRADE && settings.hidden().hides(known))) {
        response.withhold(i);
      }
    }
  }

  /// True if the upstream sends the request to another place of ours: `X-Accel-Redirect`.
  static boolean redirectsInternally(ProxySettings settings, ResponseHead head) {
    return head.fields().find(FieldName.X_ACCEL_REDIRECT) >= 0
        && !settings.options().ignores(FieldName.X_ACCEL_REDIRECT);
  }

  /// What of the upstream's head stays when another answer stands in for its body.
  static void keepForRedirect(Response response, ProxySettings settings, Fields fields) {
    HiddenFields hidden = settings.hidden();
    for (int i = 0; i < fields.count(); i++) {
      int known = fields.known(i);
      if (known == FieldName.CONTENT_TYPE) {
        response.contentType(fields.value(i));
      } else if (known == FieldName.SET_COOKIE
          || known == FieldName.CACHE_CONTROL
          || known == FieldName.EXPIRES
          || known == FieldName.ACCEPT_RANGES
          || fields.nameIs(i, CONTENT_DISPOSITION)) {
        if (!hidden.hides(fields, i)) {
          response.headers().add(fields.name(i), fields.value(i));
        }
      }
    }
  }

  /// How to authenticate, beside an answer of ours.
  static void passChallenges(Response response, Fields fields) {
    int i = fields.find(FieldName.WWW_AUTHENTICATE);
    for (; i >= 0; i = fields.findAfter(i, FieldName.WWW_AUTHENTICATE)) {
      response.headers().add("WWW-Authenticate", fields.value(i));
    }
  }

  /// The fields that came behind the body.
  static void passTrailers(Response response, @Nullable Fields trailers) {
    if (trailers == null) {
      return;
    }
    for (int i = 0; i < trailers.count(); i++) {
      int known = trailers.known(i);
      boolean framed = known != 0 && HiddenFields.endsHere(known);
      if (!framed) {
        response.trailers().add(trailers.name(i), trailers.value(i));
      }
    }
  }

  /// Does what the upstream asks of us in fields of its own.
  private static void obey(
      Exchange present, ProxySettings settings, Response response, Fields fields) {
    ProxyOptions options = settings.options();
    boolean immediate = !settings.buffering();
    for (int i = 0, n = fields.count(); i < n; i++) {
      int known = fields.known(i);
      if (known < FieldName.X_ACCEL_LIMIT_RATE
          || known > FieldName.X_ACCEL_CHARSET
          || options.ignores(known)) {
        continue;
      }
      String value = fields.value(i);
      switch (known) {
        case FieldName.X_ACCEL_LIMIT_RATE ->
            Units.number(value).ifPresent(rate -> present.limitRate(rate));
        case FieldName.X_ACCEL_BUFFERING -> {
          if (value.equalsIgnoreCase("no")) {
            immediate = true;
          } else if (value.equalsIgnoreCase("yes")) {
            immediate = false;
          }
        }
        default -> response.charsetOverride(value);
      }
    }
    response.immediate(immediate);
  }

  /// The text after the version, as the upstream sent it; null where it is what nginx says anyway.
  private static @Nullable String statusText(ResponseHead head) {
    if (head.status() == 200 && head.reasonEnd() - head.reasonStart() == 2) {
      return null;
    }
    return head.reason();
  }

  private void copyPlaced(Response response, Fields fields, HiddenFields hidden) {
    int type = fields.find(FieldName.CONTENT_TYPE);
    if (type >= 0) {
      lastContentType = fields.value(type, lastContentType);
      response.contentType(lastContentType);
    } else {
      response.contentType(null);
    }
    int modified = fields.find(FieldName.LAST_MODIFIED);
    if (modified >= 0) {
      String text = fields.value(modified);
      long seconds = HttpDate.parse(text);
      response.lastModified(text, seconds == HttpDate.INVALID ? -1 : seconds * 1000);
    }
    if (!hidden.hides(FieldName.SERVER)) {
      response.server(orNone(fields.first(FieldName.SERVER)));
      response.withholdAll(FieldName.SERVER);
    }
    if (!hidden.hides(FieldName.DATE)) {
      response.date(orNone(fields.first(FieldName.DATE)));
      response.withholdAll(FieldName.DATE);
    }
  }

  /// Where the upstream's field is passed on and it sent none, the client gets none.
  private static String orNone(@Nullable String value) {
    return value == null ? "" : value;
  }

  private static void changeCookies(
      Exchange present, ProxySettings settings, Response response, Fields fields) {
    int i = fields.find(FieldName.SET_COOKIE);
    for (; i >= 0; i = fields.findAfter(i, FieldName.SET_COOKIE)) {
      String changed = settings.options().cookies().apply(present, fields.value(i));
      if (changed != null && !response.isWithheld(i)) {
        response.withhold(i);
        response.headers().add("Set-Cookie", changed);
      }
    }
  }

  private static void redirect(
      Exchange present, ProxySettings settings, Response response, Fields fields) {
    int location = fields.find(FieldName.LOCATION);
    if (location >= 0) {
      String changed = FieldRewrite.first(settings.redirects(), present, fields.value(location));
      if (changed != null) {
        response.withhold(location);
        if (changed.startsWith("/")) {
          response.location(changed);
        } else {
          response.headers().add("Location", changed);
        }
      }
    }
    int refresh = fields.find(FieldName.REFRESH);
    if (refresh >= 0) {
      refresh(present, settings, response, fields, refresh);
    }
  }

  private static void refresh(
      Exchange present, ProxySettings settings, Response response, Fields fields, int i) {
    String value = fields.value(i);
    int at = value.toLowerCase(Locale.ROOT).indexOf("url=");
    if (at >= 0) {
      int url = at + "url=".length();
      String changed = FieldRewrite.first(settings.redirects(), present, value.substring(url));
      if (changed != null) {
        response.withhold(i);
        response.headers().add("Refresh", value.substring(0, url) + changed);
      }
    }
  }
}
