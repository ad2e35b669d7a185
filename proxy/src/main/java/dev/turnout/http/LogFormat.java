package dev.turnout.http;

import dev.turnout.config.TemplateText;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A `log_format`: the form of an access-log line, compiled once. Immutable.
final class LogFormat {
  /// What is done to bytes of a variable that a reader of the log could trip over.
  enum Escape {
    /// `\x0A`; what is not there is a dash.
    DEFAULT,
    /// As in a JSON string.
    JSON,
    /// Nothing.
    NONE
  }

  private static final byte[] HEX = "0123456789ABCDEF".getBytes(StandardCharsets.ISO_8859_1);

  private final Part[] parts;

  private LogFormat(Part[] parts) {
    this.parts = parts;
  }

  private sealed interface Part {
    void appendTo(Exchange exchange, ByteSink sink);
  }

  private record Text(String text) implements Part {
    @Override
    public void appendTo(Exchange exchange, ByteSink sink) {
      sink.append(text);
    }
  }

  private record Value(Variable variable, Escape escape) implements Part {
    @Override
    public void appendTo(Exchange exchange, ByteSink sink) {
      int start = sink.length();
      if (appendRaw(variable, exchange, sink)) {
        LogFormat.escape(escape, sink, start);
      } else if (escape == Escape.DEFAULT) {
        sink.append('-');
      }
    }
  }

  private static boolean appendRaw(Variable variable, Exchange exchange, ByteSink sink) {
    if (variable instanceof ByteVariable bytes) {
      return bytes.append(exchange, sink);
    }
    String value = variable.value(exchange);
    if (value == null) {
      return false;
    }
    sink.append(value);
    return true;
  }

  /// Compiles the strings of a `log_format`, which are written one after the other.
  ///
  /// @throws IllegalArgumentException if a variable is unknown or wrongly written
  static LogFormat compile(List<String> strings, Escape escape, Variables variables) {
    List<Part> parts = new ArrayList<>();
    for (TemplateText.Piece piece : TemplateText.parse(String.join("", strings)).pieces()) {
      parts.add(
          switch (piece) {
            case TemplateText.Literal(String text) -> new Text(text);
            case TemplateText.VariableName(String name) -> new Value(variables.get(name), escape);
            case TemplateText.Capture(int group) -> // there is none in a log, and nginx says so
                new Value(variables.get(Integer.toString(group)), escape);
          });
    }
    return new LogFormat(parts.toArray(new Part[0]));
  }

  /// Appends the line of this exchange, without a line end.
  void appendTo(Exchange exchange, ByteSink sink) {
    for (Part part : parts) {
      part.appendTo(exchange, sink);
    }
  }

  /// Escapes what has been appended since `start`; mostly there is nothing to do.
  static void escape(Escape escape, ByteSink sink, int start) {
    int at = first(escape, sink, start);
    if (at == sink.length()) {
      return;
    }
    byte[] rest = Arrays.copyOfRange(sink.bytes(), at, sink.length());
    sink.truncate(at);
    for (byte b : rest) {
      if (!isEscaped(escape, b)) {
        sink.append((char) b);
      } else if (escape == Escape.JSON) {
        appendJson(sink, b);
      } else {
        appendHex(sink.append('\\').append('x'), b);
      }
    }
  }

  private static int first(Escape escape, ByteSink sink, int start) {
    byte[] bytes = sink.bytes();
    int end = sink.length();
    int at = start;
    while (at < end && !isEscaped(escape, bytes[at])) {
      at++;
    }
    return at;
  }

  private static boolean isEscaped(Escape escape, byte b) {
    return switch (escape) {
      // bytes from 0x80 on are negative
      case DEFAULT -> b < ' ' || b == '"' || b == '\\' || b == 0x7f;
      case JSON -> (b >= 0 && b < ' ') || b == '"' || b == '\\';
      case NONE -> false;
    };
  }

  private static void appendHex(ByteSink sink, byte b) {
    sink.append((char) HEX[b >> 4 & 15]).append((char) HEX[b & 15]);
  }

  private static void appendJson(ByteSink sink, byte b) {
    sink.append('\\');
    switch (b) {
      case '"', '\\' -> sink.append((char) b);
      case '\n' -> sink.append('n');
      case '\r' -> sink.append('r');
      case '\t' -> sink.append('t');
      case '\b' -> sink.append('b');
      case '\f' -> sink.append('f');
      default -> appendHex(sink.append("u00"), b);
    }
  }

  /// The escape that `escape=…` names, or null.
  static @Nullable Escape escapeNamed(String name) {
    return switch (name) {
      case "default" -> Escape.DEFAULT;
      case "json" -> Escape.JSON;
      case "none" -> Escape.NONE;
      default -> null;
    };
  }
}
