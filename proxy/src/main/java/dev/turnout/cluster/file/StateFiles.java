package dev.turnout.cluster.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/// A state file and the files beside it, and the steps that replace one by another. Each step
/// leaves a whole state under `FILE`, or a failure.
record StateFiles(Path file, Disk disk) {
  /// The files of a state file, wherever symbolic links to it lead.
  static StateFiles of(Path file, Disk disk) throws IOException {
    Path absolute = file.toAbsolutePath().normalize();
    if (Files.isDirectory(absolute)) {
      throw new IOException("state file \"" + file + "\" is a directory");
    }
    if (Files.exists(absolute)) {
      return new StateFiles(absolute.toRealPath(), disk);
    }
    Path directory = absolute.getParent();
    Path name = absolute.getFileName();
    if (directory == null || name == null) {
      throw new IOException("state file \"" + file + "\" has no directory");
    }
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      throw new IOException(
          "state file \"" + file + "\": its directory cannot be made: " + e.getMessage(), e);
    }
    return new StateFiles(directory.toRealPath().resolve(name), disk);
  }

  /// The state before the present one.
  Path previous() {
    return beside(".prev");
  }

  /// The next state, while it is written.
  Path temp() {
    return beside(".tmp");
  }

  /// The `n`th damaged file that was kept for the operator.
  Path damaged(int n) {
    return beside(".damaged-" + n);
  }

  Path lock() {
    return beside(".lock");
  }

  private Path previousTemp() {
    return beside(".prev.tmp");
  }

  private Path beside(String suffix) {
    return file.resolveSibling(file.getFileName() + suffix);
  }

  /// What is at `path`, which is `FILE` or one of the others.
  StateReading read(Path path) throws IOException {
    try {
      return StateParser.parse(disk.read(path));
    } catch (NoSuchFileException _) {
      return new StateReading.Absent();
    } catch (AccessDeniedException e) {
      // Nothing is known to be wrong with it; the operator has to let us read it.
      throw new IOException("state file \"" + path + "\": " + DiskTrouble.text(e), e);
    } catch (IOException e) {
      return new StateReading.Damaged("it cannot be read: " + DiskTrouble.text(e));
    }
  }

  void writeTemp(byte[] content) throws IOException {
    // A new file, never an old one emptied: a leftover can be a second name of FILE itself.
    disk.delete(temp());
    try (Disk.Output out = disk.create(temp(), file)) {
      out.write(ByteBuffer.wrap(content));
      out.sync();
    }
  }

  /// Gives the present state its second name. `FILE` itself is not touched.
  void keepPrevious() throws IOException {
    disk.delete(previousTemp()); // of a commit that was cut short
    disk.link(file, previousTemp());
    disk.rename(previousTemp(), previous());
  }

  /// The temporary file becomes `FILE`, and stays so.
  void takeTemp() throws IOException {
    disk.rename(temp(), file);
    disk.syncDirectory(directory());
  }

  /// The previous state becomes `FILE` again. No data is written, so a full disk is no obstacle. A
  /// name of it is left over if it was `FILE` already: there rename does nothing.
  void takePrevious() throws IOException {
    disk.delete(temp());
    disk.link(previous(), temp());
    disk.rename(temp(), file);
    disk.syncDirectory(directory());
  }

  /// There is no `FILE` any more.
  void removeFile() throws IOException {
    disk.delete(file);
    disk.syncDirectory(directory());
  }

  /// Gives a damaged `FILE` a name under which nobody overwrites it.
  Path keepDamaged() throws IOException {
    int n = 1;
    while (disk.exists(damaged(n))) {
      n++;
    }
    disk.link(file, damaged(n));
    return damaged(n);
  }

  /// Removes what a commit that did not end has left.
  void removeTemps() throws IOException {
    disk.delete(temp());
    disk.delete(previousTemp());
  }

  private Path directory() {
    Path directory = file.getParent();
    if (directory == null) {
      throw new IllegalStateException("a state file is in a directory: " + file);
    }
    return directory;
  }
}
