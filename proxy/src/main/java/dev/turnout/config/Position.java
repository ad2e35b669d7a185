package dev.turnout.config;

/// A place in the configuration: file as it was opened, line and column (in bytes), both from 1.
///
/// The text of a `-g` option has no lines: its positions have line 0.
public record Position(String file, int line, int column) {
  static final String COMMAND_LINE = "command line";

  /// True for a place in the text of a `-g` option.
  public boolean onCommandLine() {
    return line == 0;
  }

  /// `FILE:LINE`, as nginx ends its messages.
  @Override
  public String toString() {
    return onCommandLine() ? file : file + ":" + line;
  }
}
