package dev.turnout.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// A program of this machine that a test runs, with a directory of its own; both are gone when it
/// is closed. It can be stopped, and killed and started again on what it left in its directory.
final class Program implements AutoCloseable {
  private final List<String> command;
  private final Path directory;
  private Process process;

  /// @param directory belongs to the program
  Program(Path directory, List<String> command) {
    this.command = command;
    this.directory = directory;
    this.process = run();
  }

  static Path directory(String name) {
    try {
      return Files.createTempDirectory(name);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Process run() {
    try {
      return new ProcessBuilder(command)
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.appendTo(directory.resolve("output").toFile()))
          .start();
    } catch (IOException e) {
      throw new UncheckedIOException(command.getFirst() + " cannot be run: .ci/run gets it", e);
    }
  }

  /// What it has said.
  String output() {
    try {
      return Files.readString(directory.resolve("output"));
    } catch (IOException e) {
      return e.toString();
    }
  }

  void kill() {
    process.destroyForcibly();
    try {
      process.waitFor(10, TimeUnit.SECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  void start() {
    process = run();
  }

  /// Removes what it has left.
  void forget() {
    delete(directory.resolve("data"));
  }

  /// Stops it where it is, until it is told to go on.
  void freeze() {
    signal("STOP");
  }

  void thaw() {
    signal("CONT");
  }

  private void signal(String name) {
    try {
      new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    thaw();
    kill();
    delete(directory);
  }

  private static void delete(Path tree) {
    if (!Files.exists(tree)) {
      return;
    }
    try (Stream<Path> files = Files.walk(tree)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
