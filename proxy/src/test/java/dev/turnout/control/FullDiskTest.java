package dev.turnout.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.turnout.cluster.KeyvalChange.Put;
import dev.turnout.cluster.KeyvalZone;
import dev.turnout.cluster.Revision;
import dev.turnout.cluster.ZoneRegistry;
import dev.turnout.cluster.ZoneSpec;
import dev.turnout.cluster.file.FileJournal;
import dev.turnout.cluster.file.FileStateStore;
import dev.turnout.http.Upstreams;
import dev.turnout.upstream.Servers;
import dev.turnout.upstream.UpstreamChange;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A real file system of 64 KiB that fills up. Needs the right to mount one; the simulated disk
/// covers the same ground step by step.
@Timeout(60)
class FullDiskTest {
  @TempDir private Path directory;
  private boolean mounted;

  @BeforeEach
  void mountATinyDisk() throws Exception {
    mounted = run("mount", "-t", "tmpfs", "-o", "size=64k", "turnout-test", directory.toString());
    assumeTrue(mounted, "may not mount a tmpfs");
  }

  @AfterEach
  void unmountIt() throws Exception {
    if (mounted) {
      assertThat(run("umount", directory.toString())).isTrue();
    }
  }

  @Test
  void aFullDiskRefusesTheOldValuesStayAndItHealsByItself() throws Exception {
    Path file = directory.resolve("switch.json");
    Revision revision = new Revision();
    try (ZoneRegistry registry =
            new ZoneRegistry(FileStateStore::open, revision, ZoneRegistry.Memory.NONE);
        ChangeWriter writer = Writers.start(revision, Fence.NONE)) {
      KeyvalZone zone = activate(registry, file);
      assertThat(put(writer, zone, "host", "blue")).isInstanceOf(ChangeResult.Applied.class);
      byte[] stored = Files.readAllBytes(file);
      Path ballast = directory.resolve("ballast");
      fill(ballast);

      ChangeResult refused = put(writer, zone, "host", "x".repeat(8000));

      assertThat(refused).isInstanceOf(ChangeResult.StoreFailed.class);
      assertThat(((ChangeResult.StoreFailed) refused).status()).isEqualTo(507);
      assertThat(zone.get("host")).isEqualTo("blue");
      assertThat(file).hasBinaryContent(stored);
      assertThat(directory.resolve("switch.json.tmp")).doesNotExist();

      Files.delete(ballast);
      assertThat(put(writer, zone, "host", "green")).isInstanceOf(ChangeResult.Applied.class);
      assertThat(zone.get("host")).isEqualTo("green");
    }
    assertThat(stored(file)).isEqualTo(Map.of("host", "green"));
  }

  @Test
  void aJournalOnAFullDiskTakesNoChangeAndHealsByItself() throws Exception {
    Revision revision = new Revision();
    History history = new History(revision);
    history.keepIn(FileJournal.open(directory, 1000));
    Upstreams upstreams = new Upstreams();
    try (ChangeWriter writer =
        ChangeWriter.start(revision, history, upstreams, _ -> null, Fence.NONE)) {
      configure(writer, upstreams);
      assertThat(add(writer, 3)).isInstanceOf(ChangeResult.Applied.class);
      byte[] stored = Files.readAllBytes(directory.resolve("journal"));
      Path ballast = directory.resolve("ballast");
      fill(ballast);

      ChangeResult refused = null;
      for (int port = 100; refused == null; port++) { // what is left of the last block
        ChangeResult result = add(writer, port);
        if (!(result instanceof ChangeResult.Applied)) {
          refused = result;
        } else {
          stored = Files.readAllBytes(directory.resolve("journal"));
        }
      }

      assertThat(refused).isInstanceOf(ChangeResult.StoreFailed.class);
      assertThat(((ChangeResult.StoreFailed) refused).status()).isEqualTo(507);
      assertThat(directory.resolve("journal")).hasBinaryContent(stored);
      int before = servers(upstreams);
      Files.delete(ballast);
      assertThat(add(writer, 4)).isInstanceOf(ChangeResult.Applied.class);
      assertThat(servers(upstreams)).isEqualTo(before + 1);
    }
    History after = new History(new Revision());
    after.keepIn(FileJournal.open(directory, 1000));
    assertThat(after.revision()).isEqualTo(history.revision());
    after.close();
  }

  private static void configure(ChangeWriter writer, Upstreams upstreams) {
    Upstreams.Plan plan = upstreams.plan();
    plan.declare(Servers.spec(Servers.server(1)));
    writer.exclusively(() -> assertThat(writer.activate(plan)).isNull());
  }

  private static ChangeResult add(ChangeWriter writer, int port) throws Exception {
    return writer
        .submit(ChangeRequest.of(Writers.TEST, "app", new UpstreamChange.Add(Servers.server(port))))
        .get(20, TimeUnit.SECONDS);
  }

  private static int servers(Upstreams upstreams) {
    return java.util.Objects.requireNonNull(upstreams.find("app")).current().size();
  }

  private static KeyvalZone activate(ZoneRegistry registry, Path file) {
    ZoneRegistry.Plan plan = registry.prepare(List.of(new ZoneSpec("switch", 1 << 20, file)));
    plan.activate();
    return plan.zone("switch");
  }

  private static ChangeResult put(ChangeWriter writer, KeyvalZone zone, String key, String value)
      throws Exception {
    return writer
        .submit(ChangeRequest.of(Writers.TEST, zone, new Put(key, value)))
        .get(20, TimeUnit.SECONDS);
  }

  private static Map<String, String> stored(Path file) throws IOException {
    try (FileStateStore store = FileStateStore.open("switch", file)) {
      return store.load().snapshot().entries();
    }
  }

  private static void fill(Path ballast) throws IOException {
    try (var out = Files.newOutputStream(ballast)) {
      while (true) {
        out.write(new byte[1024]);
      }
    } catch (IOException full) {
      assertThat(full).hasMessageContaining("No space left");
    }
  }

  private static boolean run(String... command) throws IOException, InterruptedException {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      process.getInputStream().readAllBytes();
      return process.waitFor() == 0;
    } catch (IOException _) {
      return false; // no such program
    }
  }
}
