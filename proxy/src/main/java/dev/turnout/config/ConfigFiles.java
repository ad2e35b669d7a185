package dev.turnout.config;

import java.io.IOException;
import java.util.List;

/// Where the loader finds files: the disk, or a map in a test.
interface ConfigFiles {
  /// The bytes of a file.
  byte[] read(String name) throws IOException;

  /// The files a pattern matches, sorted; none is fine.
  List<String> matching(String pattern);
}
