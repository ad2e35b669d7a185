package dev.turnout.http.access;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LIMIT_EXCEPT;
import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.SERVER;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Context;
import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.http.CoreModule;
import dev.turnout.http.Exchange;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.Phase;
import dev.turnout.http.PhaseHandler;
import dev.turnout.http.SubrequestModule;
import dev.turnout.http.Verdict;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
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
  private Predicate<Scope> alsoAsks = _ -> false;

  /// @param satisfy what decides how this goes together with other rules
  public AccessModule(SatisfyModule satisfy) {
    this.satisfy = satisfy;
  }

  /// A location with an interface for operators: unless it asks clients who they are, has rules of
  /// its own, or is under rules that keep strangers out, only clients on this machine pass.
  public static void onlyThisMachineByDefault(Scope location) {
    SubrequestModule.forClientsOnly(location);
    CoreModule.servesOperators(location);
    location.set(THIS_MACHINE, true);
  }

  /// Whether a location is an interface for operators, by [#onlyThisMachineByDefault].
  public static boolean isForOperators(Scope scope) {
    Scope location = scope;
    while (isPart(location) && location.parent() != null) {
      location = Objects.requireNonNull(location.parent());
    }
    return location.get(THIS_MACHINE);
  }

  /// What else asks clients who they are, whatever `satisfy` says.
  public void alsoAsks(Predicate<Scope> asks) {
    alsoAsks = asks;
  }

  /// Whether anybody, from anywhere, gets into a block without telling who they are.
  public boolean letsStrangersIn(Scope scope) {
    List<AccessRule> rules = rules(scope);
    if (!authenticates(scope)) {
      return isOpen(rules);
    }
    // under `satisfy any` it takes a rule that lets them in
    return SatisfyModule.isAny(scope)
        && !alsoAsks.test(scope)
        && isOpen(rules)
        && rules.stream().anyMatch(AccessRule::allows);
  }

  private boolean authenticates(Scope scope) {
    return AuthBasicModule.isCertain(scope) || alsoAsks.test(scope);
  }

  private static boolean isOpen(List<AccessRule> rules) {
    return isOpen(rules, new byte[4]) || isOpen(rules, new byte[16]);
  }

  private static boolean isOpen(List<AccessRule> rules, byte[] family) {
    for (AccessRule rule : rules) {
      boolean everybody =
          switch (rule) {
            case AccessRule.Everybody _ -> true;
            case AccessRule.UnixSockets _ -> false;
            case AccessRule.Block block -> block.network().isWhole(family.length);
          };
      if (everybody) {
        return rule.allows();
      }
    }
    return true;
  }

  /// The rules in force in a block. An `if` or `limit_except` has what its location has, as to
  /// whether that is for operators.
  private List<AccessRule> rules(Scope scope) {
    Scope location = scope;
    boolean own = scope.isSet(RULES);
    while (isPart(location) && location.parent() != null) {
      location = Objects.requireNonNull(location.parent());
      own |= location.isSet(RULES);
    }
    List<AccessRule> rules = scope.get(RULES);
    boolean standard = location.get(THIS_MACHINE) && !own && isOpen(rules) && !authenticates(scope);
    return standard ? ONLY_THIS_MACHINE : rules;
  }

  private static boolean isPart(Scope scope) {
    return scope.context() == Context.LOCATION_IF || scope.context() == LIMIT_EXCEPT;
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
    List<AccessRule> rules = rules(scope);
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
      if (rules.equals(ONLY_THIS_MACHINE) && rule != null && rule.allows()) {
        // what a proxy says of its client must not open what only this machine may reach
        rule = AccessRule.first(rules, exchange.downstream().remoteAddress());
      }
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
