package dev.turnout.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.turnout.cluster.StateStore.Commit;
import dev.turnout.cluster.file.FileStateStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ZoneRegistryTest {
  private static final long SIZE = 4096;

  @TempDir private Path directory;

  private final Revision revision = new Revision();
  private final ZoneRegistry registry =
      new ZoneRegistry(FileStateStore::open, revision, ZoneRegistry.Memory.NONE);

  @Test
  void aZoneThatStaysKeepsItsObjectAndItsContent() {
    for (Path file : new Path[] {directory.resolve("a.json"), null}) {
      KeyvalZone first = activate(new ZoneSpec("a", SIZE, file)).zone("a");
      put(first, "host", "blue");

      KeyvalZone second = activate(new ZoneSpec("a", SIZE, file)).zone("a");

      assertThat(second).isSameAs(first);
      assertThat(second.get("host")).isEqualTo("blue");
      put(second, "host", "green");
    }
  }

  @Test
  void aChangedSizeAppliesToTheContentAsItIs() {
    KeyvalZone zone = activate(memory("a", SIZE)).zone("a");
    put(zone, "host", "blue");

    ZoneRegistry.Plan plan = registry.prepare(List.of(memory("a", 100)));
    assertThat(zone.capacity()).isEqualTo(SIZE);
    plan.activate();

    assertThat(plan.zone("a")).isSameAs(zone);
    assertThat(zone.capacity()).isEqualTo(100);
    assertThat(zone.get("host")).isEqualTo("blue");
  }

  @Test
  void aSizeTheContentDoesNotFitIsRefusedAndTheOldOneStays() {
    KeyvalZone zone = activate(memory("a", SIZE)).zone("a");
    put(zone, "host", "blue");

    assertThatThrownBy(() -> registry.prepare(List.of(memory("a", 71))))
        .isInstanceOf(ZoneRefused.class)
        .hasMessageContaining("zone \"a\" is too small")
        .hasMessageContaining("72 bytes");
    assertThat(zone.capacity()).isEqualTo(SIZE);
    put(zone, "other", "green");
  }

  @Test
  void aStateFileThatDoesNotFitRefusesTheStart() {
    Path file = directory.resolve("a.json");
    put(activate(new ZoneSpec("a", SIZE, file)).zone("a"), "host", "blue");
    registry.close();

    ZoneRegistry restarted =
        new ZoneRegistry(FileStateStore::open, new Revision(), ZoneRegistry.Memory.NONE);
    assertThatThrownBy(() -> restarted.prepare(List.of(new ZoneSpec("a", 10, file))))
        .isInstanceOf(ZoneRefused.class);
    restarted.prepare(List.of(new ZoneSpec("a", SIZE, file))).abandon(); // nothing was left open
  }

  @Test
  void aRemovedZoneIsClosedAndStaysReadable() throws IOException {
    Path file = directory.resolve("a.json");
    KeyvalZone zone = activate(new ZoneSpec("a", SIZE, file)).zone("a");
    put(zone, "host", "blue");

    activate();

    assertThat(zone.get("host")).isEqualTo("blue");
    assertThat(zone.store().commit(zone.snapshot().revision(), zone.snapshot(), Set.of()))
        .isInstanceOf(Commit.Failed.class);
    FileStateStore.open("a", file).close(); // its file is free
  }

  @Test
  void anAbandonedConfigurationLeavesTheZonesAsTheyWere() throws IOException {
    KeyvalZone zone = activate(memory("a", SIZE)).zone("a");
    Path file = directory.resolve("b.json");

    registry.prepare(List.of(memory("a", 100), new ZoneSpec("b", SIZE, file))).abandon();

    assertThat(zone.capacity()).isEqualTo(SIZE);
    FileStateStore.open("b", file).close();
    put(zone, "host", "blue");
  }

  @Test
  void aZoneThatCannotBeHadLeavesNothingOpen() throws IOException {
    Path good = directory.resolve("good.json");
    Path bad = directory.resolve("bad.json");
    Files.writeString(bad, "{");

    assertThatThrownBy(() ->
            registry.prepare(
                List.of(new ZoneSpec("good", SIZE, good), new ZoneSpec("bad", SIZE, bad))))
        .isInstanceOf(ZoneRefused.class)
        .hasMessageContaining("zone \"bad\"")
        .hasMessageContaining(bad.toString());
    FileStateStore.open("good", good).close();
    FileStateStore.open("bad", bad).close();
  }

  @Test
  void twoZonesOfOneNameOrOneFileAreRefused() {
    Path file = directory.resolve("a.json");
    Path same = directory.resolve("x/../a.json");

    assertThatThrownBy(() -> registry.prepare(List.of(memory("a", SIZE), memory("a", SIZE))))
        .hasMessageContaining("defined twice");
    assertThatThrownBy(() ->
            registry.prepare(List.of(new ZoneSpec("a", SIZE, file), new ZoneSpec("b", SIZE, same))))
        .hasMessageContaining("in use by zone \"a\"");
  }

  @Test
  void aRunningZonesFileIsNotGivenToAnotherName() {
    Path file = directory.resolve("a.json");
    KeyvalZone zone = activate(new ZoneSpec("a", SIZE, file)).zone("a");

    assertThatThrownBy(() -> registry.prepare(List.of(new ZoneSpec("b", SIZE, file))))
        .isInstanceOf(ZoneRefused.class);
    put(zone, "host", "blue"); // and still has its lock and its store
  }

  @Test
  void theRevisionGoesOnAfterTheHighestOfAllStateFiles() {
    ZoneSpec a = new ZoneSpec("a", SIZE, directory.resolve("a.json"));
    ZoneSpec b = new ZoneSpec("b", SIZE, directory.resolve("b.json"));
    ZoneRegistry.Plan plan = activate(a, b);
    put(plan.zone("a"), "host", "blue");
    put(plan.zone("b"), "host", "blue");
    put(plan.zone("a"), "host", "green");
    registry.close();

    Revision restarted = new Revision();
    new ZoneRegistry(FileStateStore::open, restarted, ZoneRegistry.Memory.NONE)
        .prepare(List.of(b, a))
        .abandon();

    assertThat(restarted.next()).isEqualTo(4);
  }

  private ZoneRegistry.Plan activate(ZoneSpec... specs) {
    ZoneRegistry.Plan plan = registry.prepare(List.of(specs));
    plan.activate();
    return plan;
  }

  private static ZoneSpec memory(String name, long size) {
    return new ZoneSpec(name, size, null);
  }

  private void put(KeyvalZone zone, String key, String value) {
    KeyvalDraft draft = zone.draft(0);
    draft.apply(List.of(new KeyvalChange.Put(key, value)), List.of());
    draft.stamp(revision.next());
    long expected = zone.snapshot().revision();
    KeyvalSnapshot next = draft.toSnapshot();
    assertThat(zone.store().commit(expected, next, Map.of(key, value).keySet()))
        .isEqualTo(new Commit.Done());
    zone.publish(next);
  }
}
