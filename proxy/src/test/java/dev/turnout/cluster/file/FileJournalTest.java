package dev.turnout.cluster.file;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.turnout.cluster.Delta;
import dev.turnout.cluster.Journal;
import dev.turnout.cluster.JournalEntry;
import dev.turnout.cluster.KeyvalSnapshot;
import dev.turnout.cluster.Origin;
import dev.turnout.cluster.StateStore.Commit;
import dev.turnout.cluster.Trial;
import dev.turnout.cluster.TrialEnd;
import dev.turnout.cluster.UpstreamState;
import dev.turnout.upstream.BalancingMethod;
import dev.turnout.upstream.CheckSpec;
import dev.turnout.upstream.HealthOptions;
import dev.turnout.upstream.Keepalive;
import dev.turnout.upstream.PeerAddress;
import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.QueueLimits;
import dev.turnout.upstream.Servers;
import dev.turnout.upstream.UpstreamOptions;
import dev.turnout.upstream.UpstreamSpec;
import dev.turnout.upstream.sticky.StickyCookie;
import dev.turnout.upstream.sticky.StickyLearn;
import dev.turnout.upstream.sticky.StickyRoute;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FileJournalTest {
  @TempDir private Path directory;

  @Test
  void whatWasAppendedIsThereAfterARestart() throws IOException {
    List<JournalEntry> entries =
        List.of(
            entry(1, upstream("app", null, state("app", 1, 2))),
            entry(2, upstream("app", state("app", 1, 2), state("app", 1, 2, 3))),
            entry(3, zone("switch", "host", null, "blue")),
            entry(4, upstream("app", state("app", 1, 2, 3), null)));

    append(entries.subList(0, 2));
    append(entries.subList(2, 4));

    assertThat(read().entries()).isEqualTo(entries);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void randomChangesAreReadAsTheyWereWritten(long seed) throws IOException {
    Random random = new Random(seed);
    Map<String, UpstreamState> states = new HashMap<>();
    List<JournalEntry> entries = new ArrayList<>();
    for (int n = 1; n <= 60; n++) {
      entries.add(entry(n, randomDelta(random, states)));
    }

    append(entries);

    assertThat(read().entries()).isEqualTo(entries);
  }

  private static Delta randomDelta(Random random, Map<String, UpstreamState> states) {
    if (random.nextInt(4) == 0) {
      String text =
          random
              .ints(8, 0, 256)
              .collect(StringBuilder::new, (b, c) -> b.append((char) c), StringBuilder::append)
              .toString();
      return zone("zone", text, random.nextBoolean() ? "old" : null, text);
    }
    String name = "Group" + random.nextInt(3);
    UpstreamState before = states.get(name);
    UpstreamState after =
        random.nextInt(6) == 0 && before != null ? null : next(random, name, before);
    if (after == null) {
      states.remove(name);
    } else {
      states.put(name, after);
    }
    return upstream(name, before, after);
  }

  private static PeerSpec named(int port) {
    String service = port % 2 == 0 ? "http" : "";
    return PeerSpec.of(
        "app.example.com", new PeerAddress.Unresolved("app.example.com", port, service));
  }

  private static UpstreamState next(Random random, String name, @Nullable UpstreamState before) {
    UpstreamSpec spec = before == null ? null : before.spec();
    if (spec == null) {
      return state(name, 1, 2, 3);
    }
    List<PeerSpec> servers = new ArrayList<>(spec.servers());
    long nextId = spec.nextId();
    switch (random.nextInt(5)) {
      case 0 -> {
        int port = random.nextInt(1, 60_000);
        servers.add((random.nextBoolean() ? Servers.server(port) : named(port)).withId(nextId++));
      }
      case 1 -> servers.removeIf(_ -> random.nextInt(3) == 0);
      case 2 -> Collections.shuffle(servers, random);
      case 3 ->
          servers.replaceAll(server ->
              server
                  .withWeight(random.nextInt(1, 9))
                  .withMaxConns(random.nextInt(3))
                  .withFailures(random.nextInt(3), random.nextInt(20_000))
                  .withSlowStart(random.nextInt(2) * 1000L)
                  .withDown(random.nextBoolean())
                  .withDrain(random.nextBoolean())
                  .withRoute(random.nextBoolean() ? "r" : ""));
      default -> {
        return new UpstreamState(spec, random.nextBoolean() ? spec : null);
      }
    }
    UpstreamSpec changed = spec.withServers(servers, nextId);
    return new UpstreamState(changed, before == null ? null : before.configured());
  }

  @Test
  void howAnUpstreamChoosesIsReadAsItWasWritten() throws IOException {
    List<BalancingMethod> methods =
        List.of(
            new BalancingMethod.LeastTime(true, true),
            new BalancingMethod.LeastTime(true, false),
            new BalancingMethod.LeastTime(false, true),
            new BalancingMethod.LeastTime(false, false),
            new BalancingMethod.Random(true, new BalancingMethod.LeastTime(true, false)),
            new BalancingMethod.Random(true, new BalancingMethod.LeastTime(false, false)));
    List<UpstreamOptions> options =
        List.of(
            UpstreamOptions.NONE,
            new UpstreamOptions("my zone", null, new QueueLimits(10, 60_000)),
            new UpstreamOptions(
                null,
                new StickyCookie("srv id", 3600, ".$host", "/a b", true, true, "$lax"),
                null,
                new HealthOptions(30, 50, null)),
            new UpstreamOptions("z", new StickyRoute(List.of("r")), null),
            new UpstreamOptions(
                null,
                new StickyLearn("a b", 65_536, 1_000, true, false, List.of("c"), List.of("l", "m")),
                null,
                new HealthOptions(
                    0,
                    100,
                    new CheckSpec(
                        CheckSpec.Type.HTTP,
                        20,
                        10,
                        3,
                        4,
                        true,
                        8080,
                        "HEAD / \u00e9",
                        Set.of(4),
                        7))),
            new UpstreamOptions(
                null,
                new StickyLearn("z", 65_536, 1_000, false, false, List.of("c"), List.of("l")),
                null,
                new HealthOptions(
                    1,
                    99,
                    new CheckSpec(
                        CheckSpec.Type.TCP,
                        20,
                        10,
                        3,
                        4,
                        false,
                        0,
                        CheckSpec.STANDARD_REQUEST,
                        CheckSpec.STANDARD_ALIVE,
                        1))));
    List<JournalEntry> entries = new ArrayList<>();
    UpstreamState before = null;
    for (int i = 0; i < methods.size(); i++) {
      UpstreamSpec spec =
          UpstreamSpec.of(
              "app", List.of(Servers.server(1)), methods.get(i), Keepalive.DEFAULT, options.get(i));
      UpstreamState after = new UpstreamState(spec, spec);
      entries.add(entry(i + 1, upstream("app", before, after)));
      before = after;
    }

    append(entries);

    assertThat(read().entries()).isEqualTo(entries);
  }

  @Test
  void aLineThatACrashCutShortIsLeftOutAtEveryByte() throws IOException {
    append(List.of(entry(1, zone("z", "k", null, "1"))));
    byte[] one = Files.readAllBytes(file());
    append(List.of(entry(2, zone("z", "k", "1", "2"))));
    byte[] two = Files.readAllBytes(file());

    for (int length = one.length + 1; length < two.length; length++) {
      Files.write(file(), Arrays.copyOf(two, length));
      Journal.Loaded loaded = read();
      assertThat(loaded.entries()).hasSize(1);
      assertThat(loaded.warnings()).hasSize(1);
      assertThat(Files.readAllBytes(file())).isEqualTo(one);
    }
  }

  @Test
  void damageInTheMiddleStopsTheStartAndKeepsTheFile() throws IOException {
    append(List.of(entry(1, zone("z", "k", null, "1")), entry(2, zone("z", "k", "1", "2"))));
    byte[] good = Files.readAllBytes(file());
    int lastLine = new String(good, ISO_8859_1).lastIndexOf('\n', good.length - 2);

    for (int at = 0; at < lastLine; at++) {
      byte[] damaged = good.clone();
      damaged[at] ^= 0x10;
      Files.write(file(), damaged);
      assertThatThrownBy(this::read)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("line ")
          .hasMessageContaining("move the file away");
      assertThat(Files.readAllBytes(file())).isEqualTo(damaged);
    }
  }

  @Test
  void whatWasRetractedNeverComesBack() throws IOException {
    try (FileJournal journal = FileJournal.open(directory, 100)) {
      journal.load();
      done(journal.append(List.of(entry(1, upstream("app", null, state("app", 1))))));
      done(journal.append(List.of(entry(2, upstream("app", state("app", 1), state("app", 1, 2))))));
      done(journal.retract());
      done(journal.append(List.of(entry(3, upstream("app", state("app", 1), state("app", 9))))));
    }

    assertThat(read().entries()).extracting(JournalEntry::revision).containsExactly(1L, 3L);
    assertThat(read().entries().getLast().deltas())
        .containsExactly(upstream("app", state("app", 1), state("app", 9)));
  }

  @Test
  void oldChangesAreFoldedIntoTheStateTheyLedTo() throws IOException {
    try (FileJournal journal = FileJournal.open(directory, 10)) {
      journal.load();
      UpstreamState before = null;
      for (int n = 1; n <= 35; n++) {
        UpstreamState after = state("app", n);
        done(
            journal.append(
                List.of(
                    entry(
                        n, upstream("app", before, after), zone("z", "k" + n % 3, null, "" + n)))));
        before = after;
      }
    }

    Journal.Loaded loaded = read();

    assertThat(loaded.entries()).hasSizeBetween(10, 20);
    assertThat(loaded.entries().getLast().revision()).isEqualTo(35);
    int base = (int) loaded.revision();
    assertThat(loaded.entries().getFirst().revision()).isEqualTo(base + 1);
    assertThat(loaded.upstreams()).containsExactly(Map.entry("app", state("app", base)));
    assertThat(loaded.zones()).containsOnlyKeys("z");
    assertThat(zone(loaded).entries())
        .containsEntry("k" + base % 3, "" + base)
        .containsEntry("k" + (base - 1) % 3, "" + (base - 1));
  }

  @Test
  void aChangeThatIsOnTrialIsKeptWithItsTermsUntilItsTrialEnds() throws IOException {
    Trial terms = new Trial(5_000, true, 50);
    Origin origin = Origin.of("test", "me");
    Delta set = zone("z", "tried", null, "new");
    try (FileJournal journal = FileJournal.open(directory, 10)) {
      journal.load();
      done(journal.append(List.of(new JournalEntry(1, 1, origin, "", List.of(set), terms, null))));
      for (int n = 2; n <= 35; n++) {
        done(journal.append(List.of(entry(n, zone("z", "k", null, "" + n)))));
      }
    }
    assertThat(read().entries())
        .hasSize(35)
        .first()
        .extracting(JournalEntry::trial)
        .isEqualTo(terms);

    TrialEnd end = new TrialEnd(1, true);
    try (FileJournal journal = FileJournal.open(directory, 10)) {
      journal.load();
      done(journal.append(List.of(new JournalEntry(36, 1, origin, "", List.of(), null, end))));
      done(journal.append(List.of(entry(37, zone("z", "k", null, "37")))));
    }

    assertThat(read().entries()).hasSizeBetween(10, 20).extracting(JournalEntry::end).contains(end);
    assertThat(zone(read()).entries()).containsEntry("tried", "new");
  }

  @Test
  void whatFollowsAFoldIsInTheFileAlsoIfItsNameCouldNotBeSynced() throws IOException {
    AtomicBoolean failing = new AtomicBoolean();
    Disk disk =
        new Disk() {
          private final Disk real = new LocalDisk();

          @Override
          public byte[] read(Path file) throws IOException {
            return real.read(file);
          }

          @Override
          public boolean exists(Path file) {
            return real.exists(file);
          }

          @Override
          public Output create(Path file, Path like) throws IOException {
            return real.create(file, like);
          }

          @Override
          public void sync(Path file) throws IOException {
            real.sync(file);
          }

          @Override
          public void link(Path existing, Path name) throws IOException {
            real.link(existing, name);
          }

          @Override
          public void rename(Path from, Path to) throws IOException {
            real.rename(from, to);
          }

          @Override
          public void delete(Path file) throws IOException {
            real.delete(file);
          }

          @Override
          public void syncDirectory(Path synced) throws IOException {
            if (failing.get()) {
              throw new IOException("Input/output error");
            }
            real.syncDirectory(synced);
          }
        };
    try (FileJournal journal = FileJournal.open(directory, 10, disk)) {
      journal.load();
      for (int n = 1; n <= 20; n++) {
        done(journal.append(List.of(entry(n, zone("z", "k", null, "" + n)))));
      }
      failing.set(true);
      assertThat(journal.append(List.of(entry(21, zone("z", "k", null, "21")))))
          .isInstanceOf(Commit.Failed.class);
      failing.set(false);
      done(journal.append(List.of(entry(22, zone("z", "k", null, "22")))));
    }

    assertThat(read().entries()).extracting(JournalEntry::revision).doesNotContain(21L);
    assertThat(read().entries().getLast().revision()).isEqualTo(22);
  }

  @Test
  void twoProcessesCannotHaveOneJournal() throws IOException {
    try (FileJournal first = FileJournal.open(directory, 100)) {
      first.load();
      assertThatThrownBy(() -> FileJournal.open(directory, 100))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("held by");
    }
  }

  @Test
  void deadlinesAreReadAsTheyWereWrittenAlsoWhereTheJournalBegins() throws IOException {
    long later = System.currentTimeMillis() + 3_600_000;
    Delta ending =
        new Delta.OfZone(
            "z", Map.of("k", "1"), Map.of("k", "2"), Map.of("k", 5L), Map.of("k", later));
    Delta over =
        new Delta.OfZone("z", new HashMap<>(), Map.of("old", "1"), Map.of(), Map.of("old", 5L));
    append(List.of(entry(1, ending), entry(2, over)));
    assertThat(read().entries()).isEqualTo(List.of(entry(1, ending), entry(2, over)));

    try (FileJournal journal = FileJournal.open(directory, 1)) {
      journal.load();
      done(journal.append(List.of(entry(3, zone("other", "x", null, "1")))));
      done(journal.append(List.of(entry(4, zone("other", "x", "1", "2")))));
    }

    Journal.Loaded loaded = read();
    assertThat(loaded.revision()).isEqualTo(2);
    assertThat(loaded.zones()).containsOnlyKeys("z");
    assertThat(zone(loaded).entries()).isEqualTo(Map.of("k", "2"));
    assertThat(zone(loaded).deadlines()).isEqualTo(Map.of("k", later));
  }

  @Test
  void aKeyOfAnyLengthIsReadAgain() throws IOException {
    String key = "k\u00e9".repeat(100_000);
    JournalEntry entry = entry(1, zone("z", key, null, "1"));

    append(List.of(entry));

    assertThat(read().entries()).containsExactly(entry);
  }

  @Test
  void othersCannotReadIt() throws IOException {
    append(List.of(entry(1, zone("z", "k", null, "1"))));

    assertThat(Files.getPosixFilePermissions(file()))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
  }

  @Test
  void anEntryOfTheHistoryIsALineThatNamesItsAuthor() throws IOException {
    append(List.of(entry(7, zone("switch", "a.example", "blue", "green"))));

    assertThat(Files.readString(file()))
        .contains(
            "{\"revision\":7,\"time\":\"1970-01-01T00:00:00.007Z\",\"dialect\":\"test\","
                + "\"who\":\"me\",\"why\":\"because\",\"upstreams\":[],\"zones\":[{\"zone\":"
                + "\"switch\",\"before\":{\"a.example\":\"blue\"},"
                + "\"after\":{\"a.example\":\"green\"}}]}");
  }

  @Test
  void aChangeOfAKnownUpstreamIsAShortLine() throws IOException {
    int[] ports = java.util.stream.IntStream.rangeClosed(1, 500).toArray();
    UpstreamState many = state("app", ports);
    UpstreamSpec spec = many.spec();
    assertThat(spec).isNotNull();
    List<PeerSpec> servers = new ArrayList<>(spec.servers());
    servers.set(250, servers.get(250).withWeight(7));
    UpstreamState after = new UpstreamState(spec.withServers(servers, spec.nextId()), null);
    append(List.of(entry(1, upstream("app", null, many))));
    long before = Files.size(file());

    append(List.of(entry(2, upstream("app", many, after))));

    assertThat(Files.size(file()) - before).isLessThan(400);
    assertThat(read().entries().getLast().deltas()).containsExactly(upstream("app", many, after));
  }

  private static KeyvalSnapshot zone(Journal.Loaded loaded) {
    return loaded.zones().getOrDefault("z", KeyvalSnapshot.EMPTY);
  }

  private Path file() {
    return directory.resolve("journal");
  }

  private void append(List<JournalEntry> entries) throws IOException {
    try (FileJournal journal = FileJournal.open(directory, 100)) {
      journal.load();
      done(journal.append(entries));
    }
  }

  private Journal.Loaded read() throws IOException {
    try (FileJournal journal = FileJournal.open(directory, 100)) {
      return journal.load();
    }
  }

  private static void done(Commit commit) {
    assertThat(commit).isEqualTo(new Commit.Done());
  }

  private static JournalEntry entry(long revision, Delta... deltas) {
    return new JournalEntry(
        revision, revision, new Origin("test", "me", "because"), "", List.of(deltas));
  }

  private static Delta zone(
      String zone, String key, @Nullable String before, @Nullable String after) {
    Map<String, @Nullable String> was = new LinkedHashMap<>();
    was.put(key, before);
    Map<String, @Nullable String> is = new LinkedHashMap<>();
    is.put(key, after);
    return new Delta.OfZone(zone, was, is);
  }

  private static Delta upstream(
      String name, @Nullable UpstreamState before, @Nullable UpstreamState after) {
    return new Delta.OfUpstream(name, before, after);
  }

  private static UpstreamState state(String name, int... ports) {
    List<PeerSpec> servers = Arrays.stream(ports).mapToObj(Servers::server).toList();
    return new UpstreamState(
        UpstreamSpec.of(name, servers, new BalancingMethod.LeastConnections(), Keepalive.DEFAULT),
        null);
  }
}
