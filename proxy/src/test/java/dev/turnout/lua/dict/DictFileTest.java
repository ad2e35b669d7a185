package dev.turnout.lua.dict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.turnout.log.ErrorLog;
import dev.turnout.log.LogFiles;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What a dictionary keeps on disk.
class DictFileTest {
  private static final ErrorLog LOG = new ErrorLog(new LogFiles(), List.of());

  @TempDir Path directory;

  private final SharedDict dict = new SharedDict("dogs", 1 << 20, () -> 1000);

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private void fill() {
    dict.set(bytes("text"), bytes("w\0of\377"), 0, 7, 0);
    dict.set(bytes("number"), 0.1, 5000, 0, 0);
    dict.set(bytes("truth"), false, 0, 0, 0);
    dict.push(bytes("list"), bytes("a"), 0, false, new SharedDict.Found());
    dict.push(bytes("list"), null, 2, false, new SharedDict.Found());
  }

  private SharedDict reread(Path file) throws Exception {
    SharedDict other = new SharedDict("dogs", 1 << 20, () -> 2000);
    for (SharedDict.Item entry : new DictFile(file).read()) {
      assertThat(other.restore(entry)).isTrue();
    }
    return other;
  }

  @Test
  void everythingComesBackInItsOrder() throws Exception {
    fill();
    Path file = directory.resolve("dogs");

    new DictFile(file).write(dict.entries());

    assertThat(reread(file).entries())
        .usingRecursiveFieldByFieldElementComparator()
        .containsExactlyElementsOf(dict.entries());
    try (var left = Files.list(directory)) {
      assertThat(left).containsExactly(file);
    }
  }

  @Test
  void noFileIsNoEntries() throws Exception {
    assertThat(new DictFile(directory.resolve("none")).read()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 3, 20, 60, -1, -9})
  void aChangedByteIsSeen(int place) throws Exception {
    fill();
    Path file = directory.resolve("dogs");
    new DictFile(file).write(dict.entries());
    byte[] content = Files.readAllBytes(file);
    content[place < 0 ? content.length + place : place] ^= 1;
    Files.write(file, content);

    assertThatThrownBy(() -> new DictFile(file).read())
        .isInstanceOf(DictFile.Damaged.class)
        .hasMessageContaining("dogs\" is damaged");
  }

  @Test
  void aCutFileIsSeen() throws Exception {
    fill();
    Path file = directory.resolve("dogs");
    new DictFile(file).write(dict.entries());
    byte[] content = Files.readAllBytes(file);
    for (int length : new int[] {0, 5, 30, content.length - 1}) {
      Files.write(file, java.util.Arrays.copyOf(content, length));

      assertThatThrownBy(() -> new DictFile(file).read()).isInstanceOf(DictFile.Damaged.class);
    }
  }

  @Test
  void whatChangedIsWrittenAtTheEndAndADamagedFileIsKeptAside() throws Exception {
    Path file = directory.resolve("dogs");
    Files.writeString(file, "nonsense");
    DictKeeper keeper = new DictKeeper(dict, new DictFile(file), 0, true, LOG);
    keeper.start();
    fill();

    keeper.close();

    assertThat(reread(file).keys(0)).hasSize(4);
    assertThat(directory.resolve("dogs.damaged")).hasContent("nonsense");
  }

  @Test
  void aKeeperOfWhatDoesNotChangeWritesNothing() {
    Path file = directory.resolve("dogs");
    DictKeepers keepers = new DictKeepers();
    keepers.replace(List.of(new DictKeeper(dict, new DictFile(file), 0, false, LOG)), LOG);

    keepers.close();

    assertThat(file).doesNotExist();
  }
}
