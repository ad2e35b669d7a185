package dev.turnout.upstream;

import static dev.turnout.upstream.Servers.port;
import static dev.turnout.upstream.Servers.server;
import static dev.turnout.upstream.Servers.upstream;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/// How long a server is out, as its state has it.
class DowntimeTest {
  private static final long NOW = 5_000_300;

  private final Upstream group = upstream(server(1), server(2));
  private final Peer peer = group.current().peers().getFirst();

  private void visit(long now, Outcome outcome) {
    while (true) {
      Request request = Request.at(now);
      Peer picked = group.pick(request);
      assertThat(picked).isNotNull();
      if (picked != null && port(picked) == 1) {
        group.released(request, picked, outcome);
        return;
      }
      if (picked != null) {
        group.released(request, picked, Outcome.SUCCESS);
      }
    }
  }

  private long millis(long now) {
    return peer.stats().totals(now).downtimeMillis();
  }

  /// While the state says so, and only then, the downtime grows and has a beginning.
  private void assertOut(long now, boolean out) {
    assertThat(peer.state(now) == PeerState.UNAVAIL).isEqualTo(out);
    assertThat(peer.stats().downSinceMillis(now).isPresent()).isEqualTo(out);
  }

  @Test
  void aServerThatNeverFailedWasNeverOut() {
    visit(NOW, Outcome.SUCCESS);

    assertOut(NOW, false);
    assertThat(millis(NOW + 60_000)).isZero();
  }

  @Test
  void aFailureTakesItOutForTheWindow() {
    visit(NOW, Outcome.FAILURE);

    assertOut(NOW, true);
    assertThat(peer.stats().downSinceMillis(NOW)).hasValue(NOW);
    assertThat(millis(NOW + 4_000)).isEqualTo(4_000);
    assertOut(5_010_999, true);
    assertOut(5_011_000, false); // whole seconds, as nginx counts them
    assertThat(millis(NOW + 60_000)).isEqualTo(5_011_000 - NOW);
  }

  @Test
  void aProbeTakesItOutAgainUntilItAnswers() {
    visit(NOW, Outcome.FAILURE);
    long first = 5_011_000 - NOW;
    long later = NOW + 60_000;

    Request probe = Request.at(later);
    Peer probed = group.pick(probe);
    while (probed != null && port(probed) != 1) {
      group.released(probe, probed, Outcome.SUCCESS);
      probe = Request.at(later);
      probed = group.pick(probe);
    }
    assertOut(later, true);
    assertThat(peer.stats().downSinceMillis(later)).hasValue(later);
    probe.goingOnAt(later + 700);
    assertThat(probed).isNotNull();
    if (probed != null) {
      group.released(probe, probed, Outcome.SUCCESS);
    }

    assertOut(later + 700, false);
    assertThat(millis(later + 90_000)).isEqualTo(first + 700);
  }

  @Test
  void aFailedProbeMakesItLonger() {
    visit(NOW, Outcome.FAILURE);
    visit(NOW + 11_000, Outcome.FAILURE);

    assertOut(NOW + 12_000, true);
    assertThat(millis(NOW + 60_000)).isEqualTo(5_011_000 - NOW + 5_022_000 - (NOW + 11_000));
    assertThat(peer.stats().unavail()).isEqualTo(1);
  }

  @Test
  void whatIsForgottenIsCountedNoMore() {
    visit(NOW, Outcome.FAILURE);

    peer.stats().forget(NOW + 1_000);

    assertThat(millis(NOW + 3_000)).isEqualTo(2_000);
    assertThat(peer.stats().totals(NOW + 3_000).fails()).isZero();
    assertThat(peer.stats().totals(NOW + 3_000).requests()).isZero();
    assertOut(NOW + 3_000, true);
  }

  @Test
  void theLastChoiceIsRemembered() {
    assertThat(peer.stats().selectedMillis()).isEmpty();

    visit(NOW, Outcome.SUCCESS);

    assertThat(peer.stats().selectedMillis()).hasValue(NOW);
  }
}
