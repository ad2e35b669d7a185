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
import org.jspecify.annotations.Nullable;

/// Finds out whose key came with a request, off the loop if it is not known, and slows down clients
/// that guess keys or passwords.
///
/// @param keys null: no keys are taken here
/// @param basic what asks for passwords
/// @param passwords whether `auth_basic` is on here
/// @param keyed whose key it is
/// @param trying the client whose password is about to be looked at
record LogIn(
    @Nullable ApiKeys keys,
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
    ApiKeys there = keys;
    String key = there == null ? null : key(fields);
    if (there != null && key != null) {
      Identity known = there.known(key);
      if (known != null) {
        exchange.put(keyed, known);
        return Verdict.CONTINUE;
      }
      return verify(exchange, there, key, client);
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

  private Verdict verify(Exchange exchange, ApiKeys there, String key, String client) {
    long wait = visitors.begin(client);
    if (wait > 0) {
      return tooMany(exchange, client, wait);
    }
    exchange.offLoop(
        () -> hashed(there, key, client),
        (found, failure) -> verified(exchange, client, found, failure),
        _ -> {});
    return Verdict.SUSPENDED;
  }

  /// What came of the hashing.
  private record Found(@Nullable Identity identity) {}

  private Found hashed(ApiKeys there, String key, String client) {
    boolean right = false;
    visitors.hashing.acquireUninterruptibly();
    try {
      Identity identity = there.verify(key);
      right = identity != null;
      return new Found(identity);
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
    tell(exchange, client, new Decision.Refused(401, "the key is wrong"));
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
