package dev.turnout.http.filter;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.Units;
import dev.turnout.http.Exchange;
import dev.turnout.http.FieldName;
import dev.turnout.http.HttpDate;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.Response;
import dev.turnout.http.Template;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.OptionalLong;

/// What `expires` says: a rule known now, or one by variables.
sealed interface Expiry {
  /// A rule that is known.
  sealed interface Rule extends Expiry {}

  /// `off`.
  record Off() implements Rule {}

  /// `epoch`.
  record Epoch() implements Rule {}

  /// `max`.
  record Max() implements Rule {}

  /// So many seconds from now.
  record FromNow(long seconds) implements Rule {}

  /// `modified`: so many seconds from the last modification.
  record FromModified(long seconds) implements Rule {}

  /// `@time`: at this second of a day.
  record Daily(long second) implements Rule {}

  /// By variables, evaluated for each response; what it says wrongly is as `off`.
  record Evaluated(Template template, boolean modified) implements Expiry {}

  /// Reads the directive.
  static Expiry read(HttpRegistry http, Directive d) {
    boolean modified = d.argumentCount() == 2;
    if (modified && !d.argument(0).equals("modified")) {
      throw ConfigException.directive(d, "invalid value");
    }
    Template template = http.template(d, modified ? 1 : 0);
    if (!template.isConstant()) {
      return new Evaluated(template, modified);
    }
    try {
      return parse(d.argument(modified ? 1 : 0), modified);
    } catch (IllegalArgumentException e) {
      throw ConfigException.directive(d, String.valueOf(e.getMessage()));
    }
  }

  /// The rule that `text` says.
  ///
  /// @throws IllegalArgumentException in nginx's words
  static Rule parse(String text, boolean modified) {
    if (!modified) {
      switch (text) {
        case "off" -> {
          return new Off();
        }
        case "epoch" -> {
          return new Epoch();
        }
        case "max" -> {
          return new Max();
        }
        default -> {
          // a time
        }
      }
    }
    char sign = text.isEmpty() ? 0 : text.charAt(0);
    boolean signed = sign == '@' || sign == '+' || sign == '-';
    if (sign == '@' && modified) {
      throw new IllegalArgumentException("daily time cannot be used with \"modified\" parameter");
    }
    OptionalLong parsed = Units.seconds(signed ? text.substring(1) : text);
    if (parsed.isEmpty()) {
      throw new IllegalArgumentException("invalid value");
    }
    long seconds = parsed.getAsLong();
    if (sign == '@') {
      if (seconds > 24 * 60 * 60) {
        throw new IllegalArgumentException("daily time value must be less than 24 hours");
      }
      return new Daily(seconds);
    }
    long offset = sign == '-' ? -seconds : seconds;
    return modified ? new FromModified(offset) : new FromNow(offset);
  }

  /// Says it in the response.
  default void apply(Exchange exchange, Response response) {
    long now = exchange.worker().nowMillis() / 1000;
    switch (this) {
      case Evaluated(Template template, boolean modified) -> {
        try {
          parse(template.evaluate(exchange), modified).apply(exchange, response);
        } catch (IllegalArgumentException _) {
          // as nginx does: what a variable says wrongly counts as nothing
        }
      }
      case Off _ -> {
        // nothing is said
      }
      case Epoch _ -> say(response, "Thu, 01 Jan 1970 00:00:01 GMT", "no-cache");
      case Max _ -> say(response, "Thu, 31 Dec 2037 23:55:55 GMT", "max-age=315360000");
      case FromNow(long seconds) -> at(response, now + seconds, seconds);
      case FromModified(long seconds) -> {
        long modified = response.lastModifiedMillis();
        boolean fromNow = modified < 0 || seconds == 0;
        long time = (fromNow ? now : modified / 1000) + seconds;
        at(response, time, seconds < 0 ? -1 : time - now);
      }
      case Daily(long second) -> {
        long time = next(second, now, ZoneId.systemDefault());
        at(response, time, time - now);
      }
    }
  }

  private static void at(Response response, long epochSecond, long maxAge) {
    say(response, HttpDate.format(epochSecond), maxAge < 0 ? "no-cache" : "max-age=" + maxAge);
  }

  private static void say(Response response, String expires, String cacheControl) {
    response.withholdAll(FieldName.EXPIRES);
    response.withholdAll(FieldName.CACHE_CONTROL);
    response.headers().set("Expires", expires);
    response.headers().set("Cache-Control", cacheControl);
  }

  /// The next time, after `now`, that clocks in `zone` show this second of the day.
  static long next(long secondOfDay, long now, ZoneId zone) {
    ZonedDateTime here = Instant.ofEpochSecond(now).atZone(zone);
    LocalTime time = LocalTime.ofSecondOfDay(secondOfDay % (24 * 60 * 60));
    ZonedDateTime today = here.with(time);
    return (today.toEpochSecond() > now ? today : today.plusDays(1)).toEpochSecond();
  }
}
