package dev.turnout.cluster;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// A key-value zone as configured: its name, its size in bytes, its state file if it has one, how
/// texts are looked up in it, and how long its entries hold.
///
/// @param timeoutMillis 0: until they are deleted
public record ZoneSpec(
    String name, long capacity, @Nullable Path stateFile, KeyvalType type, long timeoutMillis) {
  /// A zone of plain keys whose entries stay.
  public ZoneSpec(String name, long capacity, @Nullable Path stateFile) {
    this(name, capacity, stateFile, KeyvalType.STRING, 0);
  }

  public ZoneSpec {
    if (stateFile != null) {
      stateFile = stateFile.toAbsolutePath().normalize();
    }
  }
}
