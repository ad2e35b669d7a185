package dev.turnout.upstream;

import static dev.turnout.upstream.Servers.changed;
import static dev.turnout.upstream.Servers.server;
import static dev.turnout.upstream.Servers.spec;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class UpstreamSpecTest {
  @Test
  void serversAreNumberedInTheOrderOfTheFile() {
    assertThat(spec(server(1), server(2)).servers())
        .extracting(PeerSpec::id)
        .containsExactly(0L, 1L);
  }

  @Test
  void anIdDoesNotComeBack() {
    UpstreamSpec group = spec(server(1), server(2));

    UpstreamSpec next = changed(group, new UpstreamChange.Remove(1));
    next = changed(next, new UpstreamChange.Add(server(2)));

    assertThat(next.servers()).extracting(PeerSpec::id).containsExactly(0L, 2L);
  }

  @Test
  void anUpdateChangesWhatItNamesAndNothingElse() {
    UpstreamSpec group = spec(server(1).withRoute("a").withMaxConns(5));

    UpstreamSpec next =
        changed(group, new UpstreamChange.Update(0, PeerPatch.NOTHING.withWeight(3)));

    assertThat(next.servers())
        .containsExactly(server(1).withRoute("a").withMaxConns(5).withWeight(3).withId(0));
  }

  @Test
  void anUnknownIdIsRefused() {
    UpstreamSpec group = spec(server(1));

    assertThat(group.apply(new UpstreamChange.Remove(7)))
        .isEqualTo(new ChangeResult.UnknownServer(7));
    assertThat(group.apply(new UpstreamChange.Update(7, PeerPatch.NOTHING)))
        .isEqualTo(new ChangeResult.UnknownServer(7));
    assertThat(group.apply(new UpstreamChange.Replace(List.of(server(1).withId(7)))))
        .isEqualTo(new ChangeResult.UnknownServer(7));
  }

  @Test
  void anIdGivenTwiceIsRefused() {
    assertThat(
            spec(server(1))
                .apply(
                    new UpstreamChange.Replace(List.of(server(1).withId(0), server(2).withId(0)))))
        .isEqualTo(new ChangeResult.DuplicateId(0));
  }

  @Test
  void aValueOutOfRangeIsRefusedInTheWordsOfTheApi() {
    assertThat(spec(server(1)).apply(new UpstreamChange.Update(0, PeerPatch.NOTHING.withWeight(0))))
        .isEqualTo(new ChangeResult.InvalidValue("invalid \"weight\""));
  }

  @Test
  void aMethodWithoutBackupsTakesNone() {
    UpstreamSpec group = spec(new BalancingMethod.IpHash(), server(1), server(2).withBackup(true));

    assertThat(group.apply(new UpstreamChange.Add(server(3).withBackup(true))))
        .isEqualTo(new ChangeResult.NoBackup("app"));
    assertThat(group.apply(new UpstreamChange.Update(0, PeerPatch.NOTHING.withSlowStart(1000L))))
        .isEqualTo(new ChangeResult.NoSlowStart());
    assertThat(group.apply(new UpstreamChange.Update(1, PeerPatch.NOTHING.withWeight(2))))
        .as("the one the file brought in may stay and change")
        .isInstanceOf(ChangeResult.Changed.class);
  }

  @Test
  void aReplacementKeepsTheIdsOfServersThatAreWrittenTheSameWay() {
    UpstreamSpec group = spec(server(1), server(2), server(2));

    UpstreamSpec next =
        changed(
            group,
            new UpstreamChange.Replace(
                List.of(server(3), server(2).withWeight(9), server(2), server(2))));

    assertThat(next.servers()).extracting(PeerSpec::id).containsExactly(3L, 1L, 2L, 4L);
    assertThat(next.nextId()).isEqualTo(5);
  }

  @Test
  void specsWithoutSoundIdsCannotBeMade() {
    BalancingMethod method = new BalancingMethod.RoundRobin();

    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            new UpstreamSpec(
                "app", List.of(server(1)), method, Keepalive.DEFAULT, UpstreamOptions.NONE, 1));
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            new UpstreamSpec(
                "app",
                List.of(server(1).withId(1)),
                method,
                Keepalive.DEFAULT,
                UpstreamOptions.NONE,
                1));
  }

  static LongStream seeds() {
    return LongStream.range(0, 50);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void idsStayUniqueAndNewOnesAreNewThroughAnyChanges(long seed) {
    Random random = new Random(seed);
    UpstreamSpec group = spec(server(1), server(2), server(3));
    Set<Long> everUsed = new HashSet<>(ids(group));

    for (int step = 0; step < 200; step++) {
      UpstreamChange change = randomChange(random, group);
      switch (group.apply(change)) {
        case ChangeResult.Changed(UpstreamSpec next) -> {
          Set<Long> fresh = new HashSet<>(ids(next));
          fresh.removeAll(ids(group));
          assertThat(fresh).as("seed %d, step %d", seed, step).noneMatch(everUsed::contains);
          everUsed.addAll(fresh);
          assertThat(ids(next)).doesNotHaveDuplicates().allMatch(id -> id < next.nextId());
          group = next;
        }
        case ChangeResult.Refused refused -> assertThat(refused.message()).isNotEmpty();
      }
    }
  }

  private static UpstreamChange randomChange(Random random, UpstreamSpec group) {
    long id = random.nextLong(group.nextId() + 1);
    return switch (random.nextInt(4)) {
      case 0 -> new UpstreamChange.Add(server(1 + random.nextInt(6)));
      case 1 -> new UpstreamChange.Remove(id);
      case 2 -> new UpstreamChange.Update(id, PeerPatch.NOTHING.withWeight(random.nextInt(1, 5)));
      default -> {
        List<PeerSpec> servers = new ArrayList<>();
        for (int i = random.nextInt(5); i > 0; i--) {
          PeerSpec server = server(1 + random.nextInt(6));
          servers.add(random.nextInt(3) == 0 ? server.withId(id) : server);
        }
        yield new UpstreamChange.Replace(servers);
      }
    };
  }

  private static List<Long> ids(UpstreamSpec group) {
    return group.servers().stream().map(PeerSpec::id).toList();
  }
}
