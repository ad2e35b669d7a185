package dev.turnout.cluster;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The node's key-value zones, carried from one configuration generation to the next. Owned by the
/// control plane; guarded by its own monitor.
///
/// A zone that keeps its name and its state file keeps its object, its content, its file and its
/// lock. A changed size applies to the content as it is, and is refused if that does not fit. A
/// zone of another state file is another zone. What the new generation no longer names is closed
/// when it takes over, and stays readable for exchanges that began before.
public final class ZoneRegistry implements AutoCloseable {
  /// Opens the store behind a `state=` file.
  @FunctionalInterface
  public interface FileStores {
    StateStore open(String zone, Path file) throws IOException;
  }

  /// What was remembered of zones elsewhere than in their files.
  public interface Memory {
    /// No memory: a file holds all there is.
    Memory NONE =
        new Memory() {
          @Override
          public KeyvalSnapshot zone(String name) {
            return KeyvalSnapshot.EMPTY;
          }

          @Override
          public KeyvalSnapshot caughtUp(String name, KeyvalSnapshot stored) {
            return stored;
          }
        };

    /// What a zone without a file held.
    KeyvalSnapshot zone(String name);

    /// What a zone held whose file has `stored`: the same, or something newer.
    KeyvalSnapshot caughtUp(String name, KeyvalSnapshot stored);
  }

  private record Carried(ZoneSpec spec, KeyvalZone zone) {}

  private final FileStores fileStores;
  private final Revision revision;
  private final Memory memory;
  private volatile Map<String, Carried> zones = Map.of();

  public ZoneRegistry(FileStores fileStores, Revision revision, Memory memory) {
    this.fileStores = fileStores;
    this.revision = revision;
    this.memory = memory;
  }

  /// The zone of this name that is in force; null if there is none.
  public @Nullable KeyvalZone find(String name) {
    Carried carried = zones.get(name);
    return carried == null ? null : carried.zone;
  }

  /// The files that zones in force are kept in.
  public List<Path> files() {
    return zones.values().stream()
        .map(carried -> carried.spec.stateFile())
        .filter(Objects::nonNull)
        .toList();
  }

  /// All zones that are in force, in no particular order.
  public List<KeyvalZone> all() {
    return zones.values().stream().map(Carried::zone).toList();
  }

  /// The zones of a configuration that is about to take over: whatever can fail, fails here.
  public synchronized Plan prepare(List<ZoneSpec> wanted) {
    refuseDuplicates(wanted);
    Map<String, Carried> next = new LinkedHashMap<>();
    List<StateStore> opened = new ArrayList<>();
    List<String> warnings = new ArrayList<>();
    try {
      for (ZoneSpec spec : wanted) {
        Carried old = zones.get(spec.name());
        KeyvalZone zone;
        if (old != null && Objects.equals(old.spec.stateFile(), spec.stateFile())) {
          zone = old.zone;
        } else {
          zone = open(spec, opened, warnings);
        }
        refuseIfTooSmall(spec, zone.snapshot());
        next.put(spec.name(), new Carried(spec, zone));
      }
    } catch (RuntimeException e) {
      opened.forEach(StateStore::close);
      throw e;
    }
    return new Plan(next, opened, warnings);
  }

  private KeyvalZone open(ZoneSpec spec, List<StateStore> opened, List<String> warnings) {
    Path file = spec.stateFile();
    try {
      StateStore store =
          file == null
              ? new MemoryStateStore(memory.zone(spec.name()))
              : fileStores.open(spec.name(), file);
      opened.add(store);
      StateStore.Loaded loaded = store.load();
      warnings.addAll(loaded.warnings());
      KeyvalSnapshot content = loaded.snapshot();
      revision.atLeast(content.revision());
      if (file != null) {
        content = catchUp(spec, store, content);
      }
      if (spec.type() == KeyvalType.IP) {
        content.entries().keySet().stream()
            .filter(key -> !spec.type().admits(key))
            .forEach(key ->
                warnings.add(
                    "zone \"%s\": the key \"%s\" is no address and is never found"
                        .formatted(spec.name(), key)));
      }
      return new KeyvalZone(spec, store, content, System.currentTimeMillis());
    } catch (IOException e) {
      throw new ZoneRefused("zone \"" + spec.name() + "\": " + e.getMessage(), e);
    }
  }

  /// The zones that are in force.
  public synchronized List<KeyvalZone> zones() {
    return zones.values().stream().map(Carried::zone).toList();
  }

  /// A process that was killed may have journalled a change that its file does not have yet.
  private KeyvalSnapshot catchUp(ZoneSpec spec, StateStore store, KeyvalSnapshot stored)
      throws IOException {
    KeyvalSnapshot newer = memory.caughtUp(spec.name(), stored);
    if (newer.revision() == stored.revision()) {
      return stored;
    }
    Set<String> touched = new HashSet<>(stored.entries().keySet());
    touched.addAll(newer.entries().keySet());
    if (store.commit(stored.revision(), newer, touched)
        instanceof StateStore.Commit.Failed(_, String message)) {
      throw new IOException(message);
    }
    revision.atLeast(newer.revision());
    return newer;
  }

  private static void refuseIfTooSmall(ZoneSpec spec, KeyvalSnapshot content) {
    if (content.used() > spec.capacity()) {
      throw new ZoneRefused(
          "zone \"%s\" is too small: its %d entries need %d bytes, its size is %d"
              .formatted(spec.name(), content.size(), content.used(), spec.capacity()));
    }
  }

  private void refuseDuplicates(List<ZoneSpec> wanted) {
    Set<String> names = new HashSet<>();
    Map<Path, String> files = new HashMap<>();
    zones.forEach((name, carried) -> {
      Path file = carried.spec.stateFile();
      if (file != null) {
        files.put(file, name);
      }
    });
    for (ZoneSpec spec : wanted) {
      if (!names.add(spec.name())) {
        throw new ZoneRefused("zone \"" + spec.name() + "\" is defined twice");
      }
      Path file = spec.stateFile();
      String user = file == null ? spec.name() : files.putIfAbsent(file, spec.name());
      if (user != null && !user.equals(spec.name())) {
        // Also a renamed zone in a reload: until it takes over, the old one writes to the file.
        throw new ZoneRefused(
            "zone \"%s\": state file \"%s\" is in use by zone \"%s\""
                .formatted(spec.name(), file, user));
      }
    }
  }

  private synchronized void replace(Map<String, Carried> next) {
    Map<String, Carried> old = zones;
    long nowMillis = System.currentTimeMillis();
    next.values().forEach(carried -> carried.zone.configure(carried.spec, nowMillis));
    zones = Map.copyOf(next);
    old.forEach((name, carried) -> {
      Carried now = next.get(name);
      if (now == null || now.zone != carried.zone) {
        carried.zone.store().close();
      }
    });
  }

  /// Closes every store; the zones stay readable.
  @Override
  public void close() {
    replace(Map.of());
  }

  /// The zones of a generation that is ready to take over. Ends with [#activate()] or [#abandon()].
  public final class Plan {
    private final Map<String, Carried> next;
    private final List<StateStore> opened;
    private final List<String> warnings;

    private Plan(Map<String, Carried> next, List<StateStore> opened, List<String> warnings) {
      this.next = next;
      this.opened = opened;
      this.warnings = List.copyOf(warnings);
    }

    /// The zone of a name the configuration defines.
    public KeyvalZone zone(String name) {
      Carried carried = next.get(name);
      if (carried == null) {
        throw new IllegalArgumentException("zone \"" + name + "\" is not configured");
      }
      return carried.zone;
    }

    public List<KeyvalZone> zones() {
      return next.values().stream().map(Carried::zone).toList();
    }

    /// What an operator should know about how states were found, one line each.
    public List<String> warnings() {
      return warnings;
    }

    /// The new generation serves: new sizes apply, and zones it does not name are closed.
    public void activate() {
      replace(next);
    }

    /// The new generation was refused for another reason: what was opened for it is closed.
    public void abandon() {
      opened.forEach(StateStore::close);
    }
  }
}
