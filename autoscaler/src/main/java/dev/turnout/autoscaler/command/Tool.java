package dev.turnout.autoscaler.command;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/// A tool with a command line. What is wrong with its arguments is told in a line or two: the whole
/// help would push that off the screen.
public final class Tool {
  private Tool() {}

  /// The command line of an object with picocli's annotations.
  public static CommandLine of(Object command) {
    return new CommandLine(command).setParameterExceptionHandler((e, _) -> wrong(e));
  }

  private static int wrong(ParameterException e) {
    CommandLine command = e.getCommandLine();
    String name = command.getCommandSpec().qualifiedName();
    PrintWriter err = command.getErr();
    err.println(name + ": " + e.getMessage());
    UnmatchedArgumentException.printSuggestions(e, err);
    err.println("  " + name + " --help tells what there is");
    err.flush();
    return command.getCommandSpec().exitCodeOnInvalidInput();
  }

  /// Holds a number against its bounds.
  ///
  /// @throws IllegalArgumentException with the name of the option and what would be right
  public static void within(String option, double value, double least, double most) {
    if (!(value >= least && value <= most)) {
      String bounds =
          most == Double.POSITIVE_INFINITY
              ? "at least " + text(least)
              : "from " + text(least) + " to " + text(most);
      throw new IllegalArgumentException(option + " is " + bounds + ", not " + text(value));
    }
  }

  private static String text(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? Long.toString((long) value)
        : Double.toString(value);
  }

  /// Looks whether a file can be written, before the work begins that is to be written to it.
  ///
  /// @param file null if none is wanted
  /// @throws IOException if not, with the reason
  public static void mayWrite(@Nullable Path file) throws IOException {
    if (file == null) {
      return;
    }
    Path directory = file.toAbsolutePath().getParent();
    if (Files.isDirectory(file)) {
      throw new IOException(file + " is a directory");
    }
    if (directory == null || !Files.isDirectory(directory)) {
      throw new IOException(file + " cannot be written: there is no directory " + directory);
    }
    if (!Files.isWritable(Files.exists(file) ? file : directory)) {
      throw new IOException(file + " cannot be written: permission denied");
    }
  }

  /// Why a file could not be read or written, and which: the JDK says of a missing file its name
  /// only.
  public static String reason(IOException e) {
    if (e instanceof NoSuchFileException missing) {
      return missing.getFile() + ": no such file";
    }
    String message = e.getMessage();
    return message == null ? e.getClass().getSimpleName() : message;
  }
}
