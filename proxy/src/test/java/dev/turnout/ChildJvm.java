package dev.turnout;

import java.io.BufferedReader;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A JVM of its own for what would end or change the one that runs the tests. Killed when closed.
public final class ChildJvm implements AutoCloseable {
  private final Process process;
  private final BufferedReader output;

  private ChildJvm(Process process) {
    this.process = process;
    this.output = process.inputReader(StandardCharsets.ISO_8859_1);
  }

  /// Runs `main` with the class path of the tests; its standard error is ours.
  public static ChildJvm start(Class<?> main, String... arguments) throws IOException {
    return start(new ProcessBuilder(command(main, arguments)));
  }

  /// Runs a prepared command whose output is to be read.
  public static ChildJvm start(ProcessBuilder command) throws IOException {
    return new ChildJvm(command.redirectError(Redirect.INHERIT).start());
  }

  /// The command line that runs `main`.
  public static List<String> command(Class<?> main, String... arguments) {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
    command.addAll(List.of(arguments));
    return command;
  }

  public long pid() {
    return process.pid();
  }

  /// The next line of output; fails at the end.
  public String line() throws IOException {
    String line = output.readLine();
    if (line == null) {
      throw new AssertionError("the child has ended");
    }
    return line;
  }

  /// All remaining lines, until the child closes its output.
  public List<String> rest() throws IOException {
    return output.readAllLines();
  }

  public int awaitExit() throws InterruptedException {
    return process.waitFor();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
