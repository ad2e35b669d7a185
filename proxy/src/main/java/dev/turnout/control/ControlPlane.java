package dev.turnout.control;

import dev.turnout.http.Upstreams;
import java.util.Map;

/// What the process has for those who operate it, whatever the configuration: the writer of
/// changes, the hub of events, and the drains.
public record ControlPlane(ChangeWriter writer, Events events, Drains drains)
    implements AutoCloseable {
  public static ControlPlane of(ChangeWriter writer, Upstreams upstreams) {
    Events events = new Events(() -> writer.history().revision());
    writer.watch(events::changed);
    writer.watchTroubles(trouble -> {
      if (trouble instanceof ChangeResult.StoreFailed(var reason, String message)) {
        String name = reason.name().toLowerCase(java.util.Locale.ROOT);
        events.publish("store", Map.of("reason", name, "message", message));
      }
    });
    return new ControlPlane(writer, events, new Drains(writer, upstreams, events));
  }

  /// The node begins to end: nobody waits for events any more.
  public void ending() {
    events.dismissAll();
  }

  @Override
  public void close() {
    events.dismissAll();
    drains.close();
  }
}
