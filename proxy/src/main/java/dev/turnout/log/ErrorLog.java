package dev.turnout.log;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.List;

/// The error log of one context: lines in nginx's format to one or more targets, each with a level.
///
/// Strings hold wire bytes, one char each. While lines are few, an event loop writes its own; else
/// whoever logs does not wait for the disk, except for `crit` and worse, which are waited for a
/// moment so that they survive what follows them.
public final class ErrorLog {
  /// nginx cuts a line at this many bytes, line feed included.
  private static final int LINE_BYTES = 2048;

  private static final long URGENT_MILLIS = 50;
  private static final String HEX = "0123456789ABCDEF";
  private static final String PID = Long.toString(ProcessHandle.current().pid());

  private final LogFiles files;
  private final List<Target> targets;
  private final Level level;
  private final boolean echo;

  /// A place for lines, and the level up to which it takes them.
  public record Target(LogSink sink, Level level) {}

  /// Writes to `targets` by way of the writer of `files`.
  public ErrorLog(LogFiles files, List<Target> targets) {
    this(files, targets, false);
  }

  private ErrorLog(LogFiles files, List<Target> targets, boolean echo) {
    this.files = files;
    this.targets = List.copyOf(targets);
    this.echo = echo;
    Level most = Level.EMERG;
    for (Target target : targets) {
      most = target.level.includes(most) ? target.level : most;
    }
    this.level = most;
  }

  /// This log, which also shows `warn` and worse on standard error as `nginx: [level] message`. For
  /// the time of starting up, while somebody sits at the terminal.
  public ErrorLog echoing() {
    return new ErrorLog(files, targets, true);
  }

  /// This log with every target at `debug`, for the connections `debug_connection` names.
  public ErrorLog debugging() {
    return new ErrorLog(
        files, targets.stream().map(t -> new Target(t.sink, Level.DEBUG)).toList(), echo);
  }

  /// Whether any target takes lines of `level`: to be asked before a costly message is put
  /// together.
  public boolean isEnabled(Level level) {
    return this.level.includes(level);
  }

  /// Logs what concerns no connection.
  public void log(Level level, String message) {
    log(level, 0, message);
  }

  /// Logs `message` for connection number `connection`, 0 for none. Control bytes become `\xNN`, so
  /// that the line is one line whatever a client sent.
  public void log(Level level, long connection, String message) {
    if (this.level.includes(level) || echoes(level)) {
      write(level, connection, escape(message));
    }
  }

  /// Logs `message` as it is, line feeds included. For text that the operator's own scripts wrote.
  public void logVerbatim(Level level, long connection, String message) {
    if (this.level.includes(level) || echoes(level)) {
      write(level, connection, message);
    }
  }

  /// Logs a bug: `message`, then `cause` with its stack, each frame on a line of its own.
  public void log(Level level, long connection, String message, Throwable cause) {
    if (!isEnabled(level)) {
      return;
    }
    log(level, connection, message + ": " + cause);
    logFrames(level, connection, cause);
    for (Throwable at = cause.getCause(); at != null; at = at.getCause()) {
      log(level, connection, "caused by " + at);
      logFrames(level, connection, at);
    }
  }

  private void logFrames(Level level, long connection, Throwable thrown) {
    for (StackTraceElement frame : thrown.getStackTrace()) {
      log(level, connection, "    at " + frame);
    }
  }

  private boolean echoes(Level level) {
    return echo && Level.WARN.includes(level);
  }

  private void write(Level level, long connection, String message) {
    byte[] line = line(level, connection, message);
    boolean shown = false;
    for (Target target : targets) {
      if (target.level.includes(level)) {
        files.writer().enqueue(target.sink, level, line);
        shown |= target.sink == files.stderr();
      }
    }
    if (echoes(level) && !shown) {
      byte[] echoed = finish("nginx: [" + level.word() + "] " + message);
      files.writer().enqueue(files.stderr(), level, echoed);
    }
    if (level.isUrgent() && !files.writer().isIdle()) {
      files.writer().flushLines(URGENT_MILLIS);
    }
  }

  private byte[] line(Level level, long connection, String message) {
    var line = new StringBuilder(message.length() + 64);
    line.append(files.time().text(LogTime.Form.ERROR_LOG));
    line.append(" [").append(level.word()).append("] ");
    line.append(PID).append('#').append(Thread.currentThread().threadId()).append(": ");
    if (connection != 0) {
      line.append('*').append(connection).append(' ');
    }
    return finish(line.append(message));
  }

  private static byte[] finish(CharSequence line) {
    int length = Math.min(line.length(), LINE_BYTES - 1);
    return (line.subSequence(0, length) + "\n").getBytes(ISO_8859_1);
  }

  /// nginx writes such bytes as they are, which lets a request forge lines; the form is that of its
  /// access log.
  static String escape(String message) {
    int at = 0;
    while (at < message.length() && !isControl(message.charAt(at))) {
      at++;
    }
    if (at == message.length()) {
      return message;
    }
    var escaped = new StringBuilder(message.length() + 16).append(message, 0, at);
    for (; at < message.length(); at++) {
      char c = message.charAt(at);
      if (isControl(c)) {
        escaped.append("\\x").append(HEX.charAt(c >> 4)).append(HEX.charAt(c & 15));
      } else {
        escaped.append(c);
      }
    }
    return escaped.toString();
  }

  /// A tab cannot end a line and is common in quoted headers.
  private static boolean isControl(char c) {
    return (c < ' ' && c != '\t') || c == 0x7F;
  }
}
