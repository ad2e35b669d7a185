package dev.turnout.admin.control;

import dev.turnout.json.JsonText;
import dev.turnout.scale.ScaleView;
import tools.jackson.core.JsonGenerator;

/// A group's autoscaler as documents show it.
final class ScaleViews {
  private ScaleViews() {}

  static void write(JsonGenerator out, ScaleView view) {
    out.writeStartObject();
    JsonText.write(out, "upstream", view.upstream());
    JsonText.write(out, "policy", view.policy());
    out.writeBooleanProperty("dry_run", view.dryRun());
    out.writeBooleanProperty("leader", view.leads());
    if (!view.leader().isEmpty()) {
      JsonText.write(out, "leader_node", view.leader());
    }
    out.writeNumberProperty("min", view.min());
    out.writeNumberProperty("max", view.max());
    out.writeNumberProperty("spares", view.spares());
    out.writeNumberProperty("t_wait_ms", view.waitMillis());
    out.writeNumberProperty("interval_ms", view.intervalMillis());
    ScaleView.ByHand hand = view.byHand();
    if (hand == null) {
      out.writeNullProperty("override");
    } else {
      out.writeObjectPropertyStart("override");
      out.writeNumberProperty("servers", hand.servers());
      out.writeStringProperty("until", Views.time(hand.untilMillis()));
      JsonText.write(out, "who", hand.who());
      JsonText.write(out, "why", hand.why());
      out.writeEndObject();
    }
    ScaleView.Now now = view.now();
    if (now == null) {
      out.writeNullProperty("now");
    } else {
      now(out, now);
    }
    totals(out, view.totals());
    out.writeArrayPropertyStart("servers");
    view.servers().forEach(server -> server(out, server));
    out.writeEndArray();
    out.writeArrayPropertyStart("decisions");
    view.decisions().forEach(made -> made(out, made));
    out.writeEndArray();
    out.writeEndObject();
  }

  private static void now(JsonGenerator out, ScaleView.Now now) {
    out.writeObjectPropertyStart("now");
    out.writeStringProperty("time", Views.time(now.atMillis()));
    out.writeBooleanProperty("complete", now.complete());
    number(out, "in_system", now.inSystem());
    number(out, "rate", now.rate());
    number(out, "utilisation", now.utilisation());
    number(out, "latency_ms", now.latencyMillis());
    number(out, "p95_ms", now.p95Millis());
    number(out, "error_share", now.errorShare());
    out.writeNumberProperty("target", now.target());
    out.writeNumberProperty("on", now.on());
    out.writeNumberProperty("starting", now.starting());
    out.writeNumberProperty("draining", now.draining());
    out.writeNumberProperty("off", now.off());
    out.writeNumberProperty("failing", now.failing());
    number(out, "capacity_per_server", now.packing());
    out.writeBooleanProperty("capacity_learned", now.packingLearned());
    out.writeNumberProperty("setup_ms", now.setupMillis());
    out.writeEndObject();
  }

  private static void totals(JsonGenerator out, ScaleView.Totals totals) {
    out.writeObjectPropertyStart("totals");
    out.writeStringProperty("since", Views.time(totals.sinceMillis()));
    number(out, "server_seconds", totals.serverSeconds());
    number(out, "always_on_server_seconds", totals.alwaysOnServerSeconds());
    number(out, "energy_wh", totals.wattHours());
    number(out, "always_on_energy_wh", totals.alwaysOnWattHours());
    out.writeNumberProperty("starts", totals.starts());
    out.writeNumberProperty("stops", totals.stops());
    out.writeNumberProperty("taken_back", totals.takenBack());
    out.writeNumberProperty("hook_failures", totals.hookFailures());
    out.writeEndObject();
  }

  private static void server(JsonGenerator out, ScaleView.Server server) {
    out.writeStartObject();
    out.writeNumberProperty("id", server.id());
    JsonText.write(out, "server", server.server());
    JsonText.write(out, "state", server.state());
    out.writeStringProperty("since", Views.time(server.sinceMillis()));
    out.writeNumberProperty("active", server.active());
    out.writeNumberProperty("surplus_ms", server.surplusMillis());
    out.writeEndObject();
  }

  private static void made(JsonGenerator out, ScaleView.Made made) {
    out.writeStartObject();
    out.writeStringProperty("time", Views.time(made.atMillis()));
    JsonText.write(out, "text", made.text());
    out.writeNumberProperty("target", made.target());
    out.writeNumberProperty("on", made.on());
    number(out, "in_system", made.inSystem());
    number(out, "rate", made.rate());
    out.writeArrayPropertyStart("actions");
    for (ScaleView.Step step : made.steps()) {
      out.writeStartObject();
      JsonText.write(out, "do", step.action());
      out.writeNumberProperty("server", step.server());
      out.writeEndObject();
    }
    out.writeEndArray();
    Long revision = made.revision();
    if (revision == null) {
      out.writeNullProperty("revision");
    } else {
      out.writeNumberProperty("revision", revision);
    }
    out.writeEndObject();
  }

  /// Three digits are enough to look at; what has no bound is null.
  private static void number(JsonGenerator out, String name, double value) {
    if (Double.isFinite(value)) {
      out.writeNumberProperty(name, Math.round(value * 1000) / 1000.0);
    } else {
      out.writeNullProperty(name);
    }
  }
}
