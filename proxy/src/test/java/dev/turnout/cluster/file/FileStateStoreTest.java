package dev.turnout.cluster.file;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.turnout.cluster.KeyvalSnapshot;
import dev.turnout.cluster.StateStore.Commit;
import dev.turnout.cluster.StateStore.Loaded;
import dev.turnout.cluster.StateStore.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FileStateStoreTest {
  @TempDir private Path directory;
  private Path file = Path.of("set before each");

  @BeforeEach
  void nameTheFile() {
    file = directory.resolve("switch.json");
  }

  @Test
  void theFileIsSortedJsonWithOneEntryALine() throws IOException {
    write(12, Map.of("b.example", "green", "a.example", "blue"));

    assertThat(file)
        .hasContent(
            """
            {
              "format": "turnout-keyval/1",
              "zone": "switch",
              "revision": 12,
              "checksum": "crc32c:ba8aafd1",
              "entries": {
                "a.example": "blue",
                "b.example": "green"
              }
            }
            """);
  }

  @Test
  void anEmptyZoneIsAStateLikeAnyOther() throws IOException {
    write(3, Map.of());

    Loaded loaded = read();

    assertThat(loaded.warnings()).isEmpty();
    assertThat(loaded.snapshot().revision()).isEqualTo(3);
    assertThat(loaded.snapshot().entries()).isEmpty();
  }

  @Test
  void everyByteSurvivesAndUtf8StaysReadable() throws IOException {
    StringBuilder all = new StringBuilder();
    for (char c = 0; c <= 0xff; c++) {
      all.append(c);
    }
    String utf8 = new String("bücher.example".getBytes(UTF_8), ISO_8859_1);
    Map<String, String> entries =
        Map.of(all.toString(), all.reverse().toString(), utf8, "", "", utf8);

    write(1, entries);

    assertThat(read().snapshot().entries()).isEqualTo(entries);
    assertThat(new String(Files.readAllBytes(file), UTF_8)).contains("\"bücher.example\": \"\"");
  }

  @Test
  void theStateBeforeIsKept() throws IOException {
    write(1, Map.of("a", "1"));
    byte[] before = Files.readAllBytes(file);

    try (FileStateStore store = open()) {
      store.load();
      store.commit(1, KeyvalSnapshot.of(2, Map.of("a", "2")), Set.of("a"));
    }

    assertThat(directory.resolve("switch.json.prev")).hasBinaryContent(before);
    assertThat(directory.resolve("switch.json.tmp")).doesNotExist();
    assertThat(directory.resolve("switch.json.prev.tmp")).doesNotExist();
  }

  @Test
  void aCommitOnAnotherRevisionThanTheStoredOneIsAConflict() throws IOException {
    write(5, Map.of("a", "1"));
    byte[] before = Files.readAllBytes(file);

    try (FileStateStore store = open()) {
      store.load();

      assertThat(store.commit(4, KeyvalSnapshot.of(6, Map.of()), Set.of("a")))
          .isEqualTo(new Commit.Conflict(5));
    }
    assertThat(file).hasBinaryContent(before);
  }

  @Test
  void aClosedStoreTakesNothing() throws IOException {
    FileStateStore store = open();
    store.load();
    store.close();

    Commit answer = store.commit(0, KeyvalSnapshot.of(1, Map.of("a", "1")), Set.of("a"));

    assertThat(((Commit.Failed) answer).reason()).isEqualTo(Reason.CLOSED);
    assertThat(file).doesNotExist();
  }

  @Test
  void aSecondStoreOfTheSameFileIsRefusedAlsoThroughASymbolicLink() throws IOException {
    write(1, Map.of("a", "1"));
    Path link = Files.createSymbolicLink(directory.resolve("link.json"), file);

    try (FileStateStore store = open()) {
      store.load();

      assertThatThrownBy(() -> FileStateStore.open("other", link))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("held by this process");
      // The refused one must not have dropped the lock of the first.
      assertThatThrownBy(() -> FileStateStore.open("other", file)).isInstanceOf(IOException.class);
    }
    FileStateStore.open("other", file).close();
  }

  @Test
  void aSymbolicLinkStaysOneWhenItsFileIsReplaced() throws IOException {
    write(1, Map.of("a", "1"));
    Path link = Files.createSymbolicLink(directory.resolve("link.json"), file);

    try (FileStateStore store = FileStateStore.open("switch", link)) {
      store.load();
      store.commit(1, KeyvalSnapshot.of(2, Map.of("a", "2")), Set.of("a"));
    }

    assertThat(link).isSymbolicLink();
    assertThat(read().snapshot().get("a")).isEqualTo("2");
  }

  @Test
  void thePermissionsOfTheFileAreKept() throws IOException {
    write(1, Map.of("a", "1"));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));

    try (FileStateStore store = open()) {
      store.load();
      store.commit(1, KeyvalSnapshot.of(2, Map.of("a", "2")), Set.of("a"));
    }

    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-r-----");
  }

  @Test
  void aStateFileOfNginxPlusIsTakenOverAndRewrittenByTheFirstChange() throws IOException {
    String plus = "{\"www.example\":\"blue\",\"b\\u00fccher.example\" : \"gr\u00fcn\"}";
    Files.writeString(file, plus);
    String key = new String("bücher.example".getBytes(UTF_8), ISO_8859_1);
    String value = new String("grün".getBytes(UTF_8), ISO_8859_1);

    try (FileStateStore store = open()) {
      Loaded loaded = store.load();
      assertThat(loaded.snapshot().entries()).isEqualTo(Map.of("www.example", "blue", key, value));
      assertThat(loaded.snapshot().revision()).isZero();
      assertThat(loaded.warnings()).singleElement().asString().contains("NGINX Plus", "2 entries");
      assertThat(file).hasContent(plus);

      Map<String, String> next = new HashMap<>(loaded.snapshot().entries());
      next.put("www.example", "green");
      store.commit(0, KeyvalSnapshot.of(1, next), Set.of("www.example"));
    }

    assertThat(read().snapshot().entries()).isEqualTo(Map.of("www.example", "green", key, value));
    assertThat(read().warnings()).isEmpty();
    assertThat(directory.resolve("switch.json.prev")).hasContent(plus);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "null",
        "[]",
        "\"x\"",
        "{",
        "{}{}",
        "{\"a\":1}",
        "{\"a\":null}",
        "{\"a\":{\"b\":\"c\"}}",
        "{\"a\":\"b\",\"a\":\"c\"}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"b\"",
        "{\"entries\":{\"a\":\"b\"}}",
        "{\"format\":\"turnout-keyval/1\"}",
      })
  void whatIsNoStateIsRefusedAndLeftAsItIs(String content) throws IOException {
    Files.writeString(file, content);

    try (FileStateStore store = open()) {
      assertThatThrownBy(store::load)
          .isInstanceOf(IOException.class)
          .hasMessageContaining(file.toString())
          .hasMessageContaining("damaged")
          .hasMessageContaining("start with an empty zone");
    }
    assertThat(file).hasContent(content);
  }

  @Test
  void anEmptyObjectIsAnEmptyZoneOfNginxPlus() throws IOException {
    Files.writeString(file, "{}\n");

    assertThat(read().snapshot().entries()).isEmpty();
  }

  @Test
  void aFileThatWasOnlyFormattedAnewIsStillGood() throws IOException {
    write(12, Map.of("b.example", "green", "a.example", "blue"));
    Files.writeString(file, Files.readString(file).replaceAll("\\s*\n\\s*", ""));

    assertThat(read().snapshot().entries()).hasSize(2);
    assertThat(read().warnings()).isEmpty();
  }

  @Test
  void aFileOfALaterFormatIsRefusedEvenIfAnOlderStateIsThere() throws IOException {
    write(1, Map.of("a", "1"));
    Files.copy(file, directory.resolve("switch.json.prev"));
    Files.writeString(
        file,
        """
        {"format": "turnout-keyval/3", "zone": "switch", "revision": 9, "entries": {}}\
        """);

    try (FileStateStore store = open()) {
      assertThatThrownBy(store::load)
          .hasMessageContaining("turnout-keyval/3")
          .hasMessageContaining("turnout-keyval/2");
    }
  }

  @Test
  void aMissingFileWithAStateBeforeItIsNotAnEmptyZone() throws IOException {
    write(1, Map.of("a", "1"));
    Files.move(file, directory.resolve("switch.json.prev"));

    Loaded loaded = read();

    assertThat(loaded.snapshot().entries()).isEqualTo(Map.of("a", "1"));
    assertThat(loaded.warnings()).singleElement().asString().contains("is missing", "revision 1");
    assertThat(file).exists();
  }

  @Test
  void leftoversOfACommitThatDidNotEndAreRemoved() throws IOException {
    Files.writeString(directory.resolve("switch.json.tmp"), "{\"format\": \"turn");
    Files.writeString(directory.resolve("switch.json.prev.tmp"), "x");

    assertThat(read().snapshot().entries()).isEmpty();
    assertThat(directory.resolve("switch.json.tmp")).doesNotExist();
    assertThat(directory.resolve("switch.json.prev.tmp")).doesNotExist();
  }

  @Test
  void aLeftoverThatIsTheFileItselfIsNotWrittenInto() throws IOException {
    write(1, Map.of("a", "1"));
    byte[] before = Files.readAllBytes(file);

    try (FileStateStore store = open()) {
      store.load();
      Files.createLink(directory.resolve("switch.json.tmp"), file);
      store.commit(1, KeyvalSnapshot.of(2, Map.of("a", "2")), Set.of("a"));
    }

    assertThat(directory.resolve("switch.json.prev")).hasBinaryContent(before);
  }

  @Test
  void aCompleteNextStateBesideAGoodFileWasNeverAcknowledged() throws IOException {
    write(1, Map.of("a", "1"));
    Files.write(
        directory.resolve("switch.json.tmp"), encoded(2, Map.of("a", "never acknowledged")));

    assertThat(read().snapshot().entries()).isEqualTo(Map.of("a", "1"));
    assertThat(directory.resolve("switch.json.tmp")).doesNotExist();
  }

  @Test
  void ofTwoCopiesOfADamagedFileTheNewerIsTaken() throws IOException {
    Files.writeString(file, "{\"format\"");
    Files.write(directory.resolve("switch.json.prev"), encoded(7, Map.of("a", "older")));
    Files.write(directory.resolve("switch.json.tmp"), encoded(8, Map.of("a", "newer")));

    Loaded loaded = read();

    assertThat(loaded.snapshot().entries()).isEqualTo(Map.of("a", "newer"));
    assertThat(loaded.warnings())
        .singleElement()
        .asString()
        .contains("damaged", "revision 8", "1 entries", ".tmp", ".damaged-1");
    assertThat(directory.resolve("switch.json.damaged-1")).hasContent("{\"format\"");
    assertThat(directory.resolve("switch.json.tmp")).doesNotExist();
    assertThat(read().warnings()).isEmpty(); // it is FILE now
  }

  @Test
  void everyDamagedFileIsKept() throws IOException {
    for (int n = 1; n <= 3; n++) {
      write(n, Map.of("a", "1"));
      Files.move(file, directory.resolve("switch.json.prev"));
      Files.writeString(file, "damage " + n);

      read();

      assertThat(directory.resolve("switch.json.damaged-" + n)).hasContent("damage " + n);
      Files.delete(file);
    }
  }

  @Test
  void aStateWrittenByAnotherZoneIsTakenWithAWarning() throws IOException {
    write(1, Map.of("a", "1"));

    try (FileStateStore store = FileStateStore.open("renamed", file)) {
      assertThat(store.load().warnings())
          .singleElement()
          .asString()
          .contains("\"renamed\"", "\"switch\"");
    }
  }

  @Test
  void aDirectoryOrAPathThroughAFileIsRefusedInWords() throws IOException {
    Files.writeString(directory.resolve("plain"), "");

    assertThatThrownBy(() -> FileStateStore.open("switch", directory))
        .hasMessageContaining("is a directory");
    assertThatThrownBy(() -> FileStateStore.open("switch", directory.resolve("plain/x.json")))
        .hasMessageContaining("its directory cannot be made");
  }

  @Test
  void theDirectoryOfAStateFileIsMadeWhereItIsMissing() throws IOException {
    Path nested = directory.resolve("new/deep/switch.json");

    try (FileStateStore store = FileStateStore.open("switch", nested)) {
      assertThat(store.load().snapshot().size()).isZero();
      assertThat(nested.getParent()).isDirectory();
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {11, 12, 13, 14, 15})
  void anySequenceOfCommitsIsReadBackAsItWas(long seed) throws IOException {
    Random random = new Random(seed);
    Map<String, String> model = new HashMap<>();
    long revision = 0;
    for (int boot = 0; boot < 4; boot++) {
      try (FileStateStore store = open()) {
        assertThat(store.load().snapshot().entries()).isEqualTo(model);
        for (int n = 0; n < 15; n++) {
          Set<String> touched = new HashSet<>();
          for (int edits = random.nextInt(6); edits >= 0; edits--) {
            String key = randomText(random, 3);
            touched.add(key);
            if (random.nextInt(3) == 0) {
              model.remove(key);
            } else {
              model.put(key, randomText(random, 30));
            }
          }
          assertThat(store.commit(revision, KeyvalSnapshot.of(revision + 1, model), touched))
              .isEqualTo(new Commit.Done());
          revision++;
        }
      }
      assertThat(read().snapshot().revision()).isEqualTo(revision);
    }
  }

  private static String randomText(Random random, int longest) {
    StringBuilder text = new StringBuilder();
    String alphabet = "ab\"\\\n/\u007f\u00e9\u00ff\0";
    for (int n = random.nextInt(longest); n >= 0; n--) {
      text.append(alphabet.charAt(random.nextInt(alphabet.length())));
    }
    return text.toString();
  }

  private FileStateStore open() throws IOException {
    return FileStateStore.open("switch", file);
  }

  private Loaded read() throws IOException {
    try (FileStateStore store = open()) {
      return store.load();
    }
  }

  private void write(long revision, Map<String, String> entries) throws IOException {
    Files.deleteIfExists(file);
    Files.deleteIfExists(directory.resolve("switch.json.prev"));
    try (FileStateStore store = open()) {
      store.load();
      assertThat(store.commit(0, KeyvalSnapshot.of(revision, entries), entries.keySet()))
          .isEqualTo(new Commit.Done());
    }
  }

  private static byte[] encoded(long revision, Map<String, String> entries) {
    return StateFormat.encode(
        "switch", revision, EntryLines.of(KeyvalSnapshot.of(revision, entries)));
  }
}
