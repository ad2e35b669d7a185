package dev.turnout.cluster.file;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import dev.turnout.cluster.Delta;
import dev.turnout.cluster.Journal;
import dev.turnout.cluster.JournalEntry;
import dev.turnout.cluster.KeyvalSnapshot;
import dev.turnout.cluster.StateStore.Commit;
import dev.turnout.cluster.StateStore.Reason;
import dev.turnout.cluster.UpstreamState;
import dev.turnout.cluster.ZoneContent;
import dev.turnout.json.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The journal in one file, `DIRECTORY/journal`: every change is a line that is added and synced
/// before it takes effect.
///
/// A change that could not be written is cut off again, so that a refused one never comes back; as
/// long as even that fails, nothing more is taken. A process that was killed while it wrote leaves
/// at most the end of a line, of a change that nobody was told of: it is cut off at the next start.
/// Any other damage stops the start with the place of it, and the file stays as it is.
///
/// When it holds twice as many changes as are to be remembered, the older half is folded into the
/// state it begins from, in a new file that replaces the old one at once.
///
/// One process at a time has the directory. Guarded by its own monitor.
public final class FileJournal implements Journal {
  /// How many changes are remembered when nothing else is said.
  public static final int USUAL_HISTORY = 10_000;

  private final Path file;
  private final StateFileLock lock;
  private final int remembered;
  private final Disk disk;

  private @Nullable FileChannel channel;
  private long length; // of what is committed
  private boolean inDoubt; // there may be more in the file than is committed
  private boolean nameInDoubt; // after a crash the name may be that of the file before the fold
  private boolean closed;

  // The state that the file begins from, the entries after it, and the state at the end of them.
  private long baseRevision;
  private Map<String, UpstreamState> base = Map.of();
  private Map<String, KeyvalSnapshot> baseZones = Map.of();
  private final List<JournalEntry> entries = new ArrayList<>();
  private final Map<String, UpstreamState> known = new HashMap<>();
  private Undo undo = new Undo(0, 0, Map.of());

  /// What [#retract] needs.
  ///
  /// @param known the upstreams that the last append changed, as they were; null: not known
  private record Undo(long length, int entries, Map<String, @Nullable UpstreamState> known) {}

  private FileJournal(Path file, StateFileLock lock, int remembered, Disk disk) {
    this.disk = disk;
    this.file = file;
    this.lock = lock;
    this.remembered = remembered;
  }

  /// Claims the journal of a directory, which need not exist.
  ///
  /// @param remembered how many changes are kept at least
  /// @throws IOException if another process, or this one, has it, or the directory cannot be made
  public static FileJournal open(Path directory, int remembered) throws IOException {
    return open(directory, remembered, new LocalDisk());
  }

  static FileJournal open(Path directory, int remembered, Disk disk) throws IOException {
    try {
      Files.createDirectories(directory);
      Path real = directory.toRealPath();
      StateFileLock lock = StateFileLock.claim(real.resolve("journal.lock"));
      return new FileJournal(real.resolve("journal"), lock, remembered, disk);
    } catch (IOException e) {
      throw new IOException("state directory \"" + directory + "\": " + DiskTrouble.text(e), e);
    }
  }

  /// True if there is something to be remembered in that directory.
  public static boolean isThere(Path directory) {
    return Files.exists(directory.resolve("journal"));
  }

  @Override
  public synchronized Loaded load() throws IOException {
    List<String> warnings = new ArrayList<>();
    byte[] content = Files.exists(file) ? Files.readAllBytes(file) : new byte[0];
    int good = 0;
    int number = 0;
    while (good < content.length) {
      int end = good;
      while (end < content.length && content[end] != '\n') {
        end++;
      }
      number++;
      String line = new String(content, good, end - good, ISO_8859_1);
      try {
        if (end == content.length) {
          throw new JournalFormat.Damaged("it has no end");
        }
        take(line, number == 1);
      } catch (JournalFormat.Damaged e) {
        if (end < content.length - 1) {
          throw new IOException(
              "journal \"%s\", line %d: %s; put back a copy, or move the file away to begin anew"
                  .formatted(file, number, e.getMessage()));
        }
        warnings.add(
            "journal \"%s\": the last line was cut short by a crash and is left out (%s)"
                .formatted(file, e.getMessage()));
        break;
      }
      good = end + 1;
    }
    open(good, content.length);
    return new Loaded(baseRevision, base, baseZones, entries, warnings);
  }

  private void take(String line, boolean first) throws JournalFormat.Damaged {
    Json object = JournalFormat.parse(line);
    if (first) {
      Loaded head = JournalFormat.head(object);
      baseRevision = head.revision();
      base = head.upstreams();
      baseZones = head.zones();
      known.putAll(base);
      return;
    }
    JournalEntry entry = JournalFormat.entry(object, known);
    long before = entries.isEmpty() ? baseRevision : entries.getLast().revision();
    if (entry.revision() <= before) {
      throw new JournalFormat.Damaged(
          "revision " + entry.revision() + " does not follow " + before);
    }
    entries.add(entry);
    apply(entry, known);
  }

  private static void apply(JournalEntry entry, Map<String, UpstreamState> upstreams) {
    for (Delta delta : entry.deltas()) {
      if (delta instanceof Delta.OfUpstream(String name, _, UpstreamState after)) {
        if (after == null) {
          upstreams.remove(JournalFormat.key(name));
        } else {
          upstreams.put(JournalFormat.key(name), after);
        }
      }
    }
  }

  private void open(int good, int there) throws IOException {
    boolean fresh = !Files.exists(file);
    FileChannel opened = FileChannel.open(file, CREATE, READ, WRITE);
    channel = opened;
    length = good;
    if (fresh) {
      var view =
          Files.getFileAttributeView(file, java.nio.file.attribute.PosixFileAttributeView.class);
      if (view != null) {
        view.setPermissions(PosixFilePermissions.fromString("rw-------"));
      }
      disk.syncDirectory(directory());
    }
    if (good < there) {
      opened.truncate(good);
      opened.force(true);
    }
  }

  @Override
  public synchronized Commit append(List<JournalEntry> fresh) {
    if (closed) {
      return new Commit.Failed(Reason.CLOSED, "the journal is closed");
    }
    if (entries.size() >= 2L * remembered) {
      fold(); // not after: what was just added may be taken back
    }
    FileChannel out = channel;
    if (out == null) {
      throw new IllegalStateException("append before load");
    }
    List<byte[]> lines = new ArrayList<>();
    if (length == 0) {
      lines.add(JournalFormat.head(baseRevision, base, baseZones));
    }
    Map<String, @Nullable UpstreamState> before = new HashMap<>();
    for (JournalEntry entry : fresh) {
      lines.add(JournalFormat.entry(entry, known));
      remember(entry, before);
      apply(entry, known);
    }
    Undo next = new Undo(length, entries.size(), before);
    try {
      settle(out);
      long at = length;
      for (byte[] line : lines) {
        ByteBuffer bytes = ByteBuffer.wrap(line);
        inDoubt = true;
        while (bytes.hasRemaining()) {
          at += out.write(bytes, at);
        }
      }
      out.force(false);
      inDoubt = false;
      length = at;
    } catch (IOException e) {
      restore(before);
      Reason reason = DiskTrouble.reason(e, file);
      try {
        settle(out);
      } catch (IOException cut) {
        e.addSuppressed(cut); // tried again before anything else is written
      }
      return new Commit.Failed(reason, "journal \"" + file + "\": " + DiskTrouble.text(e));
    }
    entries.addAll(fresh);
    undo = next;
    return new Commit.Done();
  }

  private void remember(JournalEntry entry, Map<String, @Nullable UpstreamState> before) {
    for (Delta delta : entry.deltas()) {
      if (delta instanceof Delta.OfUpstream(String name, _, _)) {
        String key = JournalFormat.key(name);
        if (!before.containsKey(key)) {
          before.put(key, known.get(key));
        }
      }
    }
  }

  private void restore(Map<String, @Nullable UpstreamState> before) {
    before.forEach((key, state) -> {
      if (state == null) {
        known.remove(key);
      } else {
        known.put(key, state);
      }
    });
  }

  /// Cuts off what is in the file beyond what is committed.
  private void settle(FileChannel out) throws IOException {
    if (nameInDoubt) {
      disk.syncDirectory(directory()); // else a crash could bring back the file without this line
      nameInDoubt = false;
    }
    if (inDoubt) {
      out.truncate(length);
      out.force(true);
      inDoubt = false;
    }
  }

  @Override
  public synchronized Commit retract() {
    FileChannel out = channel;
    if (out == null || closed) {
      return new Commit.Failed(Reason.CLOSED, "the journal is closed");
    }
    length = undo.length;
    inDoubt = true;
    while (entries.size() > undo.entries) {
      entries.removeLast();
    }
    restore(undo.known);
    undo = new Undo(length, entries.size(), Map.of());
    try {
      settle(out);
      return new Commit.Done();
    } catch (IOException e) {
      return new Commit.Failed(
          DiskTrouble.reason(e, file), "journal \"" + file + "\": " + DiskTrouble.text(e));
    }
  }

  /// Puts a shorter file in place of this one. If that fails, the longer one is as good.
  private void fold() {
    int cut = entries.size() - remembered;
    Map<String, UpstreamState> nextBase = new HashMap<>(base);
    Map<String, ZoneContent> contents = new HashMap<>();
    baseZones.forEach((zone, content) -> contents.put(zone, ZoneContent.of(content)));
    List<JournalEntry> folded = entries.subList(0, cut);
    for (JournalEntry entry : folded) {
      apply(entry, nextBase);
      applyZones(entry, contents);
    }
    long nextRevision = folded.getLast().revision();
    long now = System.currentTimeMillis();
    Map<String, KeyvalSnapshot> nextZones = new HashMap<>();
    contents.forEach((zone, content) -> {
      content.dropExpired(now);
      nextZones.put(zone, content.toSnapshot(nextRevision));
    });
    Path temp = file.resolveSibling("journal.tmp");
    FileChannel old = channel;
    FileChannel fresh = null;
    try {
      disk.delete(temp);
      long written = 0;
      try (Disk.Output out = disk.create(temp, file)) {
        Map<String, UpstreamState> state = new HashMap<>(nextBase);
        byte[] head = JournalFormat.head(nextRevision, nextBase, nextZones);
        out.write(ByteBuffer.wrap(head));
        written += head.length;
        for (JournalEntry entry : entries.subList(cut, entries.size())) {
          byte[] line = JournalFormat.entry(entry, state);
          out.write(ByteBuffer.wrap(line));
          written += line.length;
          apply(entry, state);
        }
        out.sync();
      }
      fresh = FileChannel.open(temp, READ, WRITE);
      disk.rename(temp, file);
      length = written;
    } catch (IOException _) {
      closeQuietly(fresh);
      return; // the longer file is in use still; the next change tries again
    }
    // From here on the name is the new file's: nothing may be written to the old one any more.
    channel = fresh;
    nameInDoubt = true;
    closeQuietly(old);
    base = Map.copyOf(nextBase);
    baseZones = nextZones;
    baseRevision = nextRevision;
    entries.subList(0, cut).clear();
    undo = new Undo(length, entries.size(), Map.of());
  }

  private static void closeQuietly(@Nullable FileChannel unused) {
    if (unused != null) {
      try {
        unused.close();
      } catch (IOException _) {
        // nothing in it is waiting to be written
      }
    }
  }

  private static void applyZones(JournalEntry entry, Map<String, ZoneContent> zones) {
    for (Delta delta : entry.deltas()) {
      if (delta instanceof Delta.OfZone zone) {
        zones.computeIfAbsent(zone.zone(), _ -> ZoneContent.empty()).apply(zone);
      }
    }
  }

  private Path directory() {
    Path directory = file.getParent();
    if (directory == null) {
      throw new IllegalStateException("a journal is in a directory: " + file);
    }
    return directory;
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    try (lock) {
      FileChannel out = channel;
      if (out != null) {
        try (out) {
          settle(out);
        }
      }
    } catch (IOException _) {
      // every append and retract told what it met; the kernel drops the lock
    }
  }
}
