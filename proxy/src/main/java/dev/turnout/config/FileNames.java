package dev.turnout.config;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/// File names in the configuration are bytes, one char each; the file system of Java wants them
/// decoded.
public final class FileNames {
  private FileNames() {}

  /// The path that a name in the configuration stands for.
  public static Path path(String name) {
    return Path.of(new String(name.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8));
  }

  /// A path as the configuration would name it.
  public static String name(Path path) {
    return new String(
        path.toString().getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
  }

  /// `name` as nginx completes it: behind the prefix, which ends in `/`, unless it is absolute.
  public static String completed(String prefix, String name) {
    return name.startsWith("/") ? name : prefix + name;
  }

  /// A directory as a prefix: with a `/` at its end.
  public static String prefix(Path directory) {
    String name = name(directory);
    return name.endsWith("/") || name.isEmpty() ? name : name + "/";
  }
}
