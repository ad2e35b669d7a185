package dev.turnout.lua.dict;

import dev.turnout.log.ErrorLog;
import java.util.ArrayList;
import java.util.List;

/// Those that keep dictionaries on disk, over all configurations of the process. Used by the
/// control thread.
final class DictKeepers implements AutoCloseable {
  private List<DictKeeper> present = List.of();

  private static boolean isFor(DictKeeper keeper, SharedDict dict, DictFile file) {
    return keeper.dict() == dict && keeper.file().path().equals(file.path());
  }

  /// From now on it is these; those that are there already go on.
  void replace(List<DictKeeper> wanted, ErrorLog log) {
    List<DictKeeper> next = new ArrayList<>();
    List<DictKeeper> fresh = new ArrayList<>();
    for (DictKeeper keeper : wanted) {
      DictKeeper there =
          present.stream()
              .filter(each -> isFor(each, keeper.dict(), keeper.file()))
              .findFirst()
              .orElse(null);
      if (there == null) {
        fresh.add(keeper);
      } else {
        there.logTo(log);
      }
      next.add(there == null ? keeper : there);
    }
    for (DictKeeper keeper : present) {
      if (!next.contains(keeper)) {
        keeper.close();
      }
    }
    fresh.forEach(DictKeeper::start);
    present = next;
  }

  @Override
  public void close() {
    present.forEach(DictKeeper::close);
    present = List.of();
  }
}
