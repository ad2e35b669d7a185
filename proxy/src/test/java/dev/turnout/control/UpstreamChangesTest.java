package dev.turnout.control;

import static dev.turnout.upstream.Servers.server;
import static dev.turnout.upstream.Servers.spec;
import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.cluster.JournalEntry;
import dev.turnout.cluster.KeyvalChange;
import dev.turnout.cluster.KeyvalZone;
import dev.turnout.cluster.MemoryStateStore;
import dev.turnout.cluster.Revision;
import dev.turnout.cluster.ZoneRegistry;
import dev.turnout.cluster.ZoneSpec;
import dev.turnout.cluster.file.FileJournal;
import dev.turnout.cluster.file.FileStateStore;
import dev.turnout.control.ChangeResult.Applied;
import dev.turnout.http.Upstreams;
import dev.turnout.upstream.PeerPatch;
import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.Upstream;
import dev.turnout.upstream.UpstreamChange;
import dev.turnout.upstream.UpstreamSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Upstreams under the writer: edits, transactions, history, restarts and reloads.
@Timeout(30)
class UpstreamChangesTest {
  @TempDir private Path directory;
  private @Nullable NodeState node;

  /// The state of a node, without its data plane.
  private static final class NodeState {
    final Revision revision = new Revision();
    final History history = new History(revision);
    final ZoneRegistry zones = new ZoneRegistry(FileStateStore::open, revision, history);
    final Upstreams upstreams = new Upstreams();
    final List<JournalEntry> watched = new ArrayList<>();
    final ChangeWriter writer;

    NodeState(Path directory) throws IOException {
      history.keepIn(FileJournal.open(directory, 1000));
      writer = ChangeWriter.start(revision, history, upstreams, zones::find, Fence.NONE);
      writer.watch(watched::add);
    }

    void configure(UpstreamSpec... specs) {
      ZoneRegistry.Plan zonePlan = zones.prepare(List.of(new ZoneSpec("memory", 10_000, null)));
      Upstreams.Plan plan = upstreams.plan();
      for (UpstreamSpec spec : specs) {
        plan.declare(spec);
      }
      writer.exclusively(() -> {
        zonePlan.activate();
        assertThat(writer.activate(plan)).isNull();
      });
    }

    ChangeResult change(Operation... operations) throws Exception {
      return submit(ChangeRequest.of(Writers.TEST, operations));
    }

    ChangeResult submit(ChangeRequest request)
        throws InterruptedException, ExecutionException, TimeoutException {
      return writer.submit(request).get(10, TimeUnit.SECONDS);
    }

    List<String> servers(String upstream) {
      return spec(upstream).servers().stream().map(PeerSpec::server).toList();
    }

    UpstreamSpec spec(String upstream) {
      return upstream(upstream).current().spec();
    }

    Upstream upstream(String name) {
      return Objects.requireNonNull(upstreams.find(name), name);
    }

    KeyvalZone zone() {
      return Objects.requireNonNull(zones.find("memory"));
    }

    void close() {
      writer.close();
      zones.close();
    }
  }

  @BeforeEach
  void begin() throws IOException {
    start(spec(server(1), server(2)));
  }

  @AfterEach
  void end() {
    node().close();
  }

  private NodeState start(UpstreamSpec... configured) throws IOException {
    NodeState fresh = new NodeState(directory);
    node = fresh;
    fresh.configure(configured);
    return fresh;
  }

  private NodeState restart(UpstreamSpec... configured) throws IOException {
    node().close();
    return start(configured);
  }

  private NodeState node() {
    return Objects.requireNonNull(node);
  }

  @Test
  void anAddedServerIsThereAndItsIdIsTold() throws Exception {
    ChangeResult result = node().change(add("app", 3));

    assertThat(result).isInstanceOf(Applied.class);
    Applied applied = (Applied) result;
    assertThat(applied.revision()).isEqualTo(1);
    assertThat(applied.effects())
        .containsExactly(new Effect.Servers(List.of(server(3).withId(2)), node().spec("app")));
    assertThat(node().servers("app")).containsExactly(ports(1, 2, 3));
  }

  @Test
  void allOperationsOfARequestAreMadeOrNone() throws Exception {
    ChangeResult refused =
        node()
            .change(
                add("app", 3),
                put("host", "blue"),
                new Operation.EditUpstream("app", new UpstreamChange.Remove(99)));

    assertThat(refused)
        .isInstanceOfSatisfying(
            ChangeResult.InOperation.class,
            which -> {
              assertThat(which.index()).isEqualTo(2);
              assertThat(which.reason()).isInstanceOf(ChangeResult.Rejected.class);
              assertThat(which.message()).isEqualTo("server with ID \"99\" does not exist");
            });
    assertThat(node().servers("app")).containsExactly(ports(1, 2));
    assertThat(node().zone().get("host")).isNull();
    assertThat(node().history.revision()).isZero();
  }

  @Test
  void upstreamsAndZonesChangeInOneRevision() throws Exception {
    node().change(add("app", 3), new Operation.CreateUpstream(group("new", 7)), put("h", "new"));

    assertThat(node().history.entry(1))
        .get()
        .satisfies(entry -> assertThat(entry.deltas()).hasSize(3));
    assertThat(node().upstream("app").current().revision()).isEqualTo(1);
    assertThat(node().zone().snapshot().revision()).isEqualTo(1);
    assertThat(node().watched).hasSize(1);
  }

  @Test
  void ofTwoWithTheSameRevisionOneWins() throws Exception {
    List<CompletableFuture<ChangeResult>> answers = new ArrayList<>();
    for (int n = 0; n < 50; n++) {
      answers.add(
          node().writer.submit(ChangeRequest.of(Writers.TEST, add("app", 10 + n)).ifRevision(0)));
    }

    int won = 0;
    for (CompletableFuture<ChangeResult> answer : answers) {
      switch (answer.get(10, TimeUnit.SECONDS)) {
        case Applied _ -> won++;
        case ChangeResult.StaleRevision stale -> assertThat(stale.currentRevision()).isEqualTo(1);
        default -> throw new AssertionError("neither made nor stale");
      }
    }
    assertThat(won).isEqualTo(1);
    assertThat(node().servers("app")).hasSize(3);
  }

  @Test
  void aDryRunTellsTheEffectAndChangesNothing() throws Exception {
    ChangeResult result =
        node().submit(ChangeRequest.of(Writers.TEST, add("app", 3), put("h", "v")).asDryRun());

    assertThat(((Applied) result).deltas()).hasSize(2);
    assertThat(node().servers("app")).containsExactly(ports(1, 2));
    assertThat(node().zone().get("h")).isNull();
    assertThat(node().history.since(0, 10)).isEmpty();
  }

  @Test
  void aRequestWithTheKeyOfAChangeIsAnsweredWithThatChange() throws Exception {
    ChangeRequest request = ChangeRequest.of(Writers.TEST, add("app", 3)).withKey("once");
    ChangeResult first = node().submit(request);
    NodeState restarted = restart(spec(server(1), server(2)));

    Applied again = (Applied) restarted.submit(request);

    assertThat(again.repeated()).isTrue();
    assertThat(again.revision()).isEqualTo(((Applied) first).revision());
    assertThat(restarted.servers("app")).containsExactly(ports(1, 2, 3));
  }

  @Test
  void aChangeThatChangesNothingGetsNoRevision() throws Exception {
    Applied applied =
        (Applied)
            node()
                .change(
                    new Operation.EditUpstream(
                        "app", new UpstreamChange.Update(0, PeerPatch.NOTHING.withWeight(1))));

    assertThat(applied.deltas()).isEmpty();
    assertThat(node().history.revision()).isZero();
  }

  @Test
  void guardsHoldAChangeBackUnlessItIsForced() throws Exception {
    node().writer.guards(_ -> java.util.Optional.of("too few servers would be left"));

    assertThat(node().change(remove("app", 0)))
        .isEqualTo(new ChangeResult.Guarded("too few servers would be left"));
    assertThat(node().submit(ChangeRequest.of(Writers.TEST, remove("app", 0)).forced()))
        .isInstanceOf(Applied.class);
  }

  @Test
  void anOldStateIsRestoredAsANewRevision() throws Exception {
    node().change(add("app", 3));
    node().change(remove("app", 0), put("h", "v"));
    node().change(new Operation.CreateUpstream(group("new", 7)));
    node().change(new Operation.DeleteUpstream("app"));

    ChangeResult result = node().change(new Operation.Restore(1));

    assertThat(((Applied) result).revision()).isEqualTo(5);
    assertThat(node().servers("app")).containsExactly(ports(1, 2, 3));
    assertThat(node().spec("app").servers()).extracting(PeerSpec::id).containsExactly(0L, 1L, 2L);
    assertThat(node().upstreams.find("new")).isNull();
    assertThat(node().zone().get("h")).isNull();
  }

  @Test
  void aRestoredListGivesNoIdASecondTime() throws Exception {
    node().change(add("app", 3));
    node().change(new Operation.Restore(0));
    node().change(add("app", 4));

    assertThat(node().spec("app").servers()).extracting(PeerSpec::id).containsExactly(0L, 1L, 3L);
  }

  @Test
  void aRevisionThatNeverWasCannotBeRestored() throws Exception {
    assertThat(node().change(new Operation.Restore(7)))
        .isEqualTo(new ChangeResult.UnknownRevision(7, 0, 0));
  }

  @Test
  void changesOutliveTheProcess() throws Exception {
    node().change(add("app", 3), put("h", "v"));
    node().change(new Operation.CreateUpstream(group("new", 7)));
    node().change(remove("app", 0));

    NodeState restarted = restart(spec(server(1), server(2)));

    assertThat(restarted.servers("app")).containsExactly(ports(2, 3));
    assertThat(restarted.spec("app").servers()).extracting(PeerSpec::id).containsExactly(1L, 2L);
    assertThat(restarted.servers("new")).containsExactly(ports(7));
    assertThat(restarted.zone().get("h")).isEqualTo("v");
    assertThat(restarted.history.revision()).isEqualTo(3);
    assertThat(((Applied) restarted.change(add("app", 4))).revision()).isEqualTo(4);
  }

  @Test
  void aFileEditedWhileTheProcessWasDownIsMergedWithWhatWasChanged() throws Exception {
    node().change(remove("app", 0));

    NodeState restarted = restart(spec(server(1), server(2), server(5)));

    assertThat(restarted.servers("app")).containsExactly(ports(2, 5));
    assertThat(restarted.history.entry(2))
        .get()
        .satisfies(entry -> assertThat(entry.origin().dialect()).isEqualTo("configuration"));
  }

  @Test
  void aReloadKeepsWhatWasChangedAndGroupsThatWereMade() throws Exception {
    node().change(add("app", 3), new Operation.CreateUpstream(group("new", 7)));
    Upstream before = node().upstream("app");

    node().configure(spec(server(1), server(2), server(4)));

    assertThat(node().upstream("app")).isSameAs(before);
    assertThat(node().servers("app")).containsExactly(ports(1, 2, 3, 4));
    assertThat(node().servers("new")).containsExactly(ports(7));
  }

  @Test
  void aReloadAfterARestartKeepsWhatWasChangedSince() throws Exception {
    node().change(new Operation.CreateUpstream(group("edited", 7)));
    node().change(new Operation.CreateUpstream(group("deleted", 8)));
    NodeState restarted = restart(spec(server(1), server(2)));
    restarted.change(add("edited", 9), new Operation.DeleteUpstream("deleted"));

    restarted.configure(spec(server(1), server(2)));

    assertThat(restarted.servers("edited")).containsExactly(ports(7, 9));
    assertThat(restarted.upstreams.find("deleted")).isNull();
    assertThat(restarted.history.revision()).isEqualTo(3);
  }

  @Test
  void aReloadThatChangesNothingIsNoRevision() throws Exception {
    node().change(add("app", 3));

    node().configure(spec(server(1), server(2)));

    assertThat(node().history.revision()).isEqualTo(1);
    assertThat(node().servers("app")).containsExactly(ports(1, 2, 3));
  }

  @Test
  void aConfiguredGroupThatWasDeletedStaysDeletedUntilItsBlockChanges() throws Exception {
    node().change(new Operation.DeleteUpstream("app"));
    assertThat(node().upstreams.find("app")).isNull();

    NodeState restarted = restart(spec(server(1), server(2)));
    assertThat(restarted.upstreams.find("app")).isNull();

    restarted.configure(spec(server(1), server(2), server(3)));
    assertThat(restarted.servers("app")).containsExactly(ports(1, 2, 3));
  }

  @Test
  void aGroupThatLeavesTheFileIsGone() throws Exception {
    node().change(add("app", 3));

    node().configure();

    assertThat(node().upstreams.find("app")).isNull();
    assertThat(restart().upstreams.find("app")).isNull();
  }

  @Test
  void aLocationThatHoldsADeletedGroupFindsNoServerInIt() throws Exception {
    Upstream held = node().upstream("app");

    node().change(new Operation.DeleteUpstream("app"));

    assertThat(held.current().size()).isZero();
    node().change(new Operation.CreateUpstream(group("app", 8)));
    assertThat(node().upstream("app")).isSameAs(held);
    assertThat(held.current().size()).isEqualTo(1);
  }

  @Test
  void aJournalledSwitchThatItsFileMissedIsMadeUpForAtStart() throws Exception {
    Path file = directory.resolve("switch.json");
    Revision revision = new Revision();
    ZoneRegistry plain = new ZoneRegistry(FileStateStore::open, revision, ZoneRegistry.Memory.NONE);
    ZoneSpec spec = new ZoneSpec("files", 10_000, file);
    plain.prepare(List.of(spec)).activate();
    plain.close();
    // what a process leaves that was killed between the journal and the file
    KeyvalZone lost =
        new KeyvalZone(
            "files", 10_000, new MemoryStateStore(), dev.turnout.cluster.KeyvalSnapshot.EMPTY);
    node().submit(ChangeRequest.of(Writers.TEST, lost, new KeyvalChange.Put("host", "blue")));
    NodeState restarted = restart(spec(server(1), server(2)));

    ZoneRegistry.Plan plan = restarted.zones.prepare(List.of(spec));

    assertThat(plan.zone("files").get("host")).isEqualTo("blue");
    plan.abandon();
    ZoneRegistry again =
        new ZoneRegistry(FileStateStore::open, new Revision(), ZoneRegistry.Memory.NONE);
    assertThat(again.prepare(List.of(spec)).zone("files").get("host")).isEqualTo("blue");
    again.close();
  }

  private Operation put(String key, String value) {
    return new Operation.EditZone(
        node().zone(), List.of(new KeyvalChange.Put(key, value)), List.of());
  }

  private static Operation add(String upstream, int port) {
    return new Operation.EditUpstream(upstream, new UpstreamChange.Add(server(port)));
  }

  private static Operation remove(String upstream, long id) {
    return new Operation.EditUpstream(upstream, new UpstreamChange.Remove(id));
  }

  private static UpstreamSpec group(String name, int port) {
    UpstreamSpec any = spec(server(port));
    return new UpstreamSpec(
        name, any.servers(), any.method(), any.keepalive(), any.options(), any.nextId());
  }

  private static String[] ports(int... ports) {
    return java.util.Arrays.stream(ports)
        .mapToObj(port -> "127.0.0.1:" + port)
        .toArray(String[]::new);
  }
}
