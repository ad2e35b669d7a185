package dev.turnout.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.cluster.JournalEntry;
import dev.turnout.cluster.Revision;
import dev.turnout.cluster.Trial;
import dev.turnout.cluster.TrialEnd;
import dev.turnout.http.Upstreams;
import dev.turnout.upstream.BalancingMethod;
import dev.turnout.upstream.Keepalive;
import dev.turnout.upstream.Peer;
import dev.turnout.upstream.PeerAddress;
import dev.turnout.upstream.PeerPatch;
import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.UpstreamChange;
import dev.turnout.upstream.UpstreamSpec;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class TrialsTest {
  private static final TrialTerms CONFIRM = new TrialTerms(60_000, true, Trial.ANY);
  private static final TrialTerms WATCH = new TrialTerms(60_000, false, 50);

  private final FailingJournal journal = new FailingJournal();
  private final AtomicLong now = new AtomicLong(System.currentTimeMillis());
  private final List<Node> nodes = new ArrayList<>();
  private Node node;

  /// What of a node has to do with trials.
  private final class Node {
    final Revision revision = new Revision();
    final History history = new History(revision);
    final Upstreams upstreams = new Upstreams();
    final ChangeWriter writer =
        ChangeWriter.start(revision, history, upstreams, _ -> null, Fence.NONE);
    final Events events = new Events(history::revision);
    final Steps pauses = new Steps();
    final Trials trials = new Trials(writer, upstreams, events, now::get, pauses);

    Node() throws IOException {
      history.keepIn(journal);
      writer.exclusively(() -> {
        Upstreams.Plan plan = upstreams.plan();
        plan.declare(
            UpstreamSpec.of(
                "app",
                List.of(server("127.0.0.1:1"), server("127.0.0.1:2")),
                new BalancingMethod.RoundRobin(),
                Keepalive.DEFAULT));
        writer.activate(plan);
      });
      trials.resume();
    }

    ChangeResult make(UpstreamChange change, TrialTerms terms) {
      return writer.submit(ChangeRequest.of(Writers.TEST, "app", change).onTrial(terms)).join();
    }

    long made(UpstreamChange change, TrialTerms terms) {
      return ((ChangeResult.Applied) make(change, terms)).revision();
    }

    void change(UpstreamChange change) {
      ChangeResult result = writer.submit(ChangeRequest.of(Writers.TEST, "app", change)).join();
      assertThat(result).isInstanceOf(ChangeResult.Applied.class);
    }

    ChangeResult end(long change, boolean keep) {
      return writer
          .submit(ChangeRequest.of(Writers.TEST, new Operation.EndTrial(change, keep)))
          .join();
    }

    /// The thread that looks does so once more, and has begun its next pause.
    long looked() throws InterruptedException {
      pauses.end();
      return pauses.awaitPause();
    }

    List<PeerSpec> servers() {
      return Objects.requireNonNull(upstreams.find("app")).current().spec().servers();
    }

    List<Integer> weights() {
      return servers().stream().map(PeerSpec::weight).toList();
    }

    /// What servers answer.
    void answers(int status, int times) {
      Peer peer = Objects.requireNonNull(upstreams.find("app")).current().peers().getFirst();
      for (int i = 0; i < times; i++) {
        peer.stats().on(0).responded(status);
      }
    }

    List<Object> outcomes() {
      return events.after(0, 100).events().stream()
          .map(Event::content)
          .filter(Event.Told.class::isInstance)
          .map(told -> ((Event.Told) told).fields().get("outcome"))
          .toList();
    }

    String lastReason() {
      return history.last(1).getFirst().origin().why();
    }

    void kill() {
      trials.close();
      pauses.end();
      writer.close();
    }
  }

  private static PeerSpec server(String address) {
    return PeerSpec.of(address, PeerAddress.parse(address));
  }

  private static UpstreamChange weight(long server, int weight) {
    return new UpstreamChange.Update(server, PeerPatch.NOTHING.withWeight(weight));
  }

  @BeforeEach
  void start() throws IOException {
    node = started();
  }

  private Node started() throws IOException {
    Node fresh = new Node();
    nodes.add(fresh);
    return fresh;
  }

  @AfterEach
  void stop() {
    nodes.forEach(Node::kill);
  }

  @Test
  void aChangeThatNobodyConfirmsIsTakenBackWhenItsTimeIsOver() throws Exception {
    long change = node.made(weight(0, 5), CONFIRM);
    assertThat(node.pauses.awaitPause()).isEqualTo(Lookout.LOOK_MILLIS);
    now.addAndGet(30_000);
    node.looked();
    assertThat(node.weights()).containsExactly(5, 1);

    now.addAndGet(600_000);
    node.looked();

    assertThat(node.weights()).containsExactly(1, 1);
    assertThat(node.lastReason())
        .isEqualTo("trial of revision " + change + ": nobody has confirmed it in time");
    assertThat(node.outcomes()).containsExactly("taken_back");
    assertThat(node.trials.all()).isEmpty();
  }

  @Test
  void aChangeThatIsConfirmedStays() throws Exception {
    long change = node.made(weight(0, 5), CONFIRM);
    node.pauses.awaitPause();

    assertThat(node.end(change, true)).isInstanceOf(ChangeResult.Applied.class);
    now.addAndGet(600_000);
    node.pauses.end();

    assertThat(node.weights()).containsExactly(5, 1);
    assertThat(node.outcomes()).containsExactly("kept");
    assertThat(node.end(change, false)).isEqualTo(new ChangeResult.NoTrial(change));
    assertThat(node.history.last(1).getFirst().end()).isEqualTo(new TrialEnd(change, true));
  }

  @Test
  void badAnswersTakeTheChangeBackAtOnce() throws Exception {
    node.answers(500, 1000); // long ago
    node.made(weight(0, 5), WATCH);
    node.pauses.awaitPause();
    node.answers(200, 17);
    node.answers(502, 2);
    node.looked();
    assertThat(node.weights()).containsExactly(5, 1); // too few to tell

    node.answers(404, 1);
    node.looked();

    assertThat(node.weights()).containsExactly(1, 1);
    assertThat(node.lastReason()).contains("2 of 20 answers of app were failures, more than 5%");
  }

  @Test
  void aChangeThatIsWatchedStaysIfTheAnswersAreGoodEnough() throws Exception {
    long change = node.made(weight(0, 5), WATCH);
    node.pauses.awaitPause();
    node.answers(200, 19);
    node.answers(500, 1); // just so many
    node.looked();
    now.addAndGet(600_000);

    node.looked();

    assertThat(node.weights()).containsExactly(5, 1);
    assertThat(node.lastReason())
        .isEqualTo("trial of revision " + change + ": 1 of 20 answers of app were failures");
    assertThat(node.outcomes()).containsExactly("kept");
  }

  @Test
  void aRestartForgetsNoTrial() throws Exception {
    node.made(weight(0, 5), CONFIRM);
    node.kill();
    Node second = started();
    second.pauses.awaitPause();
    assertThat(second.weights()).containsExactly(5, 1);
    second.kill();
    now.addAndGet(600_000);

    Node third = started();
    third.pauses.awaitPause();

    assertThat(third.weights()).containsExactly(1, 1);
    third.kill();
    Node fourth = started();
    assertThat(fourth.trials.all()).isEmpty();
    assertThat(fourth.weights()).containsExactly(1, 1);
  }

  @Test
  void whatOthersHaveChangedSinceIsLeftAlone() throws Exception {
    UpstreamChange add = new UpstreamChange.Add(server("127.0.0.1:3"));
    node.make(
        new UpstreamChange.Replace(
            List.of(
                server("127.0.0.1:1").withId(0).withWeight(5),
                server("127.0.0.1:2").withId(1).withWeight(6),
                server("127.0.0.1:9"))),
        CONFIRM);
    node.pauses.awaitPause();
    node.change(weight(1, 7));
    node.change(add);
    now.addAndGet(600_000);

    node.looked();

    assertThat(node.servers())
        .extracting(PeerSpec::server)
        .containsExactly("127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3");
    assertThat(node.weights()).containsExactly(1, 7, 1);
  }

  @Test
  void aServerThatWasRemovedOnTrialComesBackToItsPlace() throws Exception {
    long change = node.made(new UpstreamChange.Remove(0), CONFIRM);

    node.end(change, false);

    assertThat(node.servers()).extracting(PeerSpec::id).containsExactly(0L, 1L);
  }

  @Test
  void whatWasTakenBackByHandIsOnTrialNoMore() throws Exception {
    node.made(new UpstreamChange.Add(server("127.0.0.1:3")), CONFIRM);
    node.pauses.awaitPause();
    node.change(new UpstreamChange.Remove(2));
    assertThat(node.outcomes()).containsExactly("overtaken");
    node.change(new UpstreamChange.Add(server("127.0.0.1:3")));
    now.addAndGet(600_000);
    node.pauses.end();

    assertThat(node.trials.all()).isEmpty();
    assertThat(node.servers()).hasSize(3);
  }

  @Test
  void aDiskThatRefusesIsAskedSlowlyUntilItTakesTheWayBack() throws Exception {
    long change = node.made(weight(0, 5), CONFIRM);
    node.pauses.awaitPause();
    now.addAndGet(600_000);
    journal.full(true);

    assertThat(node.looked()).isEqualTo(Lookout.TROUBLE_MILLIS);
    assertThat(node.looked()).isEqualTo(Lookout.TROUBLE_MILLIS);
    assertThat(node.weights()).containsExactly(5, 1);
    assertThat(node.trials.find(change).orElseThrow().trouble()).contains("no space left");
    journal.full(false);

    assertThat(node.looked()).isEqualTo(Lookout.LOOK_MILLIS);
    assertThat(node.weights()).containsExactly(1, 1);
    assertThat(node.outcomes()).containsExactly("delayed", "taken_back");
  }

  @Test
  void aTrialOfWhatIsOnTrialIsRefused() {
    long change = node.made(weight(0, 5), CONFIRM);

    assertThat(node.make(weight(1, 5), CONFIRM)).isEqualTo(new ChangeResult.OnTrial(change));
    assertThat(node.weights()).containsExactly(5, 1);
  }

  @Test
  void aChangeThatChangesNothingIsOnNoTrial() {
    node.make(weight(0, 1), CONFIRM);

    assertThat(node.trials.all()).isEmpty();
    assertThat(node.history.last(1))
        .extracting(JournalEntry::trial)
        .doesNotContain(CONFIRM.from(0));
  }
}
