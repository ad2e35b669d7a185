package dev.turnout.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.cluster.JournalEntry;
import dev.turnout.cluster.Revision;
import dev.turnout.http.Upstreams;
import dev.turnout.upstream.BalancingMethod;
import dev.turnout.upstream.Canary;
import dev.turnout.upstream.Keepalive;
import dev.turnout.upstream.PeerAddress;
import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.UpstreamChange;
import dev.turnout.upstream.UpstreamSpec;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class CanariesTest {
  private final FailingJournal journal = new FailingJournal();
  private final Revision revision = new Revision();
  private final History history = new History(revision);
  private final Upstreams upstreams = new Upstreams();
  private final ChangeWriter writer =
      ChangeWriter.start(revision, history, upstreams, _ -> null, Fence.NONE);
  private final Events events = new Events(history::revision);
  private final Steps pauses = new Steps();
  private final Canaries canaries = new Canaries(writer, upstreams, events, pauses);

  @BeforeEach
  void declare() throws IOException {
    history.keepIn(journal);
    writer.exclusively(() -> {
      Upstreams.Plan plan = upstreams.plan();
      plan.declare(
          UpstreamSpec.of(
              "app",
              List.of(server("127.0.0.1:1")),
              new BalancingMethod.RoundRobin(),
              Keepalive.DEFAULT));
      writer.activate(plan);
    });
    writer
        .submit(
            ChangeRequest.of(
                Writers.TEST,
                "app",
                new UpstreamChange.Add(server("127.0.0.1:2").withCanary(new Canary(5, 3, 1)))))
        .join();
  }

  private static PeerSpec server(String address) {
    return PeerSpec.of(address, PeerAddress.parse(address));
  }

  @AfterEach
  void stop() {
    canaries.close();
    pauses.end();
    writer.close();
  }

  private void canaryAnswers(int status) {
    Objects.requireNonNull(upstreams.find("app"))
        .current()
        .canaries()
        .getFirst()
        .stats()
        .on(0)
        .responded(status);
  }

  private List<String> servers() {
    return Objects.requireNonNull(upstreams.find("app")).current().spec().servers().stream()
        .map(PeerSpec::server)
        .toList();
  }

  @Test
  void aVerdictThatCannotBeKeptIsTriedAgainSlowlyUntilItCan() throws Exception {
    assertThat(pauses.awaitPause()).isEqualTo(Lookout.LOOK_MILLIS); // nothing to judge yet
    journal.full(true);
    canaryAnswers(500);

    for (int tries = 0; tries < 3; tries++) {
      pauses.end();
      assertThat(pauses.awaitPause()).isEqualTo(Lookout.TROUBLE_MILLIS);
      assertThat(servers()).containsExactly("127.0.0.1:1", "127.0.0.1:2");
    }
    journal.full(false);
    pauses.end();

    assertThat(pauses.awaitPause()).isEqualTo(Lookout.LOOK_MILLIS); // done: quickly again
    assertThat(servers()).containsExactly("127.0.0.1:1");
    assertThat(history.last(1).getFirst().origin().why())
        .isEqualTo("canary 127.0.0.1:2: 0 good answers, 1 bad ones or failed attempts");
  }

  @Test
  void aServerThatIsTrustedStaysWithTheReasonInTheHistory() throws Exception {
    assertThat(pauses.awaitPause()).isEqualTo(Lookout.LOOK_MILLIS);
    canaryAnswers(200);
    canaryAnswers(200);
    pauses.end();
    assertThat(pauses.awaitPause()).isEqualTo(Lookout.LOOK_MILLIS);
    long before = history.revision();

    canaryAnswers(404);
    pauses.end();
    pauses.awaitPause();

    assertThat(servers()).containsExactly("127.0.0.1:1", "127.0.0.1:2");
    assertThat(history.since(before, 10))
        .extracting(JournalEntry::origin)
        .singleElement()
        .satisfies(origin -> {
          assertThat(origin.dialect()).isEqualTo(Canaries.DIALECT);
          assertThat(origin.why()).contains("3 good answers");
        });
  }
}
