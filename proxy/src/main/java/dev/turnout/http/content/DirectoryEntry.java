package dev.turnout.http.content;

import dev.turnout.http.RequestFile;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;

/// One name in a directory, and what it stands for.
///
/// @param name its chars are bytes
/// @param modifiedSecond seconds since the epoch
record DirectoryEntry(String name, Kind kind, long size, long modifiedSecond) {
  enum Kind {
    DIRECTORY,
    FILE,
    OTHER
  }

  /// The entries of a directory but for those whose names begin with a dot, in no order. Waits for
  /// the file system.
  static List<DirectoryEntry> list(String directory) throws IOException {
    List<DirectoryEntry> found = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(RequestFile.path(directory))) {
      for (Path path : entries) {
        String name = RequestFile.name(path);
        if (!name.startsWith(".")) {
          found.add(entry(name, path));
        }
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    return found;
  }

  private static DirectoryEntry entry(String name, Path path) throws IOException {
    BasicFileAttributes attributes;
    try {
      attributes = Files.readAttributes(path, BasicFileAttributes.class);
    } catch (NoSuchFileException _) {
      attributes = // a link to nowhere
          Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    }
    Kind kind =
        attributes.isDirectory()
            ? Kind.DIRECTORY
            : attributes.isRegularFile() ? Kind.FILE : Kind.OTHER;
    long second = Math.floorDiv(attributes.lastModifiedTime().toMillis(), 1000L);
    return new DirectoryEntry(name, kind, attributes.size(), second);
  }

  boolean isDirectory() {
    return kind == Kind.DIRECTORY;
  }

  boolean isFile() {
    return kind == Kind.FILE;
  }
}
