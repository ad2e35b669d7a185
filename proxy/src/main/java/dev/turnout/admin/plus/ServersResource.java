package dev.turnout.admin.plus;

import dev.turnout.config.Units;
import dev.turnout.control.Effect;
import dev.turnout.control.Operation;
import dev.turnout.http.Upstreams;
import dev.turnout.upstream.PeerAddress;
import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.Upstream;
import dev.turnout.upstream.UpstreamChange;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;

/// `/http/upstreams/{name}/servers/`: the servers of an upstream as they are configured.
record ServersResource(Upstream upstream, Upstreams upstreams, Changes changer)
    implements Resource {
  @Override
  public Set<Method> changes() {
    return Set.of(Method.POST);
  }

  @Override
  public Reply get(Call call) {
    return Reply.ok(list(call, upstream));
  }

  static Document list(Call call, Upstream upstream) {
    List<Configured> servers = Configured.all(upstream.current());
    return out -> {
      out.writeStartArray();
      for (Configured server : servers) {
        Shapes.SERVER.write(out, server, call.version(), null);
      }
      out.writeEndArray();
    };
  }

  /// Adds a server. Where nobody resolves names at run time, a name with several addresses is as
  /// many servers, as it is in a configuration, and the first of them is answered.
  @Override
  public Reply change(Call call) {
    ServerFields fields = ServerFields.parse(call.body());
    String name = fields.server();
    if (name == null) {
      throw Refusal.serverFormat("missing \"server\" argument");
    }
    List<Operation> additions = new ArrayList<>();
    for (PeerAddress address :
        Addresses.of(name, fields.service(), upstreams.hasResolver(upstream))) {
      PeerSpec server = fields.toSpec(name, address);
      additions.add(new Operation.EditUpstream(upstream.name(), new UpstreamChange.Add(server)));
    }
    Effect.Servers added = changer.servers(call, additions);
    Configured first = new Configured(added.touched().getFirst(), null);
    return Reply.created(out -> Shapes.SERVER.write(out, first, call.version(), null));
  }

  @Override
  public Resource child(Call call, String name) {
    OptionalLong id = Units.number(name);
    if (id.isEmpty()) {
      throw new Refusal(400, "UpstreamBadServerId", "invalid server ID");
    }
    Configured server =
        Configured.find(upstream.current(), id.getAsLong())
            .orElseThrow(() -> unknown(id.getAsLong()));
    return server.isResolved()
        ? new ResolvedResource(server)
        : new ServerResource(upstream, server, upstreams, changer);
  }

  static Refusal unknown(long id) {
    return new Refusal(
        404, "UpstreamServerNotFound", "server with ID \"" + id + "\" does not exist");
  }
}
