package dev.turnout.config;

import java.util.List;

/// A configuration that was read without an error.
///
/// @param file the name of the main file, as it was opened
/// @param main the outermost scope
/// @param sources the files that were read, in that order, each once
/// @param warnings what works and is probably not meant
public record LoadedConfig(
    String file, Scope main, List<SourceFile> sources, List<ConfigWarning> warnings) {
  public LoadedConfig {
    sources = List.copyOf(sources);
    warnings = List.copyOf(warnings);
  }
}
