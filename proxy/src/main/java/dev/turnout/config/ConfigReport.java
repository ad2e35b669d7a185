package dev.turnout.config;

/// What is printed of a configuration's errors: nginx's line first, then our help, indented.
///
/// The text is bytes, one char each, as the files are.
public final class ConfigReport {
  private static final int WIDEST = 100;

  private ConfigReport() {}

  /// `nginx: [emerg] …` for the first error, where it is and what may help, and then the others.
  public static String of(ConfigLoadException failure) {
    StringBuilder out = new StringBuilder();
    for (ConfigWarning warning : failure.warnings()) {
      out.append(warning(warning));
    }
    ConfigException first = failure.errors().getFirst();
    out.append("nginx: [emerg] ").append(first.located()).append('\n');
    help(out, first, failure, "    ");
    int more = failure.errors().size() - 1;
    if (more > 0) {
      out.append("    ").append(more).append(more == 1 ? " more error:\n" : " more errors:\n");
    }
    for (ConfigException error : failure.errors().subList(1, failure.errors().size())) {
      out.append("      ").append(error.located()).append('\n');
      help(out, error, failure, "        ");
    }
    return out.toString();
  }

  /// `nginx: [warn] …`, with the end of the line.
  public static String warning(ConfigWarning warning) {
    return (warning.alert() ? "nginx: [alert] " : "nginx: [warn] ") + warning.located() + "\n";
  }

  /// What `-t` prints once the configuration was read.
  public static String syntaxOk(String file) {
    return "nginx: the configuration file " + file + " syntax is ok\n";
  }

  /// What `-t` prints in the end.
  public static String testSuccessful(String file) {
    return "nginx: configuration file " + file + " test is successful\n";
  }

  /// What `-t` prints in the end when something was wrong.
  public static String testFailed(String file) {
    return "nginx: configuration file " + file + " test failed\n";
  }

  private static void help(
      StringBuilder out, ConfigException error, ConfigLoadException failure, String indent) {
    Position position = error.position();
    if (position != null) {
      place(out, position, line(failure, position), indent);
    }
    if (!error.help().isEmpty()) {
      out.append(indent).append(error.help()).append('\n');
    }
  }

  private static void place(StringBuilder out, Position position, String line, String indent) {
    out.append(indent);
    if (!position.onCommandLine()) {
      out.append("line ").append(position.line()).append(", ");
    }
    out.append("column ").append(position.column());
    if (line.isBlank()) {
      out.append('\n');
      return;
    }
    int column = Math.min(position.column() - 1, line.length());
    int from = column < WIDEST * 3 / 4 ? 0 : column - WIDEST / 2;
    int to = Math.min(line.length(), from + WIDEST);
    out.append(":\n").append(indent).append("  ").append(printable(line.substring(from, to)));
    out.append('\n').append(indent).append("  ");
    for (int i = from; i < column; i++) {
      char c = line.charAt(i);
      if (c == '\t') {
        out.append('\t');
      } else if (!continuesUtf8(c)) {
        out.append(' ');
      }
    }
    out.append("^\n");
  }

  /// A file may hold anything, and a terminal obeys control characters.
  private static String printable(String text) {
    StringBuilder out = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean control = c < ' ' || c == 127;
      out.append(control && c != '\t' ? '?' : c);
    }
    return out.toString();
  }

  private static boolean continuesUtf8(char c) {
    return c >= 0x80 && c < 0xC0;
  }

  private static String line(ConfigLoadException failure, Position position) {
    for (SourceFile source : failure.sources()) {
      if (source.name().equals(position.file())) {
        return source.line(Math.max(1, position.line()));
      }
    }
    return "";
  }
}
