package dev.turnout.config;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// One error of the configuration: nginx's words, where it is, and what may help.
///
/// It has two positions: [#position()] is the word at fault, for people; [#reportedAt()] is the
/// line nginx names, which is where the directive ends.
public class ConfigException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final transient @Nullable Position position;
  private final transient @Nullable Position reportedAt;
  private final boolean placed;
  private final String help;

  /// An error in the directive that is being read; the loader adds the position.
  public ConfigException(String message) {
    this(message, null, null, false, "");
  }

  ConfigException(
      String message,
      @Nullable Position position,
      @Nullable Position reportedAt,
      boolean placed,
      String help) {
    super(message);
    this.position = position;
    this.reportedAt = reportedAt;
    this.placed = placed;
    this.help = help;
  }

  /// An error of a whole directive.
  public static ConfigException at(Directive directive, String message) {
    return new ConfigException(message, directive.position(), directive.end(), true, "");
  }

  /// An error in one argument of a directive, counted from 0.
  public static ConfigException at(Directive directive, int argument, String message) {
    return new ConfigException(
        message, directive.argumentPosition(argument), directive.end(), true, "");
  }

  /// An error that nginx reports at a place it has kept.
  public static ConfigException at(Position position, String message) {
    return new ConfigException(message, position, position, true, "");
  }

  /// nginx's `"NAME" directive REASON`: an argument is `is duplicate`, `invalid value`…
  public static ConfigException directive(Directive directive, String reason) {
    return at(directive, "\"" + directive.name() + "\" directive " + reason);
  }

  /// An error of the configuration as a whole, which nginx reports without a position.
  public static ConfigException withoutPosition(String message) {
    return new ConfigException(message, null, null, true, "");
  }

  /// The same error with a line of help in our own words.
  public ConfigException withHelp(String text) {
    return new ConfigException(messageText(), position, reportedAt, placed, text);
  }

  /// The same error with "did you mean" if one of the names is near to what was written.
  public ConfigException suggesting(String written, Iterable<String> names) {
    List<String> near = NearestNames.of(written, names);
    if (near.isEmpty()) {
      return this;
    }
    return withHelp("did you mean " + String.join(" or ", near) + "?");
  }

  ConfigException placedAt(Directive directive) {
    if (placed) {
      return this;
    }
    return new ConfigException(messageText(), directive.position(), directive.end(), true, help);
  }

  /// The word at fault; null when the error has no place.
  public @Nullable Position position() {
    return position;
  }

  /// The place nginx names; null when it names none.
  public @Nullable Position reportedAt() {
    return reportedAt;
  }

  /// A line of help, or empty.
  public String help() {
    return help;
  }

  /// The message, never null.
  public String messageText() {
    return String.valueOf(getMessage());
  }

  /// The message as nginx prints it after `[emerg] `: with ` in FILE:LINE` where it has one.
  public String located() {
    return Messages.located(messageText(), reportedAt);
  }
}
