package dev.turnout.ctl;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import picocli.CommandLine;

/// `turnout ctl`.
public final class Main {
  private Main() {}

  /// Runs one command and ends with its status.
  public static void main(String[] arguments) {
    PrintWriter out = new PrintWriter(System.out, false, StandardCharsets.UTF_8);
    PrintWriter err = new PrintWriter(System.err, false, StandardCharsets.UTF_8);
    System.exit(run(arguments, System.getenv(), out, err));
  }

  /// Runs one command.
  ///
  /// @return its exit status, as docs/ctl.md has them
  public static int run(
      String[] arguments, Map<String, String> environment, PrintWriter out, PrintWriter err) {
    CommandLine line =
        new Ctl(environment)
            .line()
            .setOut(out)
            .setErr(err)
            .setExecutionExceptionHandler((failure, _, _) -> {
              if (failure instanceof CtlException known) {
                err.println(known.text());
                return known.exit();
              }
              throw failure;
            });
    try {
      return line.execute(arguments);
    } finally {
      out.flush();
      err.flush();
    }
  }
}
