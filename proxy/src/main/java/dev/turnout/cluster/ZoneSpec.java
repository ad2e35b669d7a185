package dev.turnout.cluster;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// A key-value zone as configured: its name, its size in bytes, and its state file if it has one.
public record ZoneSpec(String name, long capacity, @Nullable Path stateFile) {
  public ZoneSpec {
    if (stateFile != null) {
      stateFile = stateFile.toAbsolutePath().normalize();
    }
  }
}
