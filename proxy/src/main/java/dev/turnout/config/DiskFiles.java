package dev.turnout.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;

/// The configuration's files on the disk.
final class DiskFiles implements ConfigFiles {
  @Override
  public byte[] read(String name) throws IOException {
    Path path;
    try {
      path = FileNames.path(name);
    } catch (InvalidPathException _) {
      throw new NoSuchFileException(name); // such a name no file can have
    }
    return Files.readAllBytes(path);
  }

  @Override
  public List<String> matching(String pattern) {
    return new Glob(pattern).files();
  }
}
