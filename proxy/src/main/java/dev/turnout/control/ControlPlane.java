package dev.turnout.control;

import dev.turnout.http.Upstreams;
import dev.turnout.upstream.HealthEvent;
import dev.turnout.upstream.PeerState;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/// What the process has for those who operate it, whatever the configuration: the writer of
/// changes, the hub of events, the drains, the canaries, the trials, what the last hour was like,
/// what is shared with other nodes, and what is to be ended with it.
public record ControlPlane(
    ChangeWriter writer,
    Events events,
    Drains drains,
    Canaries canaries,
    Trials trials,
    Timeline timeline,
    Sharing sharing,
    List<Runnable> atClose)
    implements AutoCloseable {
  public static ControlPlane of(ChangeWriter writer, Upstreams upstreams) {
    Events events = new Events(() -> writer.history().revision());
    writer.watch(events::changed);
    writer.watchTroubles(trouble -> {
      if (trouble instanceof ChangeResult.StoreFailed(var reason, String message)) {
        String name = reason.name().toLowerCase(Locale.ROOT);
        events.publish("store", Map.of("reason", name, "message", message));
      }
    });
    upstreams.onHealth(event -> tell(events, event));
    Sharing sharing = writer.share(upstreams, events);
    return new ControlPlane(
        writer,
        events,
        new Drains(writer, upstreams, events),
        new Canaries(writer, upstreams, events),
        new Trials(writer, upstreams, events),
        new Timeline(),
        sharing,
        new CopyOnWriteArrayList<>());
  }

  private static void tell(Events events, HealthEvent event) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("upstream", event.upstream());
    switch (event) {
      case HealthEvent.PeerChanged changed -> {
        fields.put("server", changed.peer().id());
        fields.put("address", changed.peer().address().text());
        fields.put("from", changed.from().name().toLowerCase(Locale.ROOT));
        fields.put("to", changed.to().name().toLowerCase(Locale.ROOT));
        fields.put("reason", changed.reason());
        if (changed.to() == PeerState.UP && changed.peer().slowStartMillis() > 0) {
          fields.put("slow_start_ms", changed.peer().slowStartMillis()); // its share grows so long
        }
        events.publish("health", fields);
      }
      case HealthEvent.PanicBegan began -> {
        fields.put("on", true);
        fields.put("usable", began.usable());
        fields.put("total", began.total());
        events.publish("panic", fields);
      }
      case HealthEvent.PanicEnded ended -> {
        fields.put("on", false);
        fields.put("usable", ended.usable());
        fields.put("total", ended.total());
        events.publish("panic", fields);
      }
    }
  }

  /// Something ends when this is closed, before anything else does.
  public void atClose(Runnable end) {
    atClose.add(end);
  }

  /// The node begins to end: nobody waits for events any more.
  public void ending() {
    events.dismissAll();
  }

  @Override
  public void close() {
    atClose.forEach(Runnable::run);
    events.dismissAll();
    drains.close();
    canaries.close();
    trials.close();
    timeline.stop();
    sharing.close();
  }
}
