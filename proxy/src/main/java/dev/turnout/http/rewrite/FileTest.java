package dev.turnout.http.rewrite;

import dev.turnout.http.RequestFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import org.jspecify.annotations.Nullable;

/// What an `if` can ask about a file: `-f`, `-d`, `-e`, `-x`.
enum FileTest {
  FILE,
  DIRECTORY,
  ANY,
  EXECUTABLE;

  /// The test that a letter stands for, or null.
  static @Nullable FileTest of(char letter) {
    return switch (letter) {
      case 'f' -> FILE;
      case 'd' -> DIRECTORY;
      case 'e' -> ANY;
      case 'x' -> EXECUTABLE;
      default -> null;
    };
  }

  /// Asks the file system; waits for it.
  boolean passes(String name) throws IOException {
    if (name.isEmpty()) {
      return false;
    }
    try {
      PosixFileAttributes file =
          Files.readAttributes(RequestFile.path(name), PosixFileAttributes.class);
      return switch (this) {
        case FILE -> file.isRegularFile();
        case DIRECTORY -> file.isDirectory();
        case ANY -> true;
        case EXECUTABLE -> file.permissions().contains(PosixFilePermission.OWNER_EXECUTE);
      };
    } catch (NoSuchFileException | InvalidPathException _) {
      return false;
    }
  }
}
