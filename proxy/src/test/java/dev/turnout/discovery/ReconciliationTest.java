package dev.turnout.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.upstream.BalancingMethod;
import dev.turnout.upstream.Keepalive;
import dev.turnout.upstream.PeerAddress;
import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.UpstreamSpec;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What a source says, and what the group has.
class ReconciliationTest {
  private static PeerSpec server(String place) {
    return PeerSpec.of(place, PeerAddress.parse(place));
  }

  private static UpstreamSpec group(BalancingMethod method, PeerSpec... servers) {
    return UpstreamSpec.of("u", List.of(servers), method, Keepalive.DEFAULT);
  }

  private static UpstreamSpec group(PeerSpec... servers) {
    return group(new BalancingMethod.RoundRobin(), servers);
  }

  private static final PeerSpec A = server("10.0.0.1:80");
  private static final PeerSpec B = server("10.0.0.2:80");
  private static final PeerSpec C = server("10.0.0.3:80");

  private static Reconciliation inOrder() {
    return new Reconciliation(new TestSource(false));
  }

  @Test
  void whatIsNewStandsWhereTheSourceHasIt() {
    UpstreamSpec present = group(A, B);

    List<PeerSpec> next = inOrder().next(present, List.of(A, B), List.of(C, B));

    assertThat(next).containsExactly(C, B.withId(1));
  }

  @Test
  void orBeforeTheOthersTheLastOneFirst() {
    UpstreamSpec present = group(A);

    List<PeerSpec> next =
        new Reconciliation(new TestSource(true)).next(present, null, List.of(A, B, C));

    assertThat(next).containsExactly(C, B, A.withId(0));
  }

  @Test
  void anOperatorsEditStaysWhileTheSourceSaysTheSameOfIt() {
    UpstreamSpec present = group(A.withDrain(true).withWeight(7), B);

    List<PeerSpec> next = inOrder().next(present, List.of(A, B), List.of(A, B.withWeight(3)));

    assertThat(next)
        .containsExactly(A.withId(0).withDrain(true).withWeight(7), B.withId(1).withWeight(3));
  }

  @Test
  void butWhatTheSourceChangesCounts() {
    UpstreamSpec present = group(A.withDrain(true).withWeight(7));

    List<PeerSpec> next = inOrder().next(present, List.of(A), List.of(A.withWeight(3)));

    assertThat(next).containsExactly(A.withId(0).withDrain(true).withWeight(3));
  }

  @Test
  void afterARestartTheSourcesValuesCount() {
    UpstreamSpec present = group(A.withWeight(7).withMaxConns(5));

    List<PeerSpec> next = inOrder().next(present, null, List.of(A));

    assertThat(next).containsExactly(A.withId(0).withMaxConns(5));
  }

  @Test
  void aServerThatBecomesABackupIsAnotherOne() {
    UpstreamSpec present = group(A, B);

    List<PeerSpec> next = inOrder().next(present, List.of(A, B), List.of(A, B.withBackup(true)));

    assertThat(next).containsExactly(A.withId(0), B.withBackup(true));
  }

  @Test
  void aMethodWithoutBackupsHasNone() {
    UpstreamSpec present = group(new BalancingMethod.Random(false), A);

    List<PeerSpec> next = inOrder().next(present, null, List.of(A, B.withBackup(true)));

    assertThat(next).containsExactly(A.withId(0), B);
  }

  @Test
  void aChangeIsToldInALine() {
    assertThat(ListChange.of(List.of(A, B), List.of(B.withWeight(2), C)))
        .isEqualTo("+10.0.0.3:80 -10.0.0.1:80 ~10.0.0.2:80");
  }

  private record TestSource(boolean newOnesFirst) implements SourceSpec {
    @Override
    public String dialect() {
      return "test";
    }

    @Override
    public String label() {
      return "test";
    }

    @Override
    public Source open(Places places) {
      throw new UnsupportedOperationException();
    }

    @Override
    public PeerSpec onto(PeerSpec present, PeerSpec said) {
      return said.withId(present.id()).withMaxConns(present.maxConns());
    }

    @Override
    public long retryMillis() {
      return 0;
    }
  }
}
