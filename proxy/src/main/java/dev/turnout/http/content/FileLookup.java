package dev.turnout.http.content;

import dev.turnout.http.RequestFile;
import dev.turnout.log.Errno;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/// What is found under a name in the file system. The methods wait for the file system.
sealed interface FileLookup {
  /// A regular file, opened. Whoever gets it closes the channel.
  record Found(FileChannel channel, long length, long modifiedSecond) implements FileLookup {
    void close() {
      closeQuietly(channel);
    }
  }

  /// A directory.
  record Directory() implements FileLookup {}

  /// Neither.
  record Special() implements FileLookup {}

  /// Nothing that can be served.
  ///
  /// @param status what is answered
  /// @param reason the error as the log names it
  record Failed(int status, String reason) implements FileLookup {}

  /// What is found under the name with something behind it, and under the name itself.
  record Beside(FileLookup other, FileLookup plain) implements FileLookup {}

  int ENAMETOOLONG = 36;

  /// Opens the file of this name, and the one with `suffix` behind it.
  static FileLookup openBeside(String name, String suffix) {
    FileLookup other = open(name + suffix);
    return other instanceof Failed(int status, _) && status == 404
        ? open(name)
        : new Beside(other, open(name));
  }

  /// Opens the file of this name.
  static FileLookup open(String name) {
    try {
      Path path = RequestFile.path(name);
      BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
      if (attributes.isDirectory()) {
        return new Directory();
      }
      if (!attributes.isRegularFile()) {
        return new Special(); // opening a pipe would wait for its other end
      }
      FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
      try {
        long second = Math.floorDiv(attributes.lastModifiedTime().toMillis(), 1000L);
        return new Found(channel, channel.size(), second);
      } catch (IOException e) {
        closeQuietly(channel);
        throw e;
      }
    } catch (IOException e) {
      return new Failed(status(e), Errno.describe(e));
    } catch (InvalidPathException _) {
      return new Failed(404, Errno.describe(Errno.ENOENT));
    }
  }

  /// True if there is a directory (or else a file) of this name.
  static boolean exists(String name, boolean directory) {
    try {
      BasicFileAttributes attributes =
          Files.readAttributes(RequestFile.path(name), BasicFileAttributes.class);
      boolean asked = directory || !name.endsWith("/"); // behind a file there is no slash
      return asked && attributes.isDirectory() == directory;
    } catch (IOException | InvalidPathException _) {
      return false;
    }
  }

  /// What keeps a name from being read, or null if it is there.
  static @Nullable Failed trouble(String name) {
    return trouble(name, false);
  }

  /// What keeps a directory from being one, or null if it is there.
  static @Nullable Failed troubleWithDirectory(String name) {
    return trouble(name, true);
  }

  private static @Nullable Failed trouble(String name, boolean directory) {
    try {
      boolean isDirectory =
          Files.readAttributes(RequestFile.path(name), BasicFileAttributes.class).isDirectory();
      return directory && !isDirectory ? new Failed(404, Errno.describe(Errno.ENOTDIR)) : null;
    } catch (IOException e) {
      return new Failed(status(e), Errno.describe(e));
    } catch (InvalidPathException _) {
      return new Failed(404, Errno.describe(Errno.ENOENT));
    }
  }

  /// What is answered when the file system says this.
  static int status(IOException failure) {
    if (failure instanceof NoSuchFileException) {
      return 404;
    }
    if (failure instanceof AccessDeniedException) {
      return 403;
    }
    return switch (Errno.number(failure).orElse(0)) {
      case Errno.ENOENT, Errno.ENOTDIR, ENAMETOOLONG -> 404;
      case Errno.EACCES, Errno.ELOOP -> 403;
      default -> 500;
    };
  }

  private static void closeQuietly(FileChannel channel) {
    try {
      channel.close();
    } catch (IOException _) {
      // it was only read: there is nothing to lose
    }
  }
}
