package dev.turnout.cluster.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/// A disk in memory that can refuse any step, and lose power: then names that were not synced are
/// undone from the newest on, and content that was not synced is cut, emptied, or garbage.
final class SimulatedDisk implements Disk {
  /// The machine stops in the middle of a call.
  static final class PowerLoss extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  /// What a failing step does: nothing, or its work, before it reports the failure.
  enum Failing {
    BEFORE,
    AFTER
  }

  private static final class Inode {
    byte[] content = new byte[0];
    byte @Nullable [] synced;
  }

  private interface NameChange {
    void apply(Map<Path, Inode> names);
  }

  private interface Work {
    void run() throws IOException;
  }

  private Map<Path, Inode> names = new HashMap<>();
  private Map<Path, Inode> syncedNames = new HashMap<>();
  private final List<NameChange> unsynced = new ArrayList<>();

  private int steps;
  private int failFrom = Integer.MAX_VALUE;
  private int failUntil = Integer.MAX_VALUE;
  private Failing failing = Failing.BEFORE;
  private int powerLossAt = Integer.MAX_VALUE;
  private boolean off;

  /// Steps taken so far: the unit in which failures are placed.
  int steps() {
    return steps;
  }

  /// The next `count` steps after `skip` good ones fail.
  void fail(int skip, int count, Failing how) {
    failFrom = steps + skip;
    failUntil = failFrom + count;
    failing = how;
  }

  void heal() {
    failFrom = Integer.MAX_VALUE;
  }

  void losePowerAfter(int skip) {
    powerLossAt = steps + skip;
  }

  /// Power is back, with what the medium has of the past.
  void restart(Random random) {
    int survive = random.nextInt(unsynced.size() + 1);
    names = new HashMap<>(syncedNames);
    unsynced.subList(0, survive).forEach(change -> change.apply(names));
    for (Inode inode : names.values()) {
      if (inode.synced == null || !Arrays.equals(inode.synced, inode.content)) {
        inode.content = afterPowerLoss(inode, random);
      }
      inode.synced = inode.content;
    }
    syncedNames = new HashMap<>(names);
    unsynced.clear();
    powerLossAt = Integer.MAX_VALUE;
    off = false;
    heal();
  }

  private static byte[] afterPowerLoss(Inode inode, Random random) {
    byte[] content = inode.content;
    return switch (random.nextInt(4)) {
      case 0 -> content;
      case 1 -> Arrays.copyOf(content, random.nextInt(content.length + 1));
      case 2 -> new byte[content.length]; // its length got there, its blocks did not
      default -> inode.synced == null ? new byte[0] : inode.synced;
    };
  }

  byte[] content(Path file) {
    Inode inode = names.get(file);
    if (inode == null) {
      throw new IllegalArgumentException("no " + file);
    }
    return inode.content;
  }

  void put(Path file, byte[] content) {
    Inode inode = new Inode();
    inode.content = content;
    inode.synced = content;
    names.put(file, inode);
    syncedNames.put(file, inode);
  }

  private void step(Work work) throws IOException {
    if (steps >= powerLossAt || off) {
      off = true;
      throw new PowerLoss();
    }
    boolean fails = steps >= failFrom && steps < failUntil;
    steps++;
    if (!fails || failing == Failing.AFTER) {
      work.run();
    }
    if (fails) {
      throw new IOException("No space left on device");
    }
  }

  private void change(NameChange change) {
    change.apply(names);
    unsynced.add(change);
  }

  private Inode inode(Path file) throws NoSuchFileException {
    Inode inode = names.get(file);
    if (inode == null) {
      throw new NoSuchFileException(file.toString());
    }
    return inode;
  }

  @Override
  public byte[] read(Path file) throws IOException {
    return inode(file).content.clone();
  }

  @Override
  public boolean exists(Path file) {
    return names.containsKey(file);
  }

  @Override
  public Output create(Path file, Path like) throws IOException {
    if (names.containsKey(file)) {
      throw new FileAlreadyExistsException(file.toString());
    }
    Inode created = new Inode();
    step(() -> change(map -> map.put(file, created)));
    return new Output() {
      @Override
      public void write(ByteBuffer bytes) throws IOException {
        step(() -> {
          int old = created.content.length;
          int added = bytes.remaining();
          created.content = Arrays.copyOf(created.content, old + added);
          bytes.get(created.content, old, added);
        });
      }

      @Override
      public void sync() throws IOException {
        step(() -> created.synced = created.content);
      }

      @Override
      public void close() throws IOException {
        step(() -> {});
      }
    };
  }

  @Override
  public void sync(Path file) throws IOException {
    Inode inode = inode(file);
    step(() -> inode.synced = inode.content);
  }

  @Override
  public void link(Path existing, Path name) throws IOException {
    Inode inode = inode(existing);
    if (names.containsKey(name)) {
      throw new FileAlreadyExistsException(name.toString());
    }
    step(() -> change(map -> map.put(name, inode)));
  }

  @Override
  public void rename(Path from, Path to) throws IOException {
    Inode inode = inode(from);
    if (names.get(to) == inode) {
      step(() -> {}); // POSIX: two names of one file, nothing happens
      return;
    }
    step(() ->
        change(map -> {
          map.remove(from);
          map.put(to, inode);
        }));
  }

  @Override
  public void delete(Path file) throws IOException {
    step(() -> {
      if (names.containsKey(file)) {
        change(map -> map.remove(file));
      }
    });
  }

  @Override
  public void syncDirectory(Path directory) throws IOException {
    step(() -> {
      syncedNames = new HashMap<>(names);
      unsynced.clear();
    });
  }
}
