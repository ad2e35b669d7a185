package dev.turnout.admin.control;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.turnout.control.Event;
import dev.turnout.control.Events;
import dev.turnout.json.JsonText;
import java.io.StringWriter;
import tools.jackson.core.JsonGenerator;

/// Events as documents and streams show them.
final class EventView {
  private EventView() {}

  static void write(JsonGenerator out, Events events, Event event) {
    out.writeStartObject();
    out.writeStringProperty("id", EventCursor.text(events, event.number()));
    out.writeStringProperty("kind", event.content().kind());
    out.writeName("data");
    data(out, event);
    out.writeEndObject();
  }

  private static void data(JsonGenerator out, Event event) {
    out.writeStartObject();
    switch (event.content()) {
      case Event.Changed(var entry) -> Views.revision(out, entry);
      case Event.Told(_, var fields) -> {
        out.writeNumberProperty("revision", event.revision());
        out.writeStringProperty("time", Views.time(event.timeMillis()));
        fields.forEach((name, value) -> JsonText.write(out, name, value));
      }
    }
    out.writeEndObject();
  }

  /// As server-sent events have it.
  static byte[] streamed(Events events, Event event) {
    StringWriter text = new StringWriter();
    text.append("id: ").append(EventCursor.text(events, event.number()));
    text.append("\nevent: ").append(event.content().kind()).append("\ndata: ");
    try (JsonGenerator out = JsonText.generator(text)) {
      data(out, event);
    }
    return text.append("\n\n").toString().getBytes(UTF_8);
  }
}
