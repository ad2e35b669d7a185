package dev.turnout.lua;

import dev.turnout.http.Variable;
import dev.turnout.http.Variables;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The variables that the scripts of one VM ask for, by a number that they keep. Confined to its
/// loop.
final class LuaNames {
  /// A script may ask for names that it has made up; the first so many are kept.
  private static final int MOST = 4096;

  private final Variables variables;
  private final List<@Nullable Variable> known = new ArrayList<>();

  LuaNames(Variables variables) {
    this.variables = variables;
  }

  /// The number of `$name` from now on, or -1 if it is to be asked for by its name.
  int number(String name) {
    if (known.size() >= MOST) {
      return -1;
    }
    known.add(variables.named(name));
    return known.size() - 1;
  }

  @Nullable Variable numbered(int number) {
    return known.get(number);
  }

  @Nullable Variable named(String name) {
    return variables.named(name);
  }

  /// True if nothing is kept under the name: it is no variable, or one that is made when asked for.
  boolean isUnknown(String name) {
    return variables.named(name) == null || variables.isOfFamily(name);
  }

  Variables.@Nullable Setter setter(String name) {
    return variables.setter(name);
  }
}
