package dev.turnout.admin.gate;

import dev.turnout.http.Exchange;
import dev.turnout.http.ExchangeSlot;
import dev.turnout.http.access.AuthBasicModule;
import dev.turnout.log.Level;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/// Says who may do what in one location, through one dialect. Immutable, shared by all loops; each
/// question is asked on the exchange's own. What takes long, the hashing of a key, was done in the
/// access phase.
public final class Gate {
  private final Dialect dialect;
  private final Management management;
  private final AuthBasicModule basic;
  private final ExchangeSlot<Identity> keyed;
  private final ExchangeSlot<String> trying;
  private final Visitors visitors;
  private final AuditLog audit;

  Gate(
      Dialect dialect,
      Management management,
      AuthBasicModule basic,
      ExchangeSlot<Identity> keyed,
      ExchangeSlot<String> trying,
      Visitors visitors,
      AuditLog audit) {
    this.dialect = dialect;
    this.management = management;
    this.basic = basic;
    this.keyed = keyed;
    this.trying = trying;
    this.visitors = visitors;
    this.audit = audit;
  }

  /// Whether a request may do all of this. What is refused is told and recorded here.
  public Decision check(Exchange exchange, Ask... asks) {
    return check(exchange, Arrays.asList(asks));
  }

  /// Whether a request may do all of this. What is refused is told and recorded here.
  public Decision check(Exchange exchange, List<Ask> asks) {
    String client = exchange.get(trying);
    if (client != null) {
      exchange.put(trying, null);
      visitors.ended(client, true); // `satisfy any`: nobody had to look at the password
    }
    Identity identity = identity(exchange);
    String proven = proven(exchange);
    Ask first = asks.isEmpty() ? Ask.read() : asks.getFirst();
    if (identity == null) {
      return refused(exchange, proven, first, nobody(exchange, proven));
    }
    if (asks.stream().anyMatch(Ask::isChange)) {
      Decision.Refused problem = Hygiene.problem(exchange, dialect);
      if (problem != null) {
        return refused(exchange, proven, first, problem);
      }
    }
    for (Ask ask : asks) {
      if (!identity.role().permits(ask)) {
        String why = identity.role().refusal(ask);
        return refused(exchange, proven, ask, new Decision.Refused(403, why));
      }
    }
    return new Decision.Granted(
        new Permit(dialect.name(), identity, exchange.clientAddress(), audit));
  }

  /// Who asks, with a role; null: nobody who has one.
  private @Nullable Identity identity(Exchange exchange) {
    Identity key = exchange.get(keyed);
    if (key != null) {
      return key;
    }
    if (!management.isOn()) {
      String name = proven(exchange);
      return new Identity(name.isEmpty() ? exchange.clientAddress() : name, Role.ADMIN);
    }
    String user = basic.user(exchange);
    OptionalInt uid = exchange.downstream().peerUser();
    Role role = null;
    if (user != null) {
      role = management.users().get(user);
    } else if (uid.isPresent()) {
      role = management.uids().get(uid.getAsInt());
    }
    return role == null ? null : new Identity(proven(exchange), role);
  }

  /// Who asks, with or without a role, as far as it is proven; empty: that is not known.
  private String proven(Exchange exchange) {
    Identity key = exchange.get(keyed);
    if (key != null) {
      return key.name();
    }
    String user = basic.user(exchange);
    if (user != null) {
      return "user:" + user;
    }
    OptionalInt uid = exchange.downstream().peerUser();
    return uid.isPresent() ? "uid:" + uid.getAsInt() : "";
  }

  private Decision.Refused nobody(Exchange exchange, String proven) {
    if (management.asksForKeys()) {
      exchange.response().headers().set("WWW-Authenticate", GateModule.CHALLENGE);
      return new Decision.Refused(
          401,
          management.keys() == null
              ? "a token is needed: Authorization: Bearer TOKEN"
              : "a key is needed: Authorization: Bearer NAME.SECRET");
    }
    return new Decision.Refused(
        403, proven.isEmpty() ? "nobody without a role may come here" : proven + " has no role");
  }

  private Decision.Refused refused(
      Exchange exchange, String proven, Ask ask, Decision.Refused why) {
    int untold = visitors.tell(Visitors.of(exchange.downstream().remoteAddress()));
    if (untold >= 0) {
      exchange.log(
          Level.WARN,
          "management: refused to "
              + ask.what()
              + ": "
              + why.text()
              + (untold == 0 ? "" : " (" + untold + " more before)"));
    }
    // of strangers not more than is told, of those who are known everything
    if (ask.isChange() && (untold >= 0 || !proven.isEmpty())) {
      audit.refused(dialect.name(), proven, exchange.clientAddress(), ask.what(), why);
    }
    return why;
  }
}
