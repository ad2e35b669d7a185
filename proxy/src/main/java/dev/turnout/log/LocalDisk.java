package dev.turnout.log;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/// Which files lie where a short write is a copy in memory, as a rule: not a pipe or a terminal,
/// whose reader may sleep, nor a file system behind a network.
final class LocalDisk {
  private static final Set<String> LOCAL =
      Set.of(
          "bcachefs",
          "btrfs",
          "ext2",
          "ext3",
          "ext4",
          "f2fs",
          "jfs",
          "overlay",
          "reiserfs",
          "tmpfs",
          "xfs",
          "zfs");

  private LocalDisk() {}

  /// Whether `file`, or the directory of that name, lies on such a file system. Asks the disk.
  static boolean holds(Path file) {
    try {
      return (Files.isRegularFile(file) || Files.isDirectory(file))
          && LOCAL.contains(Files.getFileStore(file).type());
    } catch (IOException | SecurityException _) {
      return false;
    }
  }
}
