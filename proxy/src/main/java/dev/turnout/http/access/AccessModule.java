package dev.turnout.http.access;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LIMIT_EXCEPT;
import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.SERVER;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.http.Exchange;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.Phase;
import dev.turnout.http.PhaseHandler;
import dev.turnout.http.Verdict;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `allow` and `deny`: which clients may pass, by their address.
public final class AccessModule implements HttpModule {
  private static final Setting<List<AccessRule>> RULES = Setting.listOf("allow and deny");

  private static final Setting<Boolean> THIS_MACHINE = Setting.local("this machine only", false);
  private static final List<AccessRule> ONLY_THIS_MACHINE =
      List.of(
          AccessRule.parse("127.0.0.1", true),
          AccessRule.parse("::1", true),
          AccessRule.parse("unix:", true),
          AccessRule.parse("all", false));

  private final SatisfyModule satisfy;

  /// @param satisfy what decides how this goes together with other rules
  public AccessModule(SatisfyModule satisfy) {
    this.satisfy = satisfy;
  }

  /// A location with an interface for operators: unless it has rules of its own, only clients on
  /// this machine pass.
  public static void onlyThisMachineByDefault(Scope location) {
    location.set(THIS_MACHINE, true);
  }

  @Override
  public void register(HttpRegistry http) {
    http.directive("allow")
        .in(HTTP, SERVER, LOCATION, LIMIT_EXCEPT)
        .repeatable()
        .read((d, scope) -> rule(d, scope, true))
        .syntax("address | CIDR | unix: | all")
        .summary("Lets these clients pass. The first rule that a client falls under decides.");
    http.directive("deny")
        .in(HTTP, SERVER, LOCATION, LIMIT_EXCEPT)
        .repeatable()
        .read((d, scope) -> rule(d, scope, false))
        .syntax("address | CIDR | unix: | all")
        .summary("Answers these clients with 403.");
    http.phase(Phase.ACCESS, this::handler);
  }

  private static void rule(Directive d, Scope scope, boolean allows) {
    String text = d.argument(0);
    AccessRule rule;
    try {
      rule = AccessRule.parse(text, allows);
    } catch (IllegalArgumentException _) {
      throw ConfigException.at(d, 0, "invalid parameter \"" + text + "\"");
    }
    if (rule instanceof AccessRule.Block block && block.network().hasLowBits()) {
      scope.warn(d, "low address bits of " + text + " are meaningless");
    }
    scope.append(RULES, rule);
  }

  private @Nullable PhaseHandler handler(Scope scope) {
    boolean closed = scope.get(THIS_MACHINE) && !scope.isSet(RULES);
    List<AccessRule> rules = closed ? ONLY_THIS_MACHINE : scope.get(RULES);
    if (rules.isEmpty()) {
      return null;
    }
    return new Check(rules, satisfy.rules(scope));
  }

  /// Holds clients against the rules of one location.
  private record Check(List<AccessRule> rules, SatisfyModule.Rules kinds) implements PhaseHandler {
    @Override
    public Verdict handle(Exchange exchange) {
      AccessRule rule = AccessRule.first(rules, exchange.remoteAddress());
      if (rule == null || kinds.areSatisfied(exchange)) {
        return Verdict.CONTINUE;
      }
      if (rule.allows()) {
        return kinds.passed(exchange);
      }
      if (kinds instanceof SatisfyModule.All) {
        SatisfyModule.tellForbidden(exchange); // else it is told once all kinds have been asked
      }
      return kinds.refused(exchange, 403);
    }
  }
}
