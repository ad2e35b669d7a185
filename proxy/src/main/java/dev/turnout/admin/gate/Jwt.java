package dev.turnout.admin.gate;

import dev.turnout.admin.gate.Jwks.Base64Url;
import dev.turnout.json.Json;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Who is let in by a signed token (RFC 7519, RFC 8725): `management_jwt`. Shared by the loops and
/// the threads that check signatures.
///
/// A token that was right is known again by its digest until it ends; of those not many are kept.
final class Jwt {
  private static final int LONGEST = 8192;
  private static final int MOST_KNOWN = 1024;
  private static final Pattern SUBJECT = Pattern.compile("[!-~]{1,128}");

  private final Jwks keys;
  private final String audience;
  private final String issuer;
  private final String claim;
  private final Map<String, Known> known = new ConcurrentHashMap<>();
  private final byte[] processKey = new byte[32];

  private record Known(Identity identity, long endsSeconds) {}

  /// @param audience must be among those of the token; empty: any
  /// @param issuer must be the token's; empty: any
  /// @param claim which of its claims has the role
  Jwt(Jwks keys, String audience, String issuer, String claim) {
    this.keys = keys;
    this.audience = audience;
    this.issuer = issuer;
    this.claim = claim;
    new SecureRandom().nextBytes(processKey);
  }

  /// What a token is not, in words for whoever sent it: nothing of it is believed.
  static final class Refused extends Exception {
    private static final long serialVersionUID = 1;

    Refused(String why) {
      super(why, null, false, false);
    }
  }

  /// Whether it looks like a token, and so is no key of `management_keys`.
  static boolean isOne(String credential) {
    int first = credential.indexOf('.');
    int second = credential.indexOf('.', first + 1);
    return first > 0 && second > 0 && credential.indexOf('.', second + 1) < 0;
  }

  /// Whose token it is, if it was right before and still is; null: it is to be [verified][#verify].
  @Nullable Identity known(String token, long nowSeconds) {
    if (known.isEmpty()) {
      return null;
    }
    Known before = known.get(digest(token));
    return before != null && nowSeconds < before.endsSeconds ? before.identity : null;
  }

  private String digest(String token) {
    return HexFormat.of().formatHex(KeyHash.quick(processKey, token));
  }

  /// Whose token it is. Takes a while: not for a loop.
  Identity verify(String token, long nowSeconds) throws Refused {
    if (token.length() > LONGEST) {
      throw new Refused("the token is too long");
    }
    String[] parts = token.split("\\.", -1);
    Map<String, Json> head;
    Map<String, Json> claims;
    try {
      head = object(parts[0]);
      checkSignature(head, token, Base64Url.bytes(parts[2]));
      claims = object(parts[1]);
    } catch (IllegalArgumentException | Json.Malformed | GeneralSecurityException _) {
      throw new Refused("the token is malformed");
    }
    long ends = checkTimes(claims, nowSeconds);
    if (!issuer.isEmpty() && !text(claims, "iss").equals(issuer)) {
      throw new Refused("the token is from another issuer");
    }
    if (!audience.isEmpty() && !texts(claims.get("aud")).contains(audience)) {
      throw new Refused("the token is for another audience");
    }
    String subject = text(claims, "sub");
    if (!SUBJECT.matcher(subject).matches()) {
      throw new Refused("the token does not say whose it is: \"sub\"");
    }
    Identity identity = new Identity("jwt:" + subject, role(claims));
    if (known.size() >= MOST_KNOWN) {
      known.clear();
    }
    known.put(digest(token), new Known(identity, ends));
    return identity;
  }

  private static Map<String, Json> object(String part) throws Json.Malformed {
    String text = new String(Base64Url.bytes(part), StandardCharsets.ISO_8859_1);
    if (Json.parseBytes(text) instanceof Json.Members(Map<String, Json> members)) {
      return members;
    }
    throw new IllegalArgumentException("no object");
  }

  private void checkSignature(Map<String, Json> head, String token, byte[] signature)
      throws Refused, GeneralSecurityException {
    if (head.containsKey("crit")) {
      throw new Refused("the token has \"crit\", which nothing here understands");
    }
    byte[] signed =
        token.substring(0, token.lastIndexOf('.')).getBytes(StandardCharsets.ISO_8859_1);
    for (Jwks.Key key : keys.candidates(text(head, "alg"), text(head, "kid"))) {
      try {
        if (key.checker().isRight(signed, signature)) {
          return;
        }
      } catch (java.security.SignatureException _) {
        // not even the form of one
      }
    }
    throw new Refused("the token is not signed by a key that is known");
  }

  /// When it ends, in seconds.
  private static long checkTimes(Map<String, Json> claims, long nowSeconds) throws Refused {
    BigDecimal ends = number(claims, "exp");
    if (ends == null) {
      throw new Refused("the token does not say when it ends: \"exp\"");
    }
    BigDecimal now = BigDecimal.valueOf(nowSeconds);
    if (ends.compareTo(now) <= 0) {
      throw new Refused("the token has expired");
    }
    BigDecimal begins = number(claims, "nbf");
    if (begins != null && begins.compareTo(now) > 0) {
      throw new Refused("the token is not valid yet");
    }
    return ends.min(BigDecimal.valueOf(Long.MAX_VALUE)).longValue();
  }

  private static @Nullable BigDecimal number(Map<String, Json> claims, String name) throws Refused {
    Json value = claims.get(name);
    if (value == null) {
      return null;
    }
    if (value instanceof Json.Numeral(String text) && text.length() <= 32) {
      BigDecimal number = new BigDecimal(text);
      if (number.scale() > -20) { // else its digits alone would fill the memory
        return number;
      }
    }
    throw new Refused("\"" + name + "\" of the token is no time");
  }

  /// The highest of its roles; what is no role of ours is somebody else's.
  private Role role(Map<String, Json> claims) throws Refused {
    List<Role> roles = new ArrayList<>();
    for (String text : texts(claims.get(claim))) {
      try {
        roles.add(Role.parse(text));
      } catch (IllegalArgumentException _) {
        // a role in another program
      }
    }
    return roles.stream()
        .max(Comparator.comparing(Role::level))
        .orElseThrow(() -> new Refused("the token has no role in \"" + claim + "\""));
  }

  private static String text(Map<String, Json> members, String name) {
    return members.get(name) instanceof Json.Text(String value) ? value : "";
  }

  /// A text, or a list of them.
  private static List<String> texts(@Nullable Json value) {
    return switch (value) {
      case Json.Text(String text) -> List.of(text);
      case Json.Elements(List<Json> values) ->
          values.stream()
              .filter(Json.Text.class::isInstance)
              .map(one -> ((Json.Text) one).value())
              .toList();
      case null, default -> List.of();
    };
  }
}
