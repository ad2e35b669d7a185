package dev.turnout.lua.dict;

import dev.turnout.log.ErrorLog;
import dev.turnout.log.Level;
import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// Keeps the file of one dictionary up to date: a virtual thread that writes it a moment after the
/// dictionary has changed, and once more at the end. A write that fails is told and tried again.
final class DictKeeper implements AutoCloseable {
  private static final long PAUSE_MILLIS = 1000;

  private final SharedDict dict;
  private final DictFile file;
  private final Thread thread;
  private final CountDownLatch ending = new CountDownLatch(1);
  private boolean damaged;
  private boolean failing;
  private long written;
  private volatile ErrorLog log;

  /// @param written what the file holds, as a number of {@link SharedDict#changes}
  /// @param damaged the file there is to be put out of the way first
  DictKeeper(SharedDict dict, DictFile file, long written, boolean damaged, ErrorLog log) {
    this.dict = dict;
    this.file = file;
    this.written = written;
    this.damaged = damaged;
    this.log = log;
    thread = Thread.ofVirtual().name("dict-" + dict.name()).unstarted(this::run);
  }

  SharedDict dict() {
    return dict;
  }

  DictFile file() {
    return file;
  }

  void start() {
    thread.start();
  }

  void logTo(ErrorLog present) {
    log = present;
  }

  private void run() {
    while (pause()) {
      save();
    }
    save();
  }

  /// False once it ends.
  private boolean pause() {
    try {
      return !ending.await(PAUSE_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException _) {
      return false;
    }
  }

  private void save() {
    long now = dict.changes();
    if (now == written) {
      return;
    }
    try {
      if (damaged) {
        file.setAside();
        damaged = false;
      }
      file.write(dict.entries());
      written = now;
      failing = false;
    } catch (IOException e) {
      if (!failing) {
        failing = true;
        tell(e);
      }
    }
  }

  private void tell(IOException e) {
    log.log(
        Level.CRIT,
        "lua_shared_dict \"" + dict.name() + "\": \"" + file.path() + "\" is not written: " + e);
  }

  /// Writes what there is to write, and ends.
  @Override
  public void close() {
    ending.countDown();
    try {
      thread.join();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
