package dev.turnout.admin.plus;

import java.util.Set;

/// A server that a name was resolved to: it comes and goes with what name servers say, and is what
/// the server with the name is configured to be.
record ResolvedResource(Configured server) implements Resource {
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
    if (call.method() == Method.DELETE) {
      throw immutable("not removable");
    }
    ServerFields fields = ServerFields.parse(call.body());
    if (fields.server() != null) {
      throw immutable("address is immutable");
    }
    throw immutable("is resolved: change server \"" + server.parentId() + "\"");
  }

  private Refusal immutable(String why) {
    return new Refusal(
        400, "UpstreamServerImmutable", "server \"" + server.spec().id() + "\" " + why);
  }
}
