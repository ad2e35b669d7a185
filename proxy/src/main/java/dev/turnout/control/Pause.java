package dev.turnout.control;

import java.util.concurrent.TimeUnit;

/// How a thread that looks again and again waits between two looks.
@FunctionalInterface
interface Pause {
  Pause SLEEP = TimeUnit.MILLISECONDS::sleep;

  void millis(long time) throws InterruptedException;
}
