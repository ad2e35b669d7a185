package dev.turnout.control;

import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/// Looks at something again and again, on a virtual thread, for as long as there is something to
/// look at. Guarded by its own monitor; what it asks for is asked without holding another one.
final class Lookout implements AutoCloseable {
  static final long LOOK_MILLIS = 50;

  /// How long it waits when what it found due could not be done, as with a full disk.
  static final long TROUBLE_MILLIS = 1000;

  /// How it waits between two looks.
  @FunctionalInterface
  interface Pause {
    Pause SLEEP = TimeUnit.MILLISECONDS::sleep;

    void millis(long time) throws InterruptedException;
  }

  private final String name;
  private final BooleanSupplier wanted;
  private final BooleanSupplier look;
  private final Pause pause;
  private boolean looking; // guarded by this
  private boolean closed; // guarded by this

  /// @param name of its thread
  /// @param wanted whether there is something to look at
  /// @param look does what is due; false if that could not be done, and is to be tried again
  Lookout(String name, BooleanSupplier wanted, BooleanSupplier look, Pause pause) {
    this.name = name;
    this.wanted = wanted;
    this.look = look;
    this.pause = pause;
  }

  /// There may be something to look at now.
  synchronized void begin() {
    if (!looking && !closed) {
      looking = true;
      Thread.ofVirtual().name(name).start(this::lookOn);
    }
  }

  private void lookOn() {
    boolean atEnd = false;
    try {
      while (isWanted()) {
        pause.millis(look.getAsBoolean() ? LOOK_MILLIS : TROUBLE_MILLIS);
      }
      atEnd = true;
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } finally {
      if (!atEnd) {
        stopped(); // a bug has ended it: the next reason to look begins anew
      }
    }
  }

  private synchronized void stopped() {
    looking = false;
  }

  private synchronized boolean isWanted() {
    looking = !closed && wanted.getAsBoolean();
    return looking;
  }

  @Override
  public synchronized void close() {
    closed = true;
  }
}
