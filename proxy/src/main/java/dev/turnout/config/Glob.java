package dev.turnout.config;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// A path with wildcards and the files it matches, as glob(3) finds and sorts them.
///
/// Each part between slashes is matched for itself; a directory that cannot be read has no files.
final class Glob {
  private final String pattern;
  private final List<String> found = new ArrayList<>();

  Glob(String pattern) {
    this.pattern = pattern;
  }

  List<String> files() {
    found.clear();
    int root = 0;
    while (root < pattern.length() && pattern.charAt(root) == '/') {
      root++;
    }
    walk(pattern.substring(0, root), pattern.substring(root));
    Collections.sort(found); // chars are bytes: the order of the C locale
    return List.copyOf(found);
  }

  private void walk(String directory, String rest) {
    int slash = rest.indexOf('/');
    String part = slash < 0 ? rest : rest.substring(0, slash);
    int next = slash;
    while (next >= 0 && next < rest.length() && rest.charAt(next) == '/') {
      next++;
    }
    for (String name : namesMatching(directory, part)) {
      if (slash < 0) {
        found.add(directory + name);
      } else if (next == rest.length()) {
        addDirectory(directory + name + rest.substring(slash));
      } else {
        walk(directory + name + rest.substring(slash, next), rest.substring(next));
      }
    }
  }

  private void addDirectory(String name) {
    if (exists(name)) {
      found.add(name);
    }
  }

  private static List<String> namesMatching(String directory, String part) {
    WildcardPattern wildcard = WildcardPattern.compile(part);
    if (wildcard.isLiteral()) {
      String name = wildcard.literal();
      return exists(directory + name) ? List.of(name) : List.of();
    }
    List<String> names = new ArrayList<>();
    try (DirectoryStream<Path> entries =
        Files.newDirectoryStream(FileNames.path(directory.isEmpty() ? "." : directory))) {
      for (Path entry : entries) {
        String name = FileNames.name(entry.getFileName());
        if (wildcard.matches(name)) {
          names.add(name);
        }
      }
    } catch (IOException | DirectoryIteratorException | InvalidPathException _) {
      return List.of(); // glob(3) passes over what it cannot read, unless told otherwise
    }
    return names;
  }

  private static boolean exists(String name) {
    try {
      return Files.exists(FileNames.path(name), LinkOption.NOFOLLOW_LINKS);
    } catch (InvalidPathException _) {
      return false;
    }
  }
}
