package dev.turnout.http;

import org.jspecify.annotations.Nullable;

/// What `$name` stands for in an exchange. A value is a string of bytes (ISO-8859-1).
@FunctionalInterface
public interface Variable {
  /// The value in this exchange, or null where nginx calls it "not found": empty in most places,
  /// `-` in an access log.
  @Nullable String value(Exchange exchange);

  /// Appends the value, or nothing; overridden where the value is at hand as bytes.
  default void appendTo(Exchange exchange, ByteSink sink) {
    String value = value(exchange);
    if (value != null) {
      sink.append(value);
    }
  }
}
