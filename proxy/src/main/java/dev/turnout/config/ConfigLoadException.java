package dev.turnout.config;

import java.util.List;

/// A configuration that cannot be used: all the errors one reading has found, the first of them the
/// one nginx would give.
public final class ConfigLoadException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final transient List<ConfigException> errors;
  private final transient List<ConfigWarning> warnings;
  private final transient List<SourceFile> sources;

  ConfigLoadException(
      List<ConfigException> errors, List<ConfigWarning> warnings, List<SourceFile> sources) {
    super(errors.getFirst().located(), errors.getFirst());
    this.errors = List.copyOf(errors);
    this.warnings = List.copyOf(warnings);
    this.sources = List.copyOf(sources);
  }

  /// The errors in the order they were met; never empty.
  public List<ConfigException> errors() {
    return errors;
  }

  /// What was warned of before.
  public List<ConfigWarning> warnings() {
    return warnings;
  }

  /// The files that were read, with the text of `-g` options among them.
  public List<SourceFile> sources() {
    return sources;
  }
}
