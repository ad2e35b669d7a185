package dev.turnout.config;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/// Reads a configuration from its files.
public final class ConfigLoader {
  /// The directory that relative names of files begin at (logs, documents), with `/` at the end.
  /// Set in main before anything is read.
  public static final Setting<String> PREFIX = Setting.of("prefix", "");

  /// The directory of the main configuration file, with `/` at the end: where the names of included
  /// files, certificates and keys begin. Set in main before anything is read.
  public static final Setting<String> CONF_PREFIX = Setting.of("conf prefix", "");

  private ConfigLoader() {}

  /// Reads the `-g` options and then `file`, which begins at `prefix` unless it is absolute.
  ///
  /// @throws ConfigLoadException with all errors that were found
  public static LoadedConfig load(
      Path file, Path prefix, List<String> globalDirectives, DirectiveRegistry registry) {
    String before = FileNames.prefix(prefix);
    String name = FileNames.completed(before, FileNames.name(file));
    return new Loading(registry, new DiskFiles(), name, before).load(globalDirectives);
  }

  /// Reads a configuration whatever is wrong with it, to say what of it would run.
  ///
  /// @param file the main file; relative names begin at its directory
  public static Compatibility compare(Path file, DirectiveRegistry registry) {
    Path whole = file.toAbsolutePath().normalize();
    Path directory = whole.getParent();
    String prefix = directory == null ? "/" : FileNames.prefix(directory);
    Compatibility seen = new Compatibility();
    new Loading(registry, new DiskFiles(), FileNames.name(whole), prefix).compare(seen);
    return seen;
  }

  /// Reads a text as if it were the file `name`; what it includes is read from the disk.
  ///
  /// @throws ConfigLoadException with all errors that were found
  public static LoadedConfig loadText(String name, String text, DirectiveRegistry registry) {
    ConfigFiles files = new TextAndDisk(SourceFile.of(name, text));
    return new Loading(registry, files, name, "").load(List.of());
  }

  /// Reads a text as the inside of a block that is open already: what comes in at run time, or from
  /// a file that is not part of the configuration, by the very readers of the configuration.
  ///
  /// @param scope the block; what the text sets is set there
  /// @param name how the text is called in errors
  /// @param allowed the directives that it may have: readers of others may do more than to set
  /// @throws ConfigException with the first error
  public static void loadInside(
      Scope scope, String name, String text, DirectiveRegistry registry, Set<String> allowed) {
    new Loading(registry, new NoFiles(), name, "")
        .loadInside(SourceFile.of(name, text), scope, allowed);
  }

  private record NoFiles() implements ConfigFiles {
    @Override
    public byte[] read(String name) throws java.io.IOException {
      throw new java.nio.file.AccessDeniedException(name);
    }

    @Override
    public List<String> matching(String pattern) {
      return List.of(pattern); // which then cannot be read
    }
  }

  private record TextAndDisk(SourceFile text) implements ConfigFiles {
    @Override
    public byte[] read(String name) throws java.io.IOException {
      return name.equals(text.name()) ? text.bytes() : new DiskFiles().read(name);
    }

    @Override
    public List<String> matching(String pattern) {
      return new DiskFiles().matching(pattern);
    }
  }
}
