package dev.turnout.http.access;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.SERVER;

import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.http.Exchange;
import dev.turnout.http.ExchangeSlot;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.Phase;
import dev.turnout.http.PhaseHandler;
import dev.turnout.http.Verdict;
import dev.turnout.log.Level;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// `satisfy`: whether all kinds of access rules must let a client pass, or one is enough.
/// Registered after the modules that have such rules: what they have found out is acted on at the
/// end.
public final class SatisfyModule implements HttpModule {
  private static final Setting<Boolean> ANY = Setting.of("satisfy any", false);
  private static final int SATISFIED = 0;

  private @Nullable ExchangeSlot<Integer> slot;

  @Override
  public void register(HttpRegistry http) {
    slot = http.exchangeSlot();
    http.directive("satisfy")
        .in(HTTP, SERVER, LOCATION)
        .oneOf(ANY, Map.of("all", false, "any", true))
        .defaultText("all")
        .summary(
            "Whether all kinds of access rules (`allow` and `deny`, `auth_basic`) must let a client"
                + " pass, or any one of them.");
    http.phase(
        Phase.ACCESS,
        scope -> {
          PhaseHandler end = exchange -> end(exchange, slot());
          return scope.get(ANY) ? end : null;
        });
  }

  /// True under `satisfy any`.
  static boolean isAny(Scope scope) {
    return scope.get(ANY);
  }

  private ExchangeSlot<Integer> slot() {
    return Objects.requireNonNull(slot, "the satisfy module is not registered");
  }

  private static Verdict end(Exchange exchange, ExchangeSlot<Integer> slot) {
    Integer status = exchange.get(slot);
    exchange.put(slot, null);
    if (status == null || status == SATISFIED) {
      return Verdict.CONTINUE;
    }
    if (status == 403) {
      tellForbidden(exchange);
    }
    exchange.finish(status);
    return Verdict.RESPONDED;
  }

  /// How the rules of a location go together.
  public Rules rules(Scope location) {
    return location.get(ANY) ? new Any(slot()) : new All();
  }

  /// How the rules of a location go together: what each kind of rule asks and tells.
  public sealed interface Rules {
    /// True if another kind of rule has let the client pass already.
    boolean areSatisfied(Exchange exchange);

    /// This kind of rule lets the client pass.
    Verdict passed(Exchange exchange);

    /// This kind of rule answers with `status`.
    Verdict refused(Exchange exchange, int status);
  }

  /// Tells that rules by address have refused a client.
  static void tellForbidden(Exchange exchange) {
    exchange.log(Level.ERROR, "access forbidden by rule");
  }

  record All() implements Rules {
    @Override
    public boolean areSatisfied(Exchange exchange) {
      return false;
    }

    @Override
    public Verdict passed(Exchange exchange) {
      return Verdict.CONTINUE;
    }

    @Override
    public Verdict refused(Exchange exchange, int status) {
      exchange.finish(status);
      return Verdict.RESPONDED;
    }
  }

  record Any(ExchangeSlot<Integer> slot) implements Rules {
    @Override
    public boolean areSatisfied(Exchange exchange) {
      Integer known = exchange.get(slot);
      return known != null && known == SATISFIED;
    }

    @Override
    public Verdict passed(Exchange exchange) {
      exchange.put(slot, SATISFIED);
      exchange.response().headers().remove(AuthBasicModule.CHALLENGE);
      return Verdict.CONTINUE;
    }

    @Override
    public Verdict refused(Exchange exchange, int status) {
      Integer known = exchange.get(slot);
      if (known == null || known == 403) {
        exchange.put(slot, status); // that there is a password to give matters more
      }
      return Verdict.CONTINUE;
    }
  }
}
