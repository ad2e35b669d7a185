package dev.turnout.admin.plus;

import tools.jackson.core.JsonGenerator;

/// A JSON document, written while it is sent.
@FunctionalInterface
interface Document {
  void write(JsonGenerator out);

  /// An array of strings.
  static Document names(Iterable<String> names) {
    return out -> {
      out.writeStartArray();
      names.forEach(out::writeString);
      out.writeEndArray();
    };
  }
}
