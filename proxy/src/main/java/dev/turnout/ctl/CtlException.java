package dev.turnout.ctl;

import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/// The command cannot be done: what is told on the standard error, and the status to end with.
final class CtlException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final int exit;
  private final boolean document;

  CtlException(int exit, String message) {
    this(exit, message, false);
  }

  private CtlException(int exit, String message, boolean document) {
    super(message, null, false, false);
    this.exit = exit;
    this.document = document;
  }

  /// With an error of the API, as it is.
  static CtlException document(int exit, String json) {
    return new CtlException(exit, json, true);
  }

  /// A file of the command line that cannot be read.
  static CtlException unreadable(Path file, IOException e) {
    String why =
        switch (e) {
          case NoSuchFileException _ -> "there is no such file";
          case AccessDeniedException _ -> "its rights do not allow it";
          case MalformedInputException _ -> "it is not UTF-8";
          default -> String.valueOf(e.getMessage());
        };
    return new CtlException(Exit.USAGE, file + " cannot be read: " + why);
  }

  /// What is printed.
  String text() {
    return document ? String.valueOf(getMessage()) : "turnout ctl: " + getMessage();
  }

  int exit() {
    return exit;
  }
}
