package dev.turnout.upstream;

import static dev.turnout.upstream.Servers.changed;
import static dev.turnout.upstream.Servers.server;
import static dev.turnout.upstream.Servers.spec;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SpecMergeTest {
  private static final UpstreamSpec FILE = spec(server(1), server(2), server(3));

  @Test
  void aWeightSetAtRunTimeSurvivesAServerAddedInTheFile() {
    UpstreamSpec present = changed(FILE, update(1, PeerPatch.NOTHING.withWeight(5)));

    UpstreamSpec merged =
        SpecMerge.merge(FILE, spec(server(1), server(2), server(3), server(4)), present);

    assertThat(merged.servers())
        .extracting(PeerSpec::server, PeerSpec::weight)
        .containsExactly(at(1, 1), at(2, 5), at(3, 1), at(4, 1));
  }

  @Test
  void aServerRemovedAtRunTimeDoesNotComeBackWithAnotherEditOfTheFile() {
    UpstreamSpec present = changed(FILE, new UpstreamChange.Remove(1));

    UpstreamSpec merged =
        SpecMerge.merge(FILE, spec(server(1).withWeight(2), server(2), server(3)), present);

    assertThat(merged.servers())
        .extracting(PeerSpec::server, PeerSpec::weight)
        .containsExactly(at(1, 2), at(3, 1));
  }

  @Test
  void aServerRemovedFromTheFileGoesAndOneAddedAtRunTimeStays() {
    UpstreamSpec present = changed(FILE, new UpstreamChange.Add(server(9)));

    UpstreamSpec merged = SpecMerge.merge(FILE, spec(server(1), server(3)), present);

    assertThat(merged.servers())
        .extracting(PeerSpec::server)
        .containsExactly("127.0.0.1:1", "127.0.0.1:3", "127.0.0.1:9");
  }

  @Test
  void whereBothChangedOneValueTheFileWins() {
    UpstreamSpec present =
        changed(FILE, update(0, PeerPatch.NOTHING.withWeight(5).withMaxConns(7)));

    UpstreamSpec merged =
        SpecMerge.merge(FILE, spec(server(1).withWeight(3), server(2), server(3)), present);

    assertThat(merged.servers().getFirst().weight()).isEqualTo(3);
    assertThat(merged.servers().getFirst().maxConns()).isEqualTo(7);
  }

  @Test
  void serversKeepTheirIdsAndNewOnesTakeNoUsedOne() {
    UpstreamSpec present = changed(FILE, new UpstreamChange.Add(server(9)));

    UpstreamSpec now = spec(server(1), server(2), server(3), server(4));
    UpstreamSpec merged = SpecMerge.merge(FILE, now, present);
    UpstreamSpec configured = SpecMerge.configured(FILE, now, present);

    assertThat(merged.servers()).extracting(PeerSpec::id).containsExactly(0L, 1L, 2L, 3L, 4L);
    assertThat(configured.servers()).extracting(PeerSpec::id).containsExactly(0L, 1L, 2L, 4L);
    assertThat(SpecMerge.merge(configured, now, merged).servers()).isEqualTo(merged.servers());
  }

  @Test
  void aFileThatDidNotChangeChangesNothing() {
    UpstreamSpec present =
        changed(changed(FILE, new UpstreamChange.Remove(0)), new UpstreamChange.Add(server(9)));

    assertThat(SpecMerge.merge(FILE, spec(server(1), server(2), server(3)), present))
        .isEqualTo(present);
  }

  private static UpstreamChange update(long id, PeerPatch patch) {
    return new UpstreamChange.Update(id, patch);
  }

  private static org.assertj.core.groups.Tuple at(int port, int weight) {
    return org.assertj.core.groups.Tuple.tuple("127.0.0.1:" + port, weight);
  }
}
