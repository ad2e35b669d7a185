package dev.turnout.admin.plus;

import dev.turnout.control.NodeStatus;
import dev.turnout.http.UpstreamZones;
import dev.turnout.http.Upstreams;
import dev.turnout.upstream.Upstream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `/http/upstreams/`: the upstreams that have a `zone`.
record UpstreamsResource(
    Upstreams upstreams, UpstreamZones zones, NodeStatus status, Changes changer)
    implements Resource {
  @Override
  public Reply get(Call call) {
    List<GroupFigures> groups = new ArrayList<>();
    for (Upstream upstream : upstreams.all()) {
      String zone = zone(upstream);
      if (zone != null) {
        groups.add(new GroupFigures(upstream, zone));
      }
    }
    groups.sort(Comparator.comparing(group -> group.upstream().name()));
    if (call.wantsNamesOnly()) {
      return Reply.ok(
          Document.names(groups.stream().map(group -> group.upstream().name()).toList()));
    }
    return Reply.ok(out -> {
      out.writeStartObject();
      for (GroupFigures group : groups) {
        out.writeName(group.upstream().name());
        Shapes.GROUP.write(out, group, call.version(), call.fields());
      }
      out.writeEndObject();
    });
  }

  @Override
  public @Nullable Resource child(Call call, String name) {
    Upstream upstream = upstreams.find(name);
    if (upstream == null) {
      throw new Refusal(404, "UpstreamNotFound", "upstream not found");
    }
    String zone = zone(upstream);
    if (zone == null) {
      throw new Refusal(400, "UpstreamStatic", "Upstream is static");
    }
    return new UpstreamResource(new GroupFigures(upstream, zone), upstreams, status, changer);
  }

  /// The name of its zone; null: it has none. A group made at run time says its own.
  private @Nullable String zone(Upstream upstream) {
    UpstreamZones.Zone declared = zones.of(upstream.name());
    return declared != null ? declared.name() : upstream.current().spec().options().zone();
  }
}
