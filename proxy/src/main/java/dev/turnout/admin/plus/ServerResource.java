package dev.turnout.admin.plus;

import dev.turnout.control.Effect;
import dev.turnout.control.Operation;
import dev.turnout.http.Upstreams;
import dev.turnout.upstream.PeerAddress;
import dev.turnout.upstream.PeerPatch;
import dev.turnout.upstream.Upstream;
import dev.turnout.upstream.UpstreamChange;
import java.util.List;
import java.util.Set;

/// `/http/upstreams/{name}/servers/{id}`: one server as it is configured.
///
/// @param server as it was when it was found
record ServerResource(Upstream upstream, Configured server, Upstreams upstreams, Changes changer)
    implements Resource {
  @Override
  public Set<Method> changes() {
    return Set.of(Method.PATCH, Method.DELETE);
  }

  @Override
  public Reply get(Call call) {
    return Reply.ok(out -> Shapes.SERVER.write(out, server, call.version(), null));
  }

  @Override
  public Reply change(Call call) {
    return call.method() == Method.PATCH ? patch(call) : delete(call);
  }

  private Reply patch(Call call) {
    ServerFields fields = ServerFields.parse(call.body());
    if (fields.service() != null) {
      throw Refusal.serverFormat("unknown parameter \"service\"");
    }
    if (fields.backup() != null && fields.backup() != server.spec().backup()) {
      throw Refusal.serverFormat("unknown parameter \"backup\""); // clients send it back unchanged
    }
    PeerPatch patch = fields.toPatch();
    String name = fields.server();
    if (name != null && !isHere(name)) {
      List<PeerAddress> addresses = Addresses.of(name, null, upstreams.hasResolver(upstream));
      if (addresses.size() != 1) {
        throw Addresses.bad("\"several addresses\" while parsing");
      }
      patch = patch.withServer(name, addresses.getFirst());
    }
    Effect.Servers changed = change(call, new UpstreamChange.Update(server.spec().id(), patch));
    Configured now = new Configured(changed.touched().getFirst(), null);
    return Reply.ok(out -> Shapes.SERVER.write(out, now, call.version(), null));
  }

  private boolean isHere(String name) {
    return name.equals(server.spec().server()) || name.equals(server.server());
  }

  private Reply delete(Call call) {
    change(call, new UpstreamChange.Remove(server.spec().id()));
    return Reply.ok(ServersResource.list(call, upstream));
  }

  private Effect.Servers change(Call call, UpstreamChange change) {
    return changer.servers(call, List.of(new Operation.EditUpstream(upstream.name(), change)));
  }
}
