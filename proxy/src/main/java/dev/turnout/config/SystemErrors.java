package dev.turnout.config;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Map;

/// The system's words for a failed call, with the number in front: `2: No such file or directory`.
final class SystemErrors {
  private static final Map<String, Integer> NUMBERS =
      Map.of(
          "Operation not permitted", 1,
          "Input/output error", 5,
          "Not a directory", 20,
          "Is a directory", 21,
          "Too many open files", 24,
          "File name too long", 36,
          "Too many levels of symbolic links", 40);

  private SystemErrors() {}

  static String text(IOException failure) {
    if (failure instanceof NoSuchFileException) {
      return "2: No such file or directory";
    }
    if (failure instanceof AccessDeniedException) {
      return "13: Permission denied";
    }
    String reason = failure instanceof FileSystemException f ? f.getReason() : failure.getMessage();
    if (reason == null) {
      return failure.toString();
    }
    Integer number = NUMBERS.get(reason);
    return number == null ? reason : number + ": " + reason;
  }
}
