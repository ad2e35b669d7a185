package dev.turnout.testkit;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;

/// Programs that tests run against and that a machine may lack.
///
/// A test that needs one is skipped without it and says so, for a build must pass on a machine that
/// has a JDK and Maven. A missing program that is among the words of `TURNOUT_TESTS_NEED` is a
/// failure: `.ci/run` says there what it has installed.
public final class Installed {
  private static final Pattern PATH_SEPARATOR =
      Pattern.compile(File.pathSeparator, Pattern.LITERAL);

  private Installed() {}

  /// Goes on if `program` can be run, a name in `PATH` or a path.
  ///
  /// @param debianPackage what to install to have it
  /// @throws IllegalStateException if it is missing and must not be
  public static void need(String program, String debianPackage) {
    if (isThere(program)) {
      return;
    }
    String lack = program + " is not installed (Debian package: " + debianPackage + ")";
    String needed = System.getenv().getOrDefault("TURNOUT_TESTS_NEED", "");
    if (List.of(needed.split(" ", -1)).contains(Path.of(program).getFileName().toString())) {
      throw new IllegalStateException(lack);
    }
    Assumptions.abort(lack);
  }

  private static boolean isThere(String program) {
    if (program.contains("/")) {
      return Files.isExecutable(Path.of(program));
    }
    return PATH_SEPARATOR
        .splitAsStream(System.getenv().getOrDefault("PATH", ""))
        .anyMatch(directory -> Files.isExecutable(Path.of(directory, program)));
  }
}
