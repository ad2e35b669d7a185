package dev.turnout.admin.plus;

import dev.turnout.control.NodeStatus;
import dev.turnout.http.Upstreams;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// `/http/upstreams/{name}/`: one upstream.
record UpstreamResource(GroupFigures group, Upstreams upstreams, NodeStatus status, Changes changer)
    implements Resource {
  @Override
  public Set<Method> changes() {
    return Set.of(Method.DELETE);
  }

  @Override
  public Reply get(Call call) {
    return Reply.ok(out -> Shapes.GROUP.write(out, group, call.version(), call.fields()));
  }

  @Override
  public Reply change(Call call) {
    status.forgetUpstream(group.upstream().name());
    return Reply.done();
  }

  @Override
  public @Nullable Resource child(Call call, String name) {
    return name.equals("servers")
        ? new ServersResource(group.upstream(), upstreams, changer)
        : null;
  }
}
