package dev.turnout.http.access;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.SERVER;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.config.Units;
import dev.turnout.http.Exchange;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.Slot;
import dev.turnout.http.Template;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/// `$secure_link`: whether a link carries the digest that only its maker could make, and whether it
/// is still valid.
public final class SecureLinkModule implements HttpModule {
  private static final Setting<@Nullable Template> LINK = Setting.of("secure_link", null);
  private static final Setting<@Nullable Template> MD5 = Setting.of("secure_link_md5", null);
  private static final Setting<@Nullable String> SECRET = Setting.of("secure_link_secret", null);
  private static final int DIGEST = 16;
  private static final int LONGEST_DIGEST = 24;

  /// What holds in one location.
  private record Rules(@Nullable Template link, @Nullable Template md5, @Nullable String secret) {
    /// What is said nearest holds: either mode puts the other out of force.
    static Rules of(Scope scope) {
      if (scope.isSet(SECRET)) {
        return new Rules(null, null, scope.own(SECRET));
      }
      Scope parent = scope.parent();
      Rules around = parent == null ? new Rules(null, null, null) : of(parent);
      Template link = scope.isSet(LINK) ? scope.own(LINK) : around.link();
      Template md5 = scope.isSet(MD5) ? scope.own(MD5) : around.md5();
      return new Rules(link, md5, link == null && md5 == null ? around.secret() : null);
    }
  }

  @Override
  public void register(HttpRegistry http) {
    http.directive("secure_link")
        .in(HTTP, SERVER, LOCATION)
        .read((d, scope) -> scope.set(LINK, http.template(d, 0)))
        .syntax("expression")
        .summary("The digest in a link, and after a comma until when it is valid.");
    http.directive("secure_link_md5")
        .in(HTTP, SERVER, LOCATION)
        .read((d, scope) -> scope.set(MD5, http.template(d, 0)))
        .syntax("expression")
        .summary("What the digest is of.");
    http.directive("secure_link_secret")
        .in(HTTP, SERVER, LOCATION)
        .read((d, scope) -> {
          if (scope.isSet(LINK) || scope.isSet(MD5)) {
            throw ConfigException.directive(
                d, "cannot be mixed with \"secure_link\" and \"secure_link_md5\"");
          }
          scope.set(SECRET, d.argument(0));
        })
        .syntax("word")
        .summary("Links are `/prefix/digest/link`, with the digest of the link and this word.");
    Slot<Rules> slot = http.keep(Rules::of);
    http.variable("secure_link", exchange -> check(exchange, exchange.location().get(slot)));
    http.variable(
        "secure_link_expires", exchange -> expires(exchange, exchange.location().get(slot)));
  }

  private static @Nullable String check(Exchange exchange, Rules rules) {
    if (rules.secret() != null) {
      return checkPath(exchange.request().rawTarget(), rules.secret());
    }
    if (rules.link() == null || rules.md5() == null) {
      return null;
    }
    String value = rules.link().evaluate(exchange);
    int comma = value.indexOf(',');
    String sent = comma < 0 ? value : value.substring(0, comma);
    long until = comma < 0 ? Long.MAX_VALUE : time(value.substring(comma + 1));
    byte[] digest = decoded(sent);
    if (until <= 0 || digest == null) {
      return null;
    }
    byte[] right = md5(rules.md5().evaluate(exchange));
    if (!MessageDigest.isEqual(digest, right)) {
      return null;
    }
    return until < exchange.worker().nowMillis() / 1000 ? "0" : "1";
  }

  private static @Nullable String expires(Exchange exchange, Rules rules) {
    if (rules.link() == null || rules.md5() == null || rules.secret() != null) {
      return null;
    }
    String value = rules.link().evaluate(exchange);
    int comma = value.indexOf(',');
    return comma < 0 || time(value.substring(comma + 1)) <= 0 ? null : value.substring(comma + 1);
  }

  private static long time(String text) {
    return Units.number(text).orElse(-1);
  }

  private static byte @Nullable [] decoded(String text) {
    if (text.length() > LONGEST_DIGEST) {
      return null;
    }
    try {
      int end = text.indexOf('=');
      String bare = end < 0 ? text : text.substring(0, end);
      byte[] bytes = Base64.getUrlDecoder().decode(bare);
      return bytes.length == DIGEST ? bytes : null;
    } catch (IllegalArgumentException _) {
      return null;
    }
  }

  /// The rest of `/prefix/digest/rest`, if the digest is that of it and the secret.
  private static @Nullable String checkPath(String target, String secret) {
    int first = target.indexOf('/', 1);
    int second = first < 0 ? -1 : target.indexOf('/', first + 1);
    if (second < 0 || second - first - 1 != 2 * DIGEST || second + 1 == target.length()) {
      return null;
    }
    String link = target.substring(second + 1);
    try {
      byte[] sent = HexFormat.of().parseHex(target.substring(first + 1, second));
      return MessageDigest.isEqual(sent, md5(link + secret)) ? link : null;
    } catch (IllegalArgumentException _) {
      return null;
    }
  }

  private static byte[] md5(String text) {
    try {
      return MessageDigest.getInstance("MD5").digest(text.getBytes(StandardCharsets.ISO_8859_1));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
