package dev.turnout.control;

import dev.turnout.cluster.JournalEntry;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/// Something that happened to the node and that whoever watches it wants to know.
///
/// @param number its place among the events of this process, from 1, without gaps
/// @param timeMillis when, in milliseconds since the epoch
/// @param revision the revision that was in force
public record Event(long number, long timeMillis, long revision, Content content) {
  /// What it was.
  public sealed interface Content {
    /// The name that watchers know its kind by.
    String kind();
  }

  /// The state was changed.
  public record Changed(JournalEntry entry) implements Content {
    @Override
    public String kind() {
      return "change";
    }
  }

  /// Anything else: `health`, `drain`, `panic`, `store`, …
  ///
  /// @param fields what there is to be said: texts, whole numbers and truth values, by name
  public record Told(String kind, Map<String, Object> fields) implements Content {
    public Told {
      fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
      for (Map.Entry<String, Object> field : fields.entrySet()) {
        switch (field.getValue()) {
          case String _, Long _, Integer _, Boolean _ -> {
            // has a form that watchers can read
          }
          default -> throw new IllegalArgumentException(field + " has no form of its own");
        }
      }
    }
  }
}
