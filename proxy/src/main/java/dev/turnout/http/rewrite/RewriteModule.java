package dev.turnout.http.rewrite;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.LOCATION_IF;
import static dev.turnout.config.Context.SERVER;
import static dev.turnout.config.Context.SERVER_IF;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Context;
import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.config.Units;
import dev.turnout.http.Capture;
import dev.turnout.http.Exchange;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.Phase;
import dev.turnout.http.PhaseHandler;
import dev.turnout.http.Slot;
import dev.turnout.http.Template;
import dev.turnout.http.Variables;
import dev.turnout.http.Verdict;
import dev.turnout.log.Level;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// `rewrite`, `if`, `set`, `return` and `break`, which run in the order of the file. Comes before
/// all other modules with rewrite handlers: its handler is the first of a location and of the `if`
/// blocks inside it.
public final class RewriteModule implements HttpModule {
  private static final Context[] BLOCKS = {SERVER, SERVER_IF, LOCATION, LOCATION_IF};
  private static final Setting<@Nullable ScriptDraft> SCRIPT =
      Setting.local("rewrite script", null);
  private static final Setting<@Nullable Runnable> BLOCK_END = Setting.local("end of if", null);
  private static final Setting<Boolean> LOG = Setting.of("rewrite_log", false);
  private static final Setting<Boolean> WARN = Setting.of("uninitialized_variable_warn", true);

  private @Nullable HttpRegistry http;
  private @Nullable Slot<Boolean> warnings;

  /// Something done in the order of the file, among `set` and the others.
  @FunctionalInterface
  public interface Action {
    /// Does it; false if the exchange cannot go on, which has been logged.
    boolean run(Exchange exchange);
  }

  @Override
  public void register(HttpRegistry http) {
    this.http = http;
    directives(http);
    http.directive("if")
        .in(BLOCKS)
        .atLeast(1)
        .repeatable()
        .block(RewriteModule::opens, this::openIf)
        .closing(RewriteModule::closeIf)
        .syntax("(condition)")
        .summary(
            "Runs its rewrite directives if the condition holds; inside a location, its other"
                + " directives then hold instead of the location's.");
    http.directive("rewrite_log")
        .in(HTTP, SERVER, SERVER_IF, LOCATION, LOCATION_IF)
        .flag(LOG)
        .defaultText("off")
        .summary("Tells in the error log, at level `notice`, what `rewrite` does.");
    http.directive("uninitialized_variable_warn")
        .in(HTTP, SERVER, SERVER_IF, LOCATION, LOCATION_IF)
        .flag(WARN)
        .defaultText("on")
        .summary("Warns in the error log of variables that nothing was assigned to.");
    http.phase(Phase.SERVER_REWRITE, scope -> script(scope, SERVER));
    http.phase(Phase.REWRITE, scope -> script(scope, LOCATION));
  }

  private void directives(HttpRegistry http) {
    Slot<Boolean> warns = http.keep(scope -> scope.get(WARN));
    warnings = warns;
    http.directive("set")
        .in(BLOCKS)
        .arguments(2)
        .repeatable()
        .read((d, scope) -> assign(d, scope, warns))
        .syntax("$variable value")
        .summary("Assigns to a variable.");
    http.directive("return")
        .in(BLOCKS)
        .arguments(1, 2)
        .repeatable()
        .read((d, scope) -> draft(scope).add(parseReturn(registry(), d)))
        .syntax("code [text] | code URL | URL")
        .summary("Answers at once; 444 closes the connection without an answer.");
    http.directive("rewrite")
        .in(BLOCKS)
        .arguments(2, 3)
        .repeatable()
        .read((d, scope) -> draft(scope).add(parseRewrite(registry(), d)))
        .syntax("regex replacement [last | break | redirect | permanent]")
        .summary("Changes the path, or redirects the client, if the path matches.");
    http.directive("break")
        .in(BLOCKS)
        .arguments(0)
        .repeatable()
        .read((_, scope) -> draft(scope).add(new Step.Break()))
        .summary("Ends the rewrite directives of this block.");
  }

  private HttpRegistry registry() {
    HttpRegistry there = http;
    if (there == null) {
      throw new IllegalStateException("the rewrite module is not registered");
    }
    return there;
  }

  private static Context opens(Context around) {
    return around == SERVER || around == SERVER_IF ? SERVER_IF : LOCATION_IF;
  }

  /// The script that a block's directives belong to: that of the server or location around it.
  private static ScriptDraft draft(Scope scope) {
    Scope owner = scope;
    Scope around = scope.parent();
    while (around != null && isIf(owner)) {
      owner = around;
      around = owner.parent();
    }
    ScriptDraft draft = owner.own(SCRIPT);
    if (draft == null) {
      draft = new ScriptDraft();
      owner.set(SCRIPT, draft);
    }
    return draft;
  }

  private static boolean isIf(Scope scope) {
    return scope.context() == SERVER_IF || scope.context() == LOCATION_IF;
  }

  private void openIf(Directive d, Scope block) {
    Condition condition = Condition.parse(registry(), d);
    block.set(
        BLOCK_END, draft(block).branch(condition, block.context() == LOCATION_IF ? block : null));
  }

  private static void closeIf(Directive d, Scope block) {
    Runnable end = block.own(BLOCK_END);
    if (end != null) {
      end.run();
    }
  }

  private @Nullable PhaseHandler script(Scope scope, Context owner) {
    if (owner == LOCATION && scope.context() == LOCATION_IF) {
      // the location around it has run the script; its handlers are counted like that one's
      return _ -> Verdict.CONTINUE;
    }
    ScriptDraft draft = scope.context() == owner ? scope.own(SCRIPT) : null;
    return draft == null ? null : draft.finish(registry(), scope.get(LOG));
  }

  private void assign(Directive d, Scope scope, Slot<Boolean> warns) {
    Template value = registry().template(d, 1);
    draft(scope).add(new Step.Assign(target(d, warns), value));
  }

  /// Lets `action` run in the order of the file.
  public static void run(Scope scope, Action action) {
    draft(scope).add(new Step.Run(action));
  }

  /// How the variable that argument 0 of a directive names is assigned to, as by `set`.
  public Variables.Setter target(Directive d) {
    Slot<Boolean> warns = warnings;
    if (warns == null) {
      throw new IllegalStateException("the rewrite module is not registered");
    }
    return target(d, warns);
  }

  private Variables.Setter target(Directive d, Slot<Boolean> warns) {
    String name = d.argument(0);
    if (!name.startsWith("$") || name.length() < 2) {
      throw ConfigException.at(d, 0, "invalid variable name \"" + name + "\"");
    }
    String variable = name.substring(1);
    Variables variables = registry().variables();
    try {
      if (!variables.isDefined(variable)) {
        variables.define(
            variable,
            exchange -> {
              if (exchange.location().get(warns)) {
                exchange.log(Level.WARN, "using uninitialized \"" + variable + "\" variable");
              }
              return "";
            });
      }
      return variables.assign(variable);
    } catch (IllegalArgumentException e) {
      throw ConfigException.at(d, 0, String.valueOf(e.getMessage()));
    }
  }

  static Step parseReturn(HttpRegistry http, Directive d) {
    String first = d.argument(0);
    OptionalLong code = Units.number(first);
    if (code.isEmpty()) {
      if (d.argumentCount() == 1 && isUrl(first)) {
        return new Step.Return(302, http.template(d, 0));
      }
      throw ConfigException.at(d, 0, "invalid return code \"" + first + "\"");
    }
    if (code.getAsLong() > 999) {
      throw ConfigException.at(d, 0, "invalid return code \"" + first + "\"");
    }
    int status = (int) code.getAsLong();
    Template text = d.argumentCount() == 1 ? Template.empty() : http.template(d, 1);
    return new Step.Return(status, status >= 400 && text.isEmpty() ? null : text);
  }

  private static boolean isUrl(String text) {
    return Stream.of("http://", "https://", "$scheme").anyMatch(text::startsWith);
  }

  static Step parseRewrite(HttpRegistry http, Directive d) {
    String target = d.argument(1);
    if (target.isEmpty()) {
      throw ConfigException.at(d, 1, "empty replacement");
    }
    String flag = d.argumentCount() == 3 ? d.argument(2) : "";
    if (!List.of("", "last", "break", "redirect", "permanent").contains(flag)) {
      throw ConfigException.at(d, 2, "invalid parameter \"" + flag + "\"");
    }
    boolean redirect = isUrl(target) || flag.equals("redirect") || flag.equals("permanent");
    Capture regex = Capture.compile(http, d, 0, d.argument(0), false);
    Replacement replacement = Replacement.compile(target, redirect, http.variables());
    boolean stays = flag.equals("break");
    int status = flag.equals("permanent") ? 301 : 302;
    return new Step.Rewrite(regex, replacement, status, stays, stays || flag.equals("last"));
  }
}
