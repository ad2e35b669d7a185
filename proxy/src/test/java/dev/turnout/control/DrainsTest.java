package dev.turnout.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.cluster.Origin;
import dev.turnout.cluster.Revision;
import dev.turnout.cluster.file.FileStateStore;
import dev.turnout.http.Upstreams;
import dev.turnout.upstream.BalancingMethod;
import dev.turnout.upstream.Keepalive;
import dev.turnout.upstream.PeerAddress;
import dev.turnout.upstream.PeerPatch;
import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.UpstreamChange;
import dev.turnout.upstream.UpstreamSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class DrainsTest {
  @TempDir Path directory;

  private final Revision revision = new Revision();
  private final Upstreams upstreams = new Upstreams();
  private final ChangeWriter writer =
      ChangeWriter.start(revision, new History(revision), upstreams, _ -> null, Fence.NONE);
  private final Events events = new Events(() -> 0);

  @BeforeEach
  void declare() {
    PeerSpec one = PeerSpec.of("127.0.0.1:1", PeerAddress.parse("127.0.0.1:1"));
    PeerSpec two = PeerSpec.of("127.0.0.1:2", PeerAddress.parse("127.0.0.1:2"));
    writer.exclusively(() -> {
      Upstreams.Plan plan = upstreams.plan();
      plan.declare(
          UpstreamSpec.of(
              "app", List.of(one, two), new BalancingMethod.RoundRobin(), Keepalive.DEFAULT));
      writer.activate(plan);
    });
  }

  @AfterEach
  void stop() {
    writer.close();
  }

  /// The drains of a process that ended after it had made a change and before it did more.
  private void killedAfterBegin(String id) throws IOException {
    Drain drain =
        new Drain(
            id,
            "app",
            1,
            "127.0.0.1:2",
            Drain.Then.REMOVE,
            false,
            new Origin("control-api", "alice & bob", ""),
            1,
            null,
            Drain.Phase.DRAINING,
            1,
            null,
            null,
            false,
            null,
            "");
    try (FileStateStore store = FileStateStore.open("drains", directory.resolve("drains.json"))) {
      store.load();
      store.commit(
          0,
          dev.turnout.cluster.KeyvalSnapshot.of(1, java.util.Map.of(id, DrainText.of(drain))),
          java.util.Set.of(id));
    }
  }

  private List<PeerSpec> servers() {
    return java.util.Objects.requireNonNull(upstreams.find("app")).current().spec().servers();
  }

  private Drains restarted() throws IOException {
    Drains drains = new Drains(writer, upstreams, events);
    drains.keepIn(FileStateStore.open("drains", directory.resolve("drains.json")));
    return drains;
  }

  @Test
  void aDrainIsTakenUpAfterARestart() throws Exception {
    killedAfterBegin("d1");
    writer
        .submit(
            ChangeRequest.of(
                Writers.TEST,
                "app",
                new UpstreamChange.Update(1, PeerPatch.NOTHING.withDrain(true))))
        .get();

    try (Drains drains = restarted()) {
      drains.resume();
      Drain over = drains.whenOver("d1").orElseThrow().get(20, TimeUnit.SECONDS);

      assertThat(over.phase()).isEqualTo(Drain.Phase.DONE);
      assertThat(over.origin().who()).isEqualTo("alice & bob");
      assertThat(servers()).hasSize(1);
    }
    try (Drains drains = restarted()) {
      drains.resume();
      assertThat(drains.all()).isEmpty();
    }
  }

  @Test
  void aDrainWhoseServerIsAnotherAfterARestartSaysThatItIsOver() throws Exception {
    killedAfterBegin("d1");

    try (Drains drains = restarted()) {
      drains.resume();

      Drain over = drains.find("d1").orElseThrow();
      assertThat(over.phase()).isEqualTo(Drain.Phase.ENDED);
      assertThat(over.note()).contains("while the node was down");
      assertThat(servers()).hasSize(2);
    }
  }

  @Test
  void whatIsUnderWayIsKeptUntilItIsOver() throws Exception {
    Drains.Begin begin;
    try (Drains drains = restarted()) {
      begin = drains.begin("app", 1, null, Drain.Then.KEEP, ChangeRequest.of(Writers.TEST));
      assertThat(begin).isInstanceOf(Drains.Begin.Begun.class);
      String id = ((Drains.Begin.Begun) begin).drain().id();
      assertThat(drains.whenOver(id).orElseThrow().get(20, TimeUnit.SECONDS).phase())
          .isEqualTo(Drain.Phase.DONE);
      assertThat(servers().get(1).drain()).isTrue();
    }
  }
}
