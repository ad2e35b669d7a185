package dev.turnout.admin.control;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.UPSTREAM;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.config.Units;
import dev.turnout.control.ChangeWriter;
import dev.turnout.control.GuardRules;
import dev.turnout.control.Guards;
import dev.turnout.control.ServerGuards;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// `guard`: what a change at run time may not do to the servers of an upstream without being
/// forced, whatever interface it comes through.
public final class GuardModule implements HttpModule {
  private final ChangeWriter writer;
  private GuardRules usual = GuardRules.NONE;
  private final Map<String, GuardRules> byUpstream = new HashMap<>();

  public GuardModule(ChangeWriter writer) {
    this.writer = writer;
  }

  @Override
  public void register(HttpRegistry http) {
    http.directive("guard")
        .in(HTTP, UPSTREAM)
        .arguments(1, 3)
        .read(this::read)
        .syntax("[min_healthy=number] [max_change=percent%] [keep_nonempty] | off")
        .summary(
            "Holds back changes made at run time that would do harm: `min_healthy`: fewer servers"
                + " than this would be left that take requests and are healthy, backups aside;"
                + " `max_change`: more than this share of the servers would be removed, moved or"
                + " changed at once (one always may); `keep_nonempty`: no server would be left"
                + " that takes requests. Such a change is refused with its reason, unless it is"
                + " forced. In an upstream it replaces what `http` says; what the configuration"
                + " itself changes is not held back.");
    http.pending(
        new HttpRegistry.Pending() {
          @Override
          public void activate() {
            boolean any = !usual.equals(GuardRules.NONE) || !byUpstream.isEmpty();
            writer.guards(
                any
                    ? new ServerGuards(http.environment().upstreams(), usual, byUpstream)
                    : Guards.NONE);
          }

          @Override
          public void abandon() {
            // the present ones stay in force
          }
        });
  }

  private void read(Directive d, Scope scope) {
    GuardRules rules = rules(d);
    Directive block = scope.directive();
    if (scope.context() == UPSTREAM && block != null) {
      byUpstream.put(block.argument(0).toLowerCase(Locale.ROOT), rules);
    } else {
      usual = rules;
    }
  }

  private static GuardRules rules(Directive d) {
    if (d.argumentCount() == 1 && d.argument(0).equals("off")) {
      return GuardRules.NONE;
    }
    Integer minHealthy = null;
    Integer maxChange = null;
    Boolean keepNonempty = null;
    for (int i = 0; i < d.argumentCount(); i++) {
      String word = d.argument(i);
      int equals = word.indexOf('=');
      String value = equals < 0 ? "" : word.substring(equals + 1);
      switch (equals < 0 ? word : word.substring(0, equals)) {
        case "min_healthy" -> minHealthy = once(d, i, minHealthy, number(value, "", 1_000_000));
        case "max_change" -> maxChange = once(d, i, maxChange, number(value, "%", 100));
        case "keep_nonempty" -> keepNonempty = once(d, i, keepNonempty, equals < 0 ? true : null);
        default -> throw invalid(d, i);
      }
    }
    return new GuardRules(
        minHealthy == null ? 0 : minHealthy,
        maxChange == null ? 100 : maxChange,
        keepNonempty != null);
  }

  private static <T> T once(Directive d, int i, @Nullable T before, @Nullable T value) {
    if (value == null) {
      throw invalid(d, i);
    }
    if (before != null) {
      throw ConfigException.at(d, i, "duplicate parameter \"" + d.argument(i) + "\"");
    }
    return value;
  }

  /// A number from 1 to `most` before a unit; null if it is none.
  private static @Nullable Integer number(String text, String unit, int most) {
    if (!text.endsWith(unit)) {
      return null;
    }
    return Units.number(text.substring(0, text.length() - unit.length())).stream()
        .filter(number -> number >= 1 && number <= most)
        .mapToObj(number -> (Integer) (int) number)
        .findFirst()
        .orElse(null);
  }

  private static ConfigException invalid(Directive d, int i) {
    return ConfigException.at(d, i, "invalid parameter \"" + d.argument(i) + "\"")
        .withHelp("written guard min_healthy=2 max_change=30% keep_nonempty, or guard off");
  }
}
