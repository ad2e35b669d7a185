package dev.turnout.http;

import dev.turnout.config.TemplateText;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// A string with variables, such as `"$scheme://$host"`, compiled once and evaluated per exchange.
/// Immutable.
public final class Template {
  private static final Template EMPTY = constant("");

  private final Part[] parts;
  private final String constant;
  private final boolean isConstant;

  private Template(Part[] parts, String constant, boolean isConstant) {
    this.parts = parts;
    this.constant = constant;
    this.isConstant = isConstant;
  }

  private sealed interface Part {
    void appendTo(Exchange exchange, ByteSink sink);
  }

  private static final class Text implements Part {
    private final byte[] bytes;

    Text(byte[] bytes) {
      this.bytes = bytes;
    }

    @Override
    public void appendTo(Exchange exchange, ByteSink sink) {
      sink.append(bytes);
    }
  }

  private record Reference(Variable variable) implements Part {
    @Override
    public void appendTo(Exchange exchange, ByteSink sink) {
      variable.appendTo(exchange, sink);
    }
  }

  /// The template that is always this text.
  public static Template constant(String text) {
    Part[] parts =
        text.isEmpty()
            ? new Part[0]
            : new Part[] {new Text(text.getBytes(StandardCharsets.ISO_8859_1))};
    return new Template(parts, text, true);
  }

  /// True if one of these is neither empty nor 0, as conditions of nginx's directives are.
  public static boolean isAnyTrue(List<Template> conditions, Exchange exchange) {
    for (Template condition : conditions) {
      String value = condition.evaluate(exchange);
      if (!value.isEmpty() && !value.equals("0")) {
        return true;
      }
    }
    return false;
  }

  /// The template that is always empty.
  public static Template empty() {
    return EMPTY;
  }

  /// Compiles `text`; its variables are looked up in `variables` now, so that an unknown one is an
  /// error of the configuration.
  ///
  /// @throws IllegalArgumentException in nginx's words, such as `unknown "x" variable`
  public static Template compile(String text, Variables variables) {
    List<Part> parts = new ArrayList<>();
    boolean constant = true;
    for (TemplateText.Piece piece : TemplateText.parse(text).pieces()) {
      switch (piece) {
        case TemplateText.Literal(String literal) ->
            parts.add(new Text(literal.getBytes(StandardCharsets.ISO_8859_1)));
        case TemplateText.VariableName(String name) -> {
          constant = false;
          parts.add(new Reference(variables.get(name)));
        }
        case TemplateText.Capture(int number) -> {
          constant = false;
          parts.add(new Reference(exchange -> exchange.capture(number)));
        }
      }
    }
    return constant ? constant(text) : new Template(parts.toArray(new Part[0]), "", false);
  }

  /// True if it is the same in every exchange.
  public boolean isConstant() {
    return isConstant;
  }

  /// The text that it always is, if it [#isConstant].
  public String constantText() {
    return constant;
  }

  /// True if it is constant and has no bytes.
  public boolean isEmpty() {
    return isConstant && constant.isEmpty();
  }

  /// Appends the value in this exchange.
  public void appendTo(Exchange exchange, ByteSink sink) {
    for (Part part : parts) {
      part.appendTo(exchange, sink);
    }
  }

  /// The value in this exchange.
  public String evaluate(Exchange exchange) {
    if (isConstant) {
      return constant;
    }
    if (parts.length == 1 && parts[0] instanceof Reference(Variable variable)) {
      String value = variable.value(exchange);
      return value == null ? "" : value;
    }
    ByteSink sink = exchange.textSink();
    int start = sink.length();
    appendTo(exchange, sink);
    String value =
        new String(sink.bytes(), start, sink.length() - start, StandardCharsets.ISO_8859_1);
    sink.truncate(start);
    return value;
  }

  @Override
  public String toString() {
    return isConstant ? constant : "template of " + parts.length + " parts";
  }
}
