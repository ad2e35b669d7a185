package dev.turnout.cluster.file;

import dev.turnout.cluster.StateStore.Reason;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/// What an `IOException` of the disk means. Java gives no error number, only the C library's text.
final class DiskTrouble {
  private static final long ALMOST_NOTHING = 4096;

  private DiskTrouble() {}

  static Reason reason(IOException e, Path near) {
    if (isDiskFull(e, near)) {
      return Reason.DISK_FULL;
    }
    return says(e, "Read-only file system") ? Reason.READ_ONLY : Reason.IO;
  }

  static boolean isDiskFull(IOException e, Path near) {
    return says(e, "No space left on device")
        || says(e, "Disk quota exceeded")
        || hasNoSpace(near); // the text is in the language of the machine
  }

  /// The file system does not know the call at all, so nothing can be had by it.
  static boolean isUnsupported(IOException e) {
    return says(e, "Invalid argument") || says(e, "Operation not supported");
  }

  /// The failure in words, without the class name and without repeating the file's name.
  static String text(IOException e) {
    String text =
        switch (e) {
          case AccessDeniedException _ -> "Permission denied";
          case NoSuchFileException _ -> "No such file or directory";
          case FileSystemException f -> f.getReason();
          default -> e.getMessage();
        };
    return text == null ? e.getClass().getSimpleName() : text;
  }

  private static boolean says(IOException e, String text) {
    String message = e.getMessage();
    return message != null && message.contains(text);
  }

  private static boolean hasNoSpace(Path near) {
    Path directory = near.getParent();
    try {
      return directory != null && Files.getFileStore(directory).getUsableSpace() < ALMOST_NOTHING;
    } catch (IOException _) {
      return false; // then it is the other failure that gets reported
    }
  }
}
