package dev.turnout.admin.control;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.turnout.json.JsonText;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JsonGenerator;

/// What a request is answered with.
///
/// @param fields of the head, each a name and a value
@SuppressWarnings("ArrayRecordComponent") // nobody compares answers
record Answer(int status, String contentType, List<Field> fields, byte[] body) {
  Answer {
    fields = List.copyOf(fields);
  }

  record Field(String name, String value) {}

  /// Writes a document.
  @FunctionalInterface
  interface Document {
    void write(JsonGenerator out);
  }

  static Answer json(int status, Document document) {
    StringWriter text = new StringWriter();
    try (JsonGenerator out = JsonText.generator(text)) {
      document.write(out);
    }
    text.append('\n');
    return new Answer(status, "application/json", List.of(), text.toString().getBytes(UTF_8));
  }

  Answer with(String name, String value) {
    List<Field> more = new ArrayList<>(fields);
    more.add(new Field(name, value));
    return new Answer(status, contentType, more, body);
  }

  /// Names the revision that the answer is of.
  Answer withRevision(long revision) {
    return with("ETag", "\"" + revision + "\"");
  }
}
