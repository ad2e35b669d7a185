package dev.turnout.control;

import dev.turnout.cluster.Delta;
import dev.turnout.cluster.JournalEntry;
import dev.turnout.cluster.KeyvalChange;
import dev.turnout.cluster.KeyvalZone;
import dev.turnout.cluster.UpstreamState;
import dev.turnout.cluster.file.GroupText;
import dev.turnout.cluster.share.Layout;
import dev.turnout.cluster.share.Note;
import dev.turnout.cluster.share.Replica;
import dev.turnout.cluster.share.SharedStore;
import dev.turnout.http.Upstreams;
import dev.turnout.upstream.UpstreamSpec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// What of the node is shared, in the words of the store: which keys a change is about and what
/// they are to hold, and what a key of the store means here. Decides nothing and keeps nothing.
///
/// @param layout what is shared, and where it is in the store
/// @param upstreams the groups of the node
/// @param zones its zones by name
record SharedThings(
    Layout layout, Upstreams upstreams, Function<String, @Nullable KeyvalZone> zones) {
  /// A value of the store that cannot be served.
  static final class Unfit extends Exception {
    private static final long serialVersionUID = 1;

    Unfit(String reason) {
      super(reason);
    }

    String reason() {
      return String.valueOf(getMessage());
    }
  }

  /// What the node serves of what is shared.
  Map<String, String> served() {
    Map<String, String> served = new HashMap<>();
    for (String name : layout.zones().keySet()) {
      KeyvalZone zone = zones.apply(name);
      if (zone != null) {
        zone.snapshot()
            .entries()
            .forEach((entry, value) -> {
              String key = layout.key(name, entry);
              if (key != null) {
                served.put(key, value);
              }
            });
      }
    }
    upstreams
        .states()
        .forEach((name, state) -> {
          if (upstreams.isShared(name) && state.isChanged()) {
            served.put(layout.group(name), new GroupText(state.name(), state.spec()).text());
          }
        });
    return served;
  }

  /// Whether a change would be one of something shared.
  boolean isShared(Operation operation) {
    return switch (operation) {
      case Operation.EditZone edit -> layout.zones().containsKey(edit.zone().name());
      case Operation.EditUpstream(String name, _) -> upstreams.isShared(name);
      case Operation.CreateUpstream(UpstreamSpec spec) -> upstreams.isShared(spec.name());
      case Operation.PutUpstream(UpstreamSpec spec) -> upstreams.isShared(spec.name());
      case Operation.DeleteUpstream(String name) -> upstreams.isShared(name);
      case Operation.Restore _ -> true; // it may be: what it comes to is seen then
      case Operation.EndTrial(_, boolean keep) -> !keep;
    };
  }

  /// True if what a request does to shared things depends on keys that it does not name.
  boolean mustKnowAll(ChangeRequest request) {
    return request.operations().stream()
        .anyMatch(operation ->
            switch (operation) {
              case Operation.EditZone edit ->
                  layout.zones().containsKey(edit.zone().name())
                      && edit.edits().stream().anyMatch(KeyvalChange.Clear.class::isInstance);
              case Operation.Restore _ -> true;
              case Operation.EndTrial(_, boolean keep) -> !keep;
              case Operation.EditUpstream _,
                  Operation.CreateUpstream _,
                  Operation.PutUpstream _,
                  Operation.DeleteUpstream _ ->
                  false;
            });
  }

  /// Why these changes cannot be shared; empty if they can, or need not be.
  ///
  /// @param most how many keys may change at once
  Optional<String> check(List<Delta> deltas, int most) {
    int keys = 0;
    for (Delta delta : deltas) {
      switch (delta) {
        case Delta.OfZone zone -> {
          if (layout.zones().containsKey(zone.zone())) {
            if (!zone.deadlinesAfter().isEmpty()) {
              return Optional.of("a value that ends by itself cannot be shared");
            }
            for (Map.Entry<String, @Nullable String> one : zone.after().entrySet()) {
              if (layout.key(zone.zone(), one.getKey()) == null) {
                return Optional.of(
                    "the key \""
                        + one.getKey()
                        + "\" cannot be shared: such keys are visible"
                        + " ASCII and do not begin with \"@\"");
              }
              if (one.getValue() != null && one.getValue().length() > SharedStore.LONGEST_VALUE) {
                return Optional.of("the value is too long to be shared");
              }
            }
            keys += zone.after().size();
          }
        }
        case Delta.OfUpstream upstream -> keys += upstreams.isShared(upstream.name()) ? 1 : 0;
      }
    }
    return keys > most
        ? Optional.of(keys + " shared things would change at once; the store takes " + most)
        : Optional.empty();
  }

  /// What the store is to be told of changes; empty: nothing of it is shared.
  Map<String, Replica.Write> writes(List<JournalEntry> entries, boolean guarded) {
    Map<String, Replica.Write> writes = new LinkedHashMap<>();
    for (JournalEntry entry : entries) {
      for (Delta delta : entry.deltas()) {
        add(writes, delta, guarded);
      }
    }
    return writes;
  }

  private void add(Map<String, Replica.Write> writes, Delta delta, boolean guarded) {
    switch (delta) {
      case Delta.OfZone zone ->
          zone.after()
              .forEach((entry, value) -> {
                String key = layout.key(zone.zone(), entry);
                if (key != null) {
                  writes.put(key, new Replica.Write(value, guarded));
                }
              });
      case Delta.OfUpstream(String name, _, UpstreamState after) -> {
        if (upstreams.isShared(name)) {
          String text = after == null ? null : new GroupText(after.name(), after.spec()).text();
          writes.put(layout.group(name), new Replica.Write(text, true));
        }
      }
    }
  }

  /// The keys of the store that an operation is about, as far as it names them.
  List<String> keys(Operation operation) {
    List<String> keys = new ArrayList<>();
    switch (operation) {
      case Operation.EditZone edit -> {
        for (KeyvalChange change : edit.edits()) {
          String entry =
              switch (change) {
                case KeyvalChange.Put put -> put.key();
                case KeyvalChange.Delete(String key) -> key;
                case KeyvalChange.Clear() -> null;
              };
          String key = entry == null ? null : layout.key(edit.zone().name(), entry);
          if (key != null) {
            keys.add(key);
          }
        }
      }
      case Operation.EditUpstream(String name, _) -> addGroup(keys, name);
      case Operation.CreateUpstream(UpstreamSpec spec) -> addGroup(keys, spec.name());
      case Operation.PutUpstream(UpstreamSpec spec) -> addGroup(keys, spec.name());
      case Operation.DeleteUpstream(String name) -> addGroup(keys, name);
      case Operation.Restore _, Operation.EndTrial _ -> {
        // what it comes to is told as a change
      }
    }
    return keys;
  }

  private void addGroup(List<String> keys, String name) {
    if (upstreams.isShared(name)) {
      keys.add(layout.group(name));
    }
  }

  /// How a note tells of changes.
  List<Note.Change> noted(List<JournalEntry> entries) {
    List<Note.Change> changes = new ArrayList<>();
    for (JournalEntry entry : entries) {
      List<String> keys = new ArrayList<>();
      for (Delta delta : entry.deltas()) {
        switch (delta) {
          case Delta.OfUpstream upstream -> keys.add(layout.group(upstream.name()));
          case Delta.OfZone zone ->
              zone.after().keySet().stream()
                  .map(entryKey -> layout.key(zone.zone(), entryKey))
                  .filter(Objects::nonNull)
                  .forEach(keys::add);
        }
      }
      changes.add(new Note.Change(keys, entry.origin()));
    }
    return changes;
  }

  /// What a key of the store asks this node to serve; null: nothing.
  ///
  /// @throws Unfit if its value cannot be served
  @Nullable Adoption adoption(String key, @Nullable String value) throws Unfit {
    return switch (layout.thing(key)) {
      case null -> null;
      case Layout.Thing.ZoneKey(String zone, String entry) -> {
        KeyvalZone there = zones.apply(zone);
        yield there == null ? null : new Adoption.Entry(there, entry, value);
      }
      case Layout.Thing.Group(String name) -> group(name, value);
    };
  }

  private @Nullable Adoption group(String name, @Nullable String value) throws Unfit {
    if (!upstreams.isShared(name)) {
      if (value != null) {
        throw new Unfit("upstream \"" + name + "\" is configured here without \"store\"");
      }
      return null;
    }
    return new Adoption.Group(name, value == null ? null : text(name, value));
  }

  private static GroupText text(String name, String value) throws Unfit {
    GroupText text;
    try {
      text = GroupText.parse(value);
    } catch (IllegalArgumentException e) {
      throw new Unfit(String.valueOf(e.getMessage()));
    }
    if (!text.name().toLowerCase(Locale.ROOT).equals(name)) {
      throw new Unfit("its name is \"" + text.name() + "\"");
    }
    return text;
  }
}
