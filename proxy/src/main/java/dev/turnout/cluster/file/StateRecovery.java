package dev.turnout.cluster.file;

import dev.turnout.cluster.KeyvalSnapshot;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Finds the state to start from, and puts it back under `FILE` if it was elsewhere.
///
/// A good `FILE` is always the state: whatever else lies beside it was never acknowledged, or is
/// older. If `FILE` is damaged, or gone while its predecessor is there, the newest good copy is
/// taken and the operator is told. If there is none, the start is refused: a proxy that forgets its
/// switches sends everyone to the wrong place.
final class StateRecovery {
  /// The state to start from. `inFile`: it is what `FILE` holds now; else there is no `FILE`.
  record Found(KeyvalSnapshot snapshot, boolean inFile, List<String> warnings) {}

  private final String zone;
  private final StateFiles files;
  private final List<String> warnings = new ArrayList<>();

  StateRecovery(String zone, StateFiles files) {
    this.zone = zone;
    this.files = files;
  }

  Found run() throws IOException {
    return switch (files.read(files.file())) {
      case StateReading.Good good -> {
        files.removeTemps();
        yield found(good);
      }
      case StateReading.Damaged(String what) -> recover("is damaged (" + what + ")", true);
      case StateReading.Unsupported(String format) ->
          throw new IOException(
              "state file \"%s\" has the format \"%s\", this version reads up to \"%s\""
                  .formatted(files.file(), format, StateFormat.FORMAT_WITH_DEADLINES));
      case StateReading.Absent() -> {
        if (files.read(files.previous()) instanceof StateReading.Absent) {
          files.removeTemps(); // the first commit did not end: nothing was ever acknowledged
          yield new Found(KeyvalSnapshot.EMPTY, false, List.of());
        }
        yield recover("is missing", false);
      }
    };
  }

  private Found recover(String trouble, boolean exists) throws IOException {
    StateReading previous = files.read(files.previous());
    StateReading temp = files.read(files.temp());
    boolean useTemp = temp instanceof StateReading.Good && !isOlder(temp, previous);
    Path source = useTemp ? files.temp() : files.previous();
    if (!((useTemp ? temp : previous) instanceof StateReading.Good good)) {
      throw new IOException(
          ("state file \"%s\" of zone \"%s\" %s and there is no good copy: \"%s\" %s; restore it from"
                  + " a backup, or remove it and \"%s\" to start with an empty zone")
              .formatted(
                  files.file(),
                  zone,
                  trouble,
                  files.previous(),
                  state(previous),
                  files.previous()));
    }
    warnings.add(
        "state file \"%s\" of zone \"%s\" %s: loaded revision %d with %d entries from \"%s\"%s"
            .formatted(
                files.file(),
                zone,
                trouble,
                good.snapshot().revision(),
                good.snapshot().size(),
                source,
                exists ? ", the damaged file is kept as \"" + files.keepDamaged() + "\"" : ""));
    if (useTemp) {
      files.disk().sync(source); // it may have been left before its own sync
      files.takeTemp();
    } else {
      files.takePrevious();
    }
    files.removeTemps();
    return found(good);
  }

  private static boolean isOlder(StateReading temp, StateReading previous) {
    return temp instanceof StateReading.Good one
        && previous instanceof StateReading.Good other
        && one.snapshot().revision() < other.snapshot().revision();
  }

  private static String state(StateReading reading) {
    return switch (reading) {
      case StateReading.Absent() -> "is missing";
      case StateReading.Damaged(String what) -> "is damaged (" + what + ")";
      case StateReading.Unsupported(String format) -> "has the format \"" + format + "\"";
      case StateReading.Good _ -> "is good";
    };
  }

  private Found found(StateReading.Good good) {
    if (good.foreign()) {
      warnings.add(
          "state file \"%s\" is one of NGINX Plus: took over %d entries, the first change rewrites it"
              .formatted(files.file(), good.snapshot().size()));
    } else if (!good.zone().equals(zone)) {
      warnings.add(
          "state file \"%s\" of zone \"%s\" was written by zone \"%s\""
              .formatted(files.file(), zone, good.zone()));
    }
    return new Found(good.snapshot(), true, warnings);
  }
}
