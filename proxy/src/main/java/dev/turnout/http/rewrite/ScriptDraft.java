package dev.turnout.http.rewrite;

import dev.turnout.config.Scope;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.Location;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A rewrite script while the configuration is read.
final class ScriptDraft {
  private final List<Line> lines = new ArrayList<>();

  private sealed interface Line {}

  private record Done(Step step) implements Line {}

  private static final class Branch implements Line {
    private final Condition condition;
    private final @Nullable Scope block;
    private int otherwise;

    Branch(Condition condition, @Nullable Scope block) {
      this.condition = condition;
      this.block = block;
    }
  }

  void add(Step step) {
    lines.add(new Done(step));
  }

  /// Begins an `if`; run the result where its block ends.
  ///
  /// @param block the block where it makes a location of its own, null inside `server`
  Runnable branch(Condition condition, @Nullable Scope block) {
    Branch branch = new Branch(condition, block);
    lines.add(branch);
    return () -> branch.otherwise = lines.size();
  }

  /// The script, once the locations of its `if` blocks are built.
  Script finish(HttpRegistry http, boolean logs) {
    List<Step> steps = new ArrayList<>(lines.size());
    for (Line line : lines) {
      steps.add(
          switch (line) {
            case Done(Step step) -> step;
            case Branch branch -> {
              Location location = branch.block == null ? null : http.conditional(branch.block);
              yield new Step.If(branch.condition, branch.otherwise, location);
            }
          });
    }
    return new Script(steps, logs);
  }
}
