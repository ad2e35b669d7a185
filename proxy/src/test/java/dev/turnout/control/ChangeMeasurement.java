package dev.turnout.control;

import dev.turnout.cluster.KeyvalChange;
import dev.turnout.cluster.KeyvalChange.Put;
import dev.turnout.cluster.KeyvalZone;
import dev.turnout.cluster.Revision;
import dev.turnout.cluster.ZoneRegistry;
import dev.turnout.cluster.ZoneSpec;
import dev.turnout.cluster.file.FileStateStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/// Measures one change, and one look-up, of a zone of many entries. Run by hand, with the directory
/// whose disk is to be measured: `java -cp … dev.turnout.control.ChangeMeasurement DIR [ENTRIES]`.
final class ChangeMeasurement {
  private static final int WRITERS = 4;
  private static final int CHANGES = 1000;
  private static final int LOOK_UPS = 50_000_000;

  private ChangeMeasurement() {}

  public static void main(String[] args) throws IOException, InterruptedException {
    int entries = args.length > 1 ? Integer.parseInt(args[1]) : 10_000;
    Path directory = Files.createTempDirectory(Path.of(args[0]), "measure");
    Revision revision = new Revision();
    try (ZoneRegistry registry =
            new ZoneRegistry(FileStateStore::open, revision, ZoneRegistry.Memory.NONE);
        ChangeWriter writer = Writers.start(revision, Fence.NONE)) {
      ZoneSpec spec = new ZoneSpec("switch", 200L * entries, directory.resolve("switch.json"));
      ZoneRegistry.Plan plan = registry.prepare(List.of(spec));
      plan.activate();
      KeyvalZone zone = plan.zone("switch");
      fill(writer, zone, entries);
      change(writer, zone, entries); // warms up
      report(entries, change(writer, zone, entries));
      lookUp(zone, entries);
    } finally {
      try (Stream<Path> files = Files.list(directory)) {
        for (Path file : files.toList()) {
          Files.delete(file);
        }
      }
      Files.delete(directory);
    }
  }

  private static void fill(ChangeWriter writer, KeyvalZone zone, int entries) {
    KeyvalChange[] puts = new KeyvalChange[entries];
    for (int n = 0; n < entries; n++) {
      puts[n] = new Put(key(n), "upstream-" + n % 7);
    }
    check(writer.submit(ChangeRequest.of(Writers.TEST, zone, puts)).join());
  }

  private static String key(int n) {
    return "host-" + n + ".example.com";
  }

  /// Nanoseconds from asking to the answer, of every change of every writer.
  private static long[] change(ChangeWriter writer, KeyvalZone zone, int entries)
      throws InterruptedException {
    long[] took = new long[WRITERS * CHANGES];
    List<Thread> threads = new ArrayList<>();
    for (int n = 0; n < WRITERS; n++) {
      int id = n;
      threads.add(
          Thread.ofPlatform()
              .start(() -> {
                for (int i = 0; i < CHANGES; i++) {
                  String key = key((id * 7919 + i * 31) % entries);
                  long begin = System.nanoTime();
                  check(
                      writer
                          .submit(ChangeRequest.of(Writers.TEST, zone, new Put(key, "to-" + begin)))
                          .join());
                  took[id * CHANGES + i] = System.nanoTime() - begin;
                }
              }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    return took;
  }

  private static void check(ChangeResult result) {
    if (!(result instanceof ChangeResult.Applied)) {
      throw new IllegalStateException(result.toString());
    }
  }

  private static void report(int entries, long[] took) {
    Arrays.sort(took);
    System.out.printf(
        "change, %d entries, %d writers: p50 %.2f ms, p99 %.2f ms, max %.2f ms%n",
        entries,
        WRITERS,
        took[took.length / 2] / 1e6,
        took[took.length * 99 / 100] / 1e6,
        took[took.length - 1] / 1e6);
  }

  private static void lookUp(KeyvalZone zone, int entries) {
    String[] keys = new String[1024];
    for (int n = 0; n < keys.length; n++) {
      keys[n] = key(n * 17 % (entries + entries / 4)); // one in five is a miss
    }
    for (int round = 0; round < 3; round++) {
      int found = 0;
      long begin = System.nanoTime();
      for (int n = 0; n < LOOK_UPS; n++) {
        if (zone.get(keys[n & 1023]) != null) {
          found++;
        }
      }
      double each = (System.nanoTime() - begin) / (double) LOOK_UPS;
      System.out.printf("get: %.1f ns (%d found)%n", each, found);
    }
  }
}
