package dev.turnout.cluster.file;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/// The few file system calls that a state file is made of, each of which can fail. One real
/// implementation; the tests have others that fail, or lose power.
interface Disk {
  /// A file being written.
  interface Output extends Closeable {
    void write(ByteBuffer bytes) throws IOException;

    /// Returns after what was written is on the medium.
    void sync() throws IOException;

    @Override
    void close() throws IOException;
  }

  /// Everything in a file; a `NoSuchFileException` if it does not exist.
  byte[] read(Path file) throws IOException;

  boolean exists(Path file);

  /// A file that did not exist, with the permissions of `like` if that exists.
  Output create(Path file, Path like) throws IOException;

  /// Returns after an existing file's content is on the medium.
  void sync(Path file) throws IOException;

  /// A second name for a file, or a synced copy where the file system has no hard links.
  void link(Path existing, Path name) throws IOException;

  /// Renames within a directory, replacing what had the name.
  void rename(Path from, Path to) throws IOException;

  /// Removes a name if it exists.
  void delete(Path file) throws IOException;

  /// Returns after the names in a directory are on the medium.
  void syncDirectory(Path directory) throws IOException;
}
