package dev.turnout.app;

import dev.turnout.net.Posix;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Running in the background: the process starts itself once more and stays only until the child
/// serves requests, so that an exit status of 0 means "up".
///
/// The child's standard output is the pipe on which it says so; its errors go to the parent's
/// standard error until then. A JVM cannot fork, hence the second start.
public final class Daemon {
  private static final String CHILD = "turnout.child";
  private static final String NOWHERE = "/dev/null";
  private static final String READY = "turnout: ready";

  private Daemon() {}

  /// Whether this process is the child of another one that waits for it.
  public static boolean isChild() {
    return System.getProperty(CHILD) != null;
  }

  /// In the parent: starts the same command line as a child and waits until it is ready or gone.
  /// Returns the exit status for the parent: 0, or what the child ended with, never 0 then.
  public static int spawnAndAwaitReady() throws IOException, InterruptedException {
    Process child =
        new ProcessBuilder(childCommand())
            .redirectInput(Redirect.from(new File(NOWHERE)))
            .redirectError(Redirect.INHERIT)
            .start();
    try (BufferedReader output = child.inputReader(StandardCharsets.ISO_8859_1)) {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        if (line.equals(READY)) {
          return 0;
        }
        System.out.println(line);
      }
    }
    int status = child.waitFor();
    return status == 0 ? 1 : status;
  }

  /// This process's own command line, JVM arguments included, marked as a child's.
  private static List<String> childCommand() throws IOException {
    String line = Files.readString(Path.of("/proc/self/cmdline"), StandardCharsets.ISO_8859_1);
    List<String> command = new ArrayList<>(List.of(line.split("\0", -1)));
    command.removeLast(); // behind the last terminator
    command.set(0, Files.readSymbolicLink(Path.of("/proc/self/exe")).toString());
    command.add(1, "-D" + CHILD + "=true");
    return command;
  }

  /// In the child, first thing: leaves the parent's session and terminal.
  public static void childStarts() throws IOException {
    Posix.setsid();
  }

  /// In the child, when requests are served: releases the parent and then its standard streams.
  /// `errors` is the file that takes what the JVM itself may still write to standard error; if it
  /// cannot be opened, that is lost: the configuration may keep its log elsewhere.
  public static void childReady(String errors) {
    System.out.println(READY);
    System.out.flush();
    try {
      Posix.redirect(1, NOWHERE);
      redirectErrors(errors);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void redirectErrors(String file) throws IOException {
    try {
      Posix.redirect(2, file);
    } catch (IOException _) {
      Posix.redirect(2, NOWHERE);
    }
  }
}
