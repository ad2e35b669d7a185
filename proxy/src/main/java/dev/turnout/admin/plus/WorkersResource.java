package dev.turnout.admin.plus;

import dev.turnout.control.NodeStatus;
import java.util.List;
import java.util.Set;

/// `/workers/`: the event loops, which stand where nginx has processes.
record WorkersResource(NodeStatus status) implements Resource {
  @Override
  public Set<Method> changes() {
    return Set.of(Method.DELETE);
  }

  @Override
  public Reply get(Call call) {
    List<NodeStatus.Worker> workers = status.workers();
    return Reply.ok(out -> {
      out.writeStartArray();
      for (NodeStatus.Worker worker : workers) {
        Shapes.WORKER.write(out, worker, call.version(), call.fields());
      }
      out.writeEndArray();
    });
  }

  @Override
  public Reply change(Call call) {
    status.forgetConnections();
    status.forgetRequests();
    return Reply.done();
  }

  @Override
  public Resource child(Call call, String name) {
    for (NodeStatus.Worker worker : status.workers()) {
      if (name.equals(Integer.toString(worker.id()))) {
        return new Single<>(Shapes.WORKER, _ -> worker, () -> status.forgetWorker(worker.id()));
      }
    }
    throw new Refusal(404, "WorkerNotFound", "worker not found");
  }
}
