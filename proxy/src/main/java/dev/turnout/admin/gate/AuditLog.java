package dev.turnout.admin.gate;

import dev.turnout.cluster.Delta;
import dev.turnout.cluster.Origin;
import dev.turnout.cluster.UpstreamState;
import dev.turnout.control.ChangeAudit;
import dev.turnout.control.ChangeResult;
import dev.turnout.json.JsonText;
import dev.turnout.log.RecordFile;
import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.UpstreamSpec;
import java.io.IOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/// The file of `audit_log`: a JSON object a line for each attempt to change something, made or
/// refused. Of changes it is on disk before they are seen or answered, and one that cannot be
/// recorded is not made. `prev` of a line is the SHA-256 of the one before it. Of what is refused
/// it is written soon after the answer, and not synced.
///
/// Shared by the change writer, the loops and virtual threads; loops hand lines over and wait for
/// nothing.
final class AuditLog implements ChangeAudit {
  private static final int MOST_WAITING = 1000;
  private static final int MOST_PAIRS = 100;

  private final @Nullable RecordFile file;
  private final Queue<RecordFile.Line> lines = new ConcurrentLinkedQueue<>();
  private final AtomicInteger waiting = new AtomicInteger();
  private final AtomicInteger dropped = new AtomicInteger();

  /// @param file null: nothing is recorded
  AuditLog(@Nullable RecordFile file) {
    this.file = file;
  }

  /// An attempt that did not get as far as the writer. Does not wait.
  ///
  /// @param who who asked, as far as it is proven; empty: nobody known
  void refused(String dialect, String who, String from, String what, Decision.Refused why) {
    RecordFile to = file;
    if (to == null) {
      return;
    }
    if (waiting.get() >= MOST_WAITING) {
      dropped.incrementAndGet();
      return;
    }
    int left = dropped.getAndSet(0);
    lines.add(
        line(json -> {
          head(json, "refused", dialect, who, from, "");
          json.writeStringProperty("asked", what);
          json.writeNumberProperty("status", why.status());
          json.writeStringProperty("reason", why.text());
          if (left > 0) {
            json.writeNumberProperty("dropped", left);
          }
        }));
    if (waiting.getAndIncrement() == 0) {
      Thread.startVirtualThread(() -> drain(to));
    }
  }

  /// Writes what waits, in order.
  private synchronized void drain(RecordFile to) {
    RecordFile.Line line;
    while ((line = lines.poll()) != null) {
      waiting.decrementAndGet();
      try {
        to.append(List.of(line), false);
      } catch (IOException _) {
        dropped.incrementAndGet(); // the file has told of it
      }
    }
  }

  /// Writes what waits, and gives the file up.
  void close() {
    RecordFile to = file;
    if (to != null) {
      drain(to);
      to.close();
    }
  }

  @Override
  public @Nullable String record(List<Asked> batch) {
    RecordFile to = file;
    if (to == null) {
      return null;
    }
    drain(to); // so that the file has things in the order in which they were
    List<RecordFile.Line> batchLines = new ArrayList<>();
    boolean changes = false;
    for (Asked asked : batch) {
      if (!asked.request().dryRun()) {
        changes |= asked.result() instanceof ChangeResult.Applied applied && isNew(applied);
        batchLines.add(line(json -> write(json, asked)));
      }
    }
    try {
      to.append(batchLines, changes);
    } catch (IOException e) {
      return changes ? e.getMessage() : null;
    }
    return null;
  }

  private static boolean isNew(ChangeResult.Applied applied) {
    return !applied.repeated() && !applied.deltas().isEmpty();
  }

  private static void write(JsonGenerator json, Asked asked) {
    Origin origin = asked.request().origin();
    String result =
        switch (asked.result()) {
          case ChangeResult.Applied applied ->
              applied.repeated() ? "repeated" : applied.deltas().isEmpty() ? "unchanged" : "made";
          case ChangeResult.Refused _ -> "refused";
          case ChangeResult.StoreFailed _, ChangeResult.Unavailable _ -> "failed";
        };
    head(json, result, origin.dialect(), origin.who(), origin.from(), origin.why());
    StringBuilder what = new StringBuilder();
    for (Ask ask : Ask.of(asked.request().operations())) {
      if (what.length() > 1000) {
        what.append(", and more");
        break;
      }
      what.append(what.isEmpty() ? "" : ", ").append(ask.what());
    }
    json.writeStringProperty("asked", what.toString());
    switch (asked.result()) {
      case ChangeResult.Applied applied -> {
        json.writeNumberProperty("revision", applied.revision());
        if (isNew(applied)) {
          json.writeArrayPropertyStart("changes");
          applied.deltas().forEach(delta -> write(json, delta));
          json.writeEndArray();
        }
      }
      case ChangeResult.Refused refused -> json.writeStringProperty("reason", refused.message());
      case ChangeResult.StoreFailed failed -> json.writeStringProperty("reason", failed.message());
      case ChangeResult.Unavailable(String message) -> json.writeStringProperty("reason", message);
    }
  }

  private static void head(
      JsonGenerator json, String result, String dialect, String who, String from, String why) {
    json.writeStringProperty("time", Instant.now().truncatedTo(ChronoUnit.MILLIS).toString());
    json.writeStringProperty("result", result);
    json.writeStringProperty("dialect", dialect);
    json.writeStringProperty("who", who);
    json.writeStringProperty("from", from);
    if (!why.isEmpty()) {
      json.writeStringProperty("why", why);
    }
  }

  private static void write(JsonGenerator json, Delta delta) {
    json.writeStartObject();
    switch (delta) {
      case Delta.OfUpstream(
              String name,
              @Nullable UpstreamState before,
              @Nullable UpstreamState after) -> {
        json.writeStringProperty("upstream", name);
        servers(json, "before", before == null ? null : before.spec());
        servers(json, "after", after == null ? null : after.spec());
      }
      case Delta.OfZone zone -> {
        json.writeStringProperty("zone", zone.zone());
        pairs(json, "before", zone.before());
        pairs(json, "after", zone.after());
      }
    }
    json.writeEndObject();
  }

  private static void servers(JsonGenerator json, String name, @Nullable UpstreamSpec spec) {
    if (spec == null) {
      json.writeNullProperty(name);
      return;
    }
    json.writeArrayPropertyStart(name);
    spec.servers().forEach(server -> json.writeString(text(server)));
    json.writeEndArray();
  }

  private static String text(PeerSpec server) {
    return server.address().text()
        + (server.weight() == 1 ? "" : " weight=" + server.weight())
        + (server.maxConns() == 0 ? "" : " max_conns=" + server.maxConns())
        + (server.backup() ? " backup" : "")
        + (server.down() ? " down" : "")
        + (server.drain() ? " drain" : "");
  }

  private static void pairs(JsonGenerator json, String name, Map<String, @Nullable String> values) {
    json.writeObjectPropertyStart(name);
    values.entrySet().stream()
        .limit(MOST_PAIRS)
        .forEach(pair -> {
          String value = pair.getValue();
          if (value == null) {
            json.writeNullProperty(pair.getKey());
          } else {
            json.writeStringProperty(pair.getKey(), value);
          }
        });
    json.writeEndObject();
    if (values.size() > MOST_PAIRS) {
      json.writeNumberProperty(name + "_left_out", values.size() - MOST_PAIRS);
    }
  }

  private static RecordFile.Line line(Consumer<JsonGenerator> content) {
    String object = JsonText.asciiObject(content); // it has a member at least: its time
    return before -> object.substring(0, object.length() - 1) + ",\"prev\":\"" + before + "\"}";
  }
}
