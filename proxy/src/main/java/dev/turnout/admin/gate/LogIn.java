package dev.turnout.admin.gate;

import dev.turnout.http.Exchange;
import dev.turnout.http.ExchangeSlot;
import dev.turnout.http.FieldName;
import dev.turnout.http.Fields;
import dev.turnout.http.PhaseHandler;
import dev.turnout.http.Verdict;
import dev.turnout.http.access.AuthBasicModule;
import dev.turnout.log.Level;
import java.io.IOException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Finds out whose key came with a request, off the loop if it is not known, and slows down clients
/// that guess keys or passwords.
///
/// @param keys null: no keys are taken here
/// @param tokens null: no tokens are taken here
/// @param basic what asks for passwords
/// @param passwords whether `auth_basic` is on here
/// @param keyed whose key it is
/// @param trying the client whose password is about to be looked at
record LogIn(
    @Nullable ApiKeys keys,
    @Nullable Jwt tokens,
    AuthBasicModule basic,
    boolean passwords,
    ExchangeSlot<Identity> keyed,
    ExchangeSlot<String> trying,
    Visitors visitors,
    AuditLog audit)
    implements PhaseHandler {
  private static final FieldName API_KEY = FieldName.of("X-API-Key");
  private static final String BEARER = "Bearer ";

  @Override
  public Verdict handle(Exchange exchange) {
    // an internal redirect may come from where other keys and passwords hold
    exchange.put(keyed, null);
    basic.forget(exchange);
    Fields fields = exchange.request().fields();
    String client = Visitors.of(exchange.downstream().remoteAddress());
    ApiKeys byKey = keys;
    Jwt byToken = tokens;
    String key = byKey == null && byToken == null ? null : key(fields);
    if (key != null && byToken != null && (byKey == null || Jwt.isOne(key))) {
      long now = exchange.worker().nowMillis() / 1000;
      Identity known = byToken.known(key, now);
      return known != null
          ? goOn(exchange, known)
          : verify(exchange, client, () -> ofToken(byToken, key, now));
    }
    if (key != null && byKey != null) {
      Identity known = byKey.known(key);
      return known != null
          ? goOn(exchange, known)
          : verify(exchange, client, () -> new Found(byKey.verify(key), "the key is wrong"));
    }
    if (passwords && exchange.get(trying) == null && fields.find(FieldName.AUTHORIZATION) >= 0) {
      long wait = visitors.begin(client);
      if (wait > 0) {
        return tooMany(exchange, client, wait);
      }
      exchange.put(trying, client);
    }
    return Verdict.CONTINUE;
  }

  private static @Nullable String key(Fields fields) {
    int at = fields.find(API_KEY);
    if (at >= 0) {
      return fields.value(at);
    }
    String authorization = fields.first(FieldName.AUTHORIZATION);
    return authorization != null && authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())
        ? authorization.substring(BEARER.length()).strip()
        : null;
  }

  private Verdict goOn(Exchange exchange, Identity identity) {
    exchange.put(keyed, identity);
    return Verdict.CONTINUE;
  }

  private static Found ofToken(Jwt tokens, String token, long nowSeconds) {
    try {
      return new Found(
          Jwt.isOne(token) ? tokens.verify(token, nowSeconds) : null, "this is no token");
    } catch (Jwt.Refused e) {
      return new Found(null, String.valueOf(e.getMessage()));
    }
  }

  private Verdict verify(Exchange exchange, String client, Supplier<Found> verifying) {
    long wait = visitors.begin(client);
    if (wait > 0) {
      return tooMany(exchange, client, wait);
    }
    exchange.offLoop(
        () -> verified(client, verifying),
        (found, failure) -> verified(exchange, client, found, failure),
        _ -> {});
    return Verdict.SUSPENDED;
  }

  /// Whose it is.
  ///
  /// @param why it is nobody's, if it is
  private record Found(@Nullable Identity identity, String why) {}

  private Found verified(String client, Supplier<Found> verifying) {
    boolean right = false;
    visitors.hashing.acquireUninterruptibly();
    try {
      Found found = verifying.get();
      right = found.identity != null;
      return found;
    } finally {
      visitors.hashing.release();
      visitors.ended(client, right);
    }
  }

  private void verified(
      Exchange exchange, String client, @Nullable Found found, @Nullable IOException failure) {
    if (found == null) {
      throw new IllegalStateException("a key could not be verified", failure);
    }
    Identity identity = found.identity;
    if (identity != null) {
      exchange.put(keyed, identity);
      exchange.resume();
      return;
    }
    tell(exchange, client, new Decision.Refused(401, found.why));
    exchange
        .response()
        .headers()
        .set("WWW-Authenticate", GateModule.CHALLENGE + ", error=\"invalid_token\"");
    exchange.finish(401);
  }

  private Verdict tooMany(Exchange exchange, String client, long wait) {
    tell(exchange, client, new Decision.Refused(429, "too many failed log-ins"));
    exchange.response().headers().set("Retry-After", Long.toString(wait));
    exchange.finish(429);
    return Verdict.RESPONDED;
  }

  private void tell(Exchange exchange, String client, Decision.Refused why) {
    int untold = visitors.tell(client);
    if (untold >= 0) {
      exchange.log(
          Level.ERROR,
          "management: "
              + why.text()
              + (untold == 0 ? "" : " (" + untold + " more refusals before)"));
      audit.refused("log-in", "", exchange.clientAddress(), "log in", why);
    }
  }
}
