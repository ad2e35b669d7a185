package dev.turnout.control;

import dev.turnout.cluster.KeyvalChange.Put;
import dev.turnout.cluster.KeyvalZone;
import dev.turnout.cluster.Revision;
import dev.turnout.cluster.ZoneRegistry;
import dev.turnout.cluster.ZoneSpec;
import dev.turnout.cluster.file.FileStateStore;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/// The process that gets killed: writers that say on standard output what they ask for (`? KEY
/// NUMBER`) and what was acknowledged (`! KEY NUMBER REVISION`), one system call a line.
final class KilledWriter {
  private static final FileOutputStream OUT = new FileOutputStream(FileDescriptor.out);

  private KilledWriter() {}

  /// Arguments: the state file, the number of writers, the number they start to count at, and how
  /// many keys each writer has.
  public static void main(String[] args) {
    Revision revision = new Revision();
    ZoneRegistry registry =
        new ZoneRegistry(FileStateStore::open, revision, ZoneRegistry.Memory.NONE);
    ZoneRegistry.Plan plan =
        registry.prepare(List.of(new ZoneSpec("switch", 1 << 20, Path.of(args[0]))));
    plan.activate();
    plan.warnings().forEach(warning -> say("W " + warning));
    KeyvalZone zone = plan.zone("switch");
    ChangeWriter writer = Writers.start(revision, Fence.NONE);
    int writers = Integer.parseInt(args[1]);
    long first = Long.parseLong(args[2]);
    int keys = Integer.parseInt(args[3]);
    for (int n = 0; n < writers; n++) {
      int id = n;
      Thread.ofPlatform().start(() -> write(writer, zone, id, first, keys));
    }
  }

  private static void write(ChangeWriter writer, KeyvalZone zone, int id, long first, int keys) {
    for (long number = first; ; number++) {
      String key = "writer-" + id + "-key-" + number % keys;
      say("? " + key + " " + number);
      switch (writer
          .submit(ChangeRequest.of(Writers.TEST, zone, new Put(key, Long.toString(number))))
          .join()) {
        case ChangeResult.Applied applied ->
            say("! " + key + " " + number + " " + applied.revision());
        case ChangeResult refused -> throw new IllegalStateException(refused.toString());
      }
    }
  }

  private static void say(String line) {
    try {
      OUT.write((line + "\n").getBytes(StandardCharsets.ISO_8859_1));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
