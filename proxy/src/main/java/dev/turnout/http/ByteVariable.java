package dev.turnout.http;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// A variable whose value is at hand as bytes, so that heads and log lines need no string of it.
@FunctionalInterface
@SuppressWarnings("FunctionalInterfaceMethodChanged") // value() is made of append()
interface ByteVariable extends Variable {
  /// Appends the value; false, and nothing appended, where nginx calls it "not found".
  boolean append(Exchange exchange, ByteSink sink);

  @Override
  default void appendTo(Exchange exchange, ByteSink sink) {
    boolean _ = append(exchange, sink);
  }

  @Override
  default @Nullable String value(Exchange exchange) {
    ByteSink sink = exchange.textSink();
    int start = sink.length();
    String value =
        append(exchange, sink)
            ? new String(sink.bytes(), start, sink.length() - start, StandardCharsets.ISO_8859_1)
            : null;
    sink.truncate(start);
    return value;
  }
}
