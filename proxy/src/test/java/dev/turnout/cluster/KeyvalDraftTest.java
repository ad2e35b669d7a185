package dev.turnout.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.turnout.cluster.KeyvalChange.Clear;
import dev.turnout.cluster.KeyvalChange.Delete;
import dev.turnout.cluster.KeyvalChange.Put;
import dev.turnout.cluster.KeyvalDraft.Outcome;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KeyvalDraftTest {
  @Test
  void editsOfOneChangeAreTakenTogether() {
    KeyvalDraft draft = draft(1000, Map.of("a", "1", "b", "2"));

    Outcome outcome =
        draft.apply(List.of(new Put("a", "9"), new Delete("b"), new Put("c", "3")), List.of());

    assertThat(outcome).isEqualTo(new Outcome.Accepted(Map.of("a", "1", "b", "2"), true));
    assertThat(draft.touched()).containsExactlyInAnyOrder("a", "b", "c");
    assertThat(draft.toSnapshot().entries()).isEqualTo(Map.of("a", "9", "c", "3"));
  }

  @Test
  void aChangeThatDoesNotFitLeavesNothingBehind() {
    KeyvalDraft draft = draft(2 * KeyvalSnapshot.cost("a", "1"), Map.of("a", "1", "b", "2"));

    Outcome outcome =
        draft.apply(List.of(new Delete("a"), new Put("c", "3"), new Put("d", "4")), List.of());

    assertThat(outcome).isInstanceOf(Outcome.Full.class);
    assertThat(draft.touched()).isEmpty();
    assertThat(draft.toSnapshot().entries()).isEqualTo(Map.of("a", "1", "b", "2"));
  }

  @Test
  void roomThatAChangeMakesCountsForIt() {
    KeyvalDraft draft = draft(2 * KeyvalSnapshot.cost("a", "1"), Map.of("a", "1", "b", "2"));

    Outcome outcome = draft.apply(List.of(new Put("c", "3"), new Delete("a")), List.of());

    assertThat(outcome).isInstanceOf(Outcome.Accepted.class);
  }

  @Test
  void aZoneMadeSmallerThanItsContentStillShrinks() {
    KeyvalDraft draft = draft(10, Map.of("a", "1", "b", "2"));

    assertThat(draft.apply(List.of(new Delete("a")), List.of()))
        .isInstanceOf(Outcome.Accepted.class);
    assertThat(draft.apply(List.of(new Put("b", "3")), List.of()))
        .isInstanceOf(Outcome.Accepted.class);
    assertThat(draft.apply(List.of(new Put("b", "33")), List.of()))
        .isInstanceOf(Outcome.Full.class);
  }

  @Test
  void aChangeToTheSameValueChangesNothing() {
    KeyvalDraft draft = draft(1000, Map.of("a", "1"));

    Outcome outcome = draft.apply(List.of(new Put("a", "1"), new Delete("x")), List.of());

    assertThat(outcome).isEqualTo(new Outcome.Accepted(Map.of("a", "1"), false));
    assertThat(draft.touched()).isEmpty();
  }

  @Test
  void anUnmetConditionIsNamedAndNothingIsTaken() {
    for (KeyvalCondition condition :
        List.of(
            new KeyvalCondition.AtRevision(6),
            new KeyvalCondition.Absent("a"),
            new KeyvalCondition.Present("b"),
            new KeyvalCondition.Holds("a", "2"),
            new KeyvalCondition.Holds("b", "1"),
            new KeyvalCondition.ZoneEmpty())) {
      KeyvalDraft draft = draft(1000, Map.of("a", "1"));

      Outcome outcome =
          draft.apply(List.of(new Clear()), List.of(new KeyvalCondition.AtRevision(7), condition));

      assertThat(outcome).isEqualTo(new Outcome.Unmet(condition));
      assertThat(draft.toSnapshot().entries()).isEqualTo(Map.of("a", "1"));
    }
  }

  @Test
  void conditionsThatHoldLetAChangeThrough() {
    KeyvalDraft draft = draft(1000, Map.of("a", "1"));

    Outcome outcome =
        draft.apply(
            List.of(new Clear()),
            List.of(
                new KeyvalCondition.AtRevision(7),
                new KeyvalCondition.Present("a"),
                new KeyvalCondition.Absent("b"),
                new KeyvalCondition.Holds("a", "1")));

    assertThat(outcome).isEqualTo(new Outcome.Accepted(Map.of("a", "1"), true));
    assertThat(draft.apply(List.of(), List.of(new KeyvalCondition.ZoneEmpty())))
        .isInstanceOf(Outcome.Accepted.class);
  }

  @Test
  void whatIsNotBytesIsRefusedAtOnce() {
    assertThatThrownBy(() -> new Put("\u20ac", "x")).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Put("x", "\u0100")).isInstanceOf(IllegalArgumentException.class);
    assertThat(new Put("\u00ff\0", "\u0080").key()).hasSize(2);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void anySequenceOfChangesLeadsWhereAPlainMapLeads(long seed) {
    Random random = new Random(seed);
    long capacity = 8 * KeyvalSnapshot.cost("key0", "value");
    KeyvalSnapshot snapshot = KeyvalSnapshot.EMPTY;
    Map<String, String> model = new HashMap<>();
    int refused = 0;
    for (int round = 1; round <= 300; round++) {
      KeyvalDraft draft = new KeyvalDraft(snapshot, capacity);
      Map<String, String> before = Map.copyOf(model);
      for (int n = random.nextInt(4); n >= 0; n--) {
        List<KeyvalChange> edits = edits(random);
        Map<String, String> wanted = applied(edits, model);
        boolean fits = used(wanted) <= capacity;

        Outcome outcome = draft.apply(edits, List.of());

        assertThat(outcome instanceof Outcome.Accepted).isEqualTo(fits);
        if (fits) {
          model = wanted;
        } else {
          refused++;
        }
      }
      for (String key : before.keySet()) {
        if (!before.get(key).equals(model.get(key))) {
          assertThat(draft.touched()).contains(key);
        }
      }
      draft.stamp(round);
      snapshot = draft.toSnapshot();
      assertThat(snapshot.entries()).isEqualTo(model);
      assertThat(snapshot.used()).isEqualTo(used(model));
    }
    assertThat(refused).isPositive();
  }

  private static List<KeyvalChange> edits(Random random) {
    List<KeyvalChange> edits = new ArrayList<>();
    for (int n = random.nextInt(4); n >= 0; n--) {
      String key = "key" + random.nextInt(12);
      edits.add(
          switch (random.nextInt(20)) {
            case 0 -> new Clear();
            case 1, 2, 3, 4 -> new Delete(key);
            default -> new Put(key, "v".repeat(random.nextInt(40)));
          });
    }
    return edits;
  }

  private static Map<String, String> applied(List<KeyvalChange> edits, Map<String, String> to) {
    Map<String, String> map = new HashMap<>(to);
    for (KeyvalChange edit : edits) {
      switch (edit) {
        case Put put -> map.put(put.key(), put.value());
        case Delete(String key) -> map.remove(key);
        case Clear() -> map.clear();
      }
    }
    return map;
  }

  private static long used(Map<String, String> entries) {
    return entries.entrySet().stream()
        .mapToLong(entry -> 64 + entry.getKey().length() + entry.getValue().length())
        .sum();
  }

  private static KeyvalDraft draft(long capacity, Map<String, String> entries) {
    return new KeyvalDraft(KeyvalSnapshot.of(7, entries), capacity);
  }
}
