package dev.turnout.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.cluster.KeyvalChange.Delete;
import dev.turnout.cluster.KeyvalChange.Put;
import dev.turnout.cluster.KeyvalDraft.Outcome;
import dev.turnout.cluster.file.FileStateStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Entries that end: while they are read, when the writer comes by, and on disk.
class KeyvalExpiryTest {
  private static final long NOW = 1_764_130_000_000L;
  private static final long MINUTE = 60_000;

  @TempDir private Path directory;

  private static KeyvalZone zone(long timeout, KeyvalSnapshot loaded) {
    ZoneSpec spec = new ZoneSpec("z", 1 << 20, null, KeyvalType.STRING, timeout);
    return new KeyvalZone(spec, new MemoryStateStore(), loaded, NOW);
  }

  private static void change(KeyvalZone zone, long now, KeyvalChange... edits) {
    KeyvalDraft draft = zone.draft(now);
    assertThat(draft.apply(List.of(edits), List.of())).isInstanceOf(Outcome.Accepted.class);
    draft.stamp(zone.snapshot().revision() + 1);
    zone.publish(draft.toSnapshot());
  }

  @Test
  void anEntryIsGoneAfterTheZonesTimeOrItsOwn() {
    KeyvalZone zone = zone(MINUTE, KeyvalSnapshot.EMPTY);

    change(
        zone,
        NOW,
        new Put("usual", "v"),
        new Put("short", "v", 10L),
        new Put("long", "v", 2 * MINUTE));

    assertThat(zone.find("short", NOW + 9)).isEqualTo("v");
    assertThat(zone.find("short", NOW + 10)).isNull();
    assertThat(zone.find("usual", NOW + MINUTE - 1)).isEqualTo("v");
    assertThat(zone.find("usual", NOW + MINUTE)).isNull();
    assertThat(zone.find("long", NOW + MINUTE)).isEqualTo("v");
    assertThat(zone.snapshot().entriesAt(NOW + MINUTE)).containsOnlyKeys("long");
  }

  @Test
  void settingAKeyAgainRenewsItAndThatIsAChange() {
    KeyvalZone zone = zone(MINUTE, KeyvalSnapshot.EMPTY);
    change(zone, NOW, new Put("k", "v"));

    KeyvalDraft draft = zone.draft(NOW + 1);

    assertThat(draft.apply(List.of(new Put("k", "v")), List.of()))
        .isEqualTo(new Outcome.Accepted(Map.of("k", "v"), true, Map.of("k", NOW + MINUTE)));
    assertThat(draft.entry("k")).isEqualTo(new KeyvalEntry("v", NOW + 1 + MINUTE));
  }

  @Test
  void theNextChangeFreesThePlaceOfWhatIsOver() {
    KeyvalZone zone = zone(MINUTE, KeyvalSnapshot.EMPTY);
    change(zone, NOW, new Put("old", "v"));
    long used = zone.snapshot().used();

    change(zone, NOW + MINUTE, new Put("new", "v"));

    assertThat(zone.snapshot().entries()).containsOnlyKeys("new");
    assertThat(zone.snapshot().used()).isEqualTo(used);
  }

  @Test
  void whatIsOverDoesNotExistForConditions() {
    KeyvalZone zone = zone(MINUTE, KeyvalSnapshot.EMPTY);
    change(zone, NOW, new Put("k", "v"));

    assertThat(
            zone.draft(NOW + MINUTE)
                .apply(List.of(new Put("k", "w")), List.of(new KeyvalCondition.ZoneEmpty())))
        .isEqualTo(new Outcome.Accepted(Map.of(), true));
    assertThat(
            zone.draft(NOW + MINUTE)
                .apply(List.of(new Delete("k")), List.of(new KeyvalCondition.Present("k"))))
        .isInstanceOf(Outcome.Unmet.class);
  }

  @Test
  void aChangeThatIsTakenBackLeavesTheOldDeadline() {
    KeyvalZone zone = zone(MINUTE, KeyvalSnapshot.EMPTY);
    change(zone, NOW, new Put("k", "v"));
    KeyvalDraft draft = zone.draft(NOW + 5);
    List<KeyvalChange> edits = List.of(new Put("k", "w"), new Put("fresh", "w"));
    Outcome outcome = draft.apply(edits, List.of());

    draft.revert(edits, (Outcome.Accepted) outcome);

    assertThat(draft.entry("k")).isEqualTo(new KeyvalEntry("v", NOW + MINUTE));
    assertThat(draft.entry("fresh")).isNull();
  }

  @Test
  void aZoneThatIsGivenATimeoutEndsWhatItHas() {
    KeyvalZone zone = zone(MINUTE, KeyvalSnapshot.of(1, Map.of("k", "v")));

    assertThat(zone.find("k", NOW + MINUTE - 1)).isEqualTo("v");
    assertThat(zone.find("k", NOW + MINUTE)).isNull();
  }

  @Test
  void aKeyThatIsNoAddressIsRefusedInAZoneOfAddresses() {
    ZoneSpec spec = new ZoneSpec("z", 1 << 20, null, KeyvalType.IP, 0);
    KeyvalZone zone = new KeyvalZone(spec, new MemoryStateStore(), KeyvalSnapshot.EMPTY, NOW);

    assertThat(
            zone.draft(NOW)
                .apply(List.of(new Put("10.0.0.0/8", "v"), new Put("ten", "v")), List.of()))
        .isEqualTo(new Outcome.InvalidKey("ten"));
  }

  @Test
  void deadlinesAreInTheFileAndFilesWithoutThemAreAsBefore() throws Exception {
    Path file = directory.resolve("z.json");
    Map<String, String> entries = Map.of("ends", "v\"1", "stays", "v2");
    try (FileStateStore store = FileStateStore.open("z", file)) {
      store.load();
      store.commit(0, KeyvalSnapshot.of(1, entries, Map.of("ends", NOW)), entries.keySet());
    }
    assertThat(Files.readString(file))
        .contains("\"format\": \"turnout-keyval/2\"")
        .contains("    \"ends\": {\"value\": \"v\\\"1\", \"expires\": \"2025-11-26T04:06:40Z\"},\n")
        .contains("    \"stays\": \"v2\"\n");

    try (FileStateStore store = FileStateStore.open("z", file)) {
      KeyvalSnapshot loaded = store.load().snapshot();
      assertThat(loaded.entries()).isEqualTo(entries);
      assertThat(loaded.deadlines()).isEqualTo(Map.of("ends", NOW));
      store.commit(1, KeyvalSnapshot.of(2, Map.of("stays", "v2")), java.util.Set.of("ends"));
    }
    assertThat(Files.readString(file)).contains("\"format\": \"turnout-keyval/1\"");
  }

  @Test
  void aFileWhoseEntriesGotTheirEndWhenTheyWereLoadedIsReadAgain() throws Exception {
    Path file = directory.resolve("z.json");
    Files.writeString(file, "{\"a\": \"1\", \"b\": \"2\"}");
    KeyvalSnapshot ending = KeyvalSnapshot.of(0, Map.of("a", "1", "b", "2")).allEnding(NOW);
    try (FileStateStore store = FileStateStore.open("z", file)) {
      store.load();
      store.commit(
          0,
          KeyvalSnapshot.of(1, Map.of("a", "1"), Map.of("a", ending.deadline("a"))),
          java.util.Set.of("b"));
    }

    try (FileStateStore store = FileStateStore.open("z", file)) {
      assertThat(store.load().snapshot().entries()).isEqualTo(Map.of("a", "1"));
    }
  }
}
