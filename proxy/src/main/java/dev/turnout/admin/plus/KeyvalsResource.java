package dev.turnout.admin.plus;

import dev.turnout.cluster.KeyvalZone;
import dev.turnout.cluster.ZoneRegistry;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JsonGenerator;

/// `/http/keyvals/`: the key-value zones, whole.
record KeyvalsResource(ZoneRegistry all, Changes changer) implements Resource {
  @Override
  public Reply get(Call call) {
    List<KeyvalZone> zones =
        all.zones().stream().sorted(Comparator.comparing(KeyvalZone::name)).toList();
    if (call.wantsNamesOnly()) {
      return Reply.ok(Document.names(zones.stream().map(KeyvalZone::name).toList()));
    }
    return Reply.ok(out -> {
      out.writeStartObject();
      for (KeyvalZone zone : zones) {
        out.writeName(zone.name());
        write(out, zone.snapshot().entriesAt(System.currentTimeMillis()));
      }
      out.writeEndObject();
    });
  }

  static void write(JsonGenerator out, Map<String, String> entries) {
    out.writeStartObject();
    entries.forEach(out::writeStringProperty);
    out.writeEndObject();
  }

  @Override
  public Resource child(Call call, String name) {
    for (KeyvalZone zone : all.zones()) {
      if (zone.name().equals(name)) {
        return new KeyvalResource(zone, changer);
      }
    }
    throw new Refusal(404, "KeyvalNotFound", "keyval not found");
  }
}
