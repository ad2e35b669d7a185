package dev.turnout.http.rewrite;

import dev.turnout.http.Capture;
import dev.turnout.http.Location;
import dev.turnout.http.Template;
import dev.turnout.http.Variables;
import org.jspecify.annotations.Nullable;

/// One step of a rewrite script.
sealed interface Step {
  /// `set`.
  record Assign(Variables.Setter variable, Template value) implements Step {}

  /// `return`; without a text for those codes that have a page.
  record Return(int status, @Nullable Template text) implements Step {}

  /// `rewrite`.
  record Rewrite(Capture regex, Replacement replacement, int status, boolean stays, boolean ends)
      implements Step {}

  /// `break`.
  record Break() implements Step {}

  /// What another module does between these directives; false if the exchange cannot go on.
  record Run(RewriteModule.Action action) implements Step {}

  /// `if`: goes on at `otherwise` unless it holds, else in the location that its block makes.
  record If(Condition condition, int otherwise, @Nullable Location location) implements Step {}
}
