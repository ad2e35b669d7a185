package dev.turnout.log;

import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/// Writes logs: single lines from a bounded queue, and what gathers in buffers. One writes at a
/// time, who has the pen.
///
/// While lines are few, the event loop that has one writes it itself, so that whoever got an answer
/// finds its lines in the file. It only does so if the pen is free, and if the file lies where that
/// is over at once ([LogSink#isPrompt]); it never waits for the pen. All else is written by the one
/// thread of the writer.
///
/// That thread sleeps while there is nothing to write, and a line wakes it at once. Only when more
/// than [#PROMPT_PASSES] passes were made of late does it pause between them, longer and longer up
/// to [#LONGEST_PAUSE]: so the lines of a few requests are seen immediately, and a loaded process
/// pays for about a hundred wake-ups a second.
final class LogWriter implements AutoCloseable {
  private static final long SHORTEST_PAUSE = TimeUnit.MICROSECONDS.toNanos(500);
  private static final long LONGEST_PAUSE = TimeUnit.MILLISECONDS.toNanos(9);
  private static final long PROMPT_PASSES = 64;
  private static final long PASS_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
  private static final int JOINED_BYTES = 64 * 1024;
  private static final int FEW_LINES = 32;

  private final int capacity;
  private final ConcurrentLinkedQueue<Entry> queue = new ConcurrentLinkedQueue<>();
  private final AtomicInteger queued = new AtomicInteger();
  private final ReentrantLock pen = new ReentrantLock();
  private final LightTraffic traffic = new LightTraffic(System.nanoTime());
  private final AtomicLong dropped = new AtomicLong();
  private final List<LogBuffer> buffers = new CopyOnWriteArrayList<>();
  private final byte[] joined = new byte[JOINED_BYTES];
  private final LongConsumer reportDropped;
  private final Thread thread;
  private long droppedReported = System.nanoTime() - TimeUnit.SECONDS.toNanos(2);
  private volatile boolean asleep;
  private volatile boolean hurried;
  private volatile boolean closed;

  /// What goes through the queue, in order.
  private sealed interface Entry {}

  private static final class Line implements Entry {
    private final LogSink sink;
    private final Level level;
    private final byte[] bytes;

    Line(LogSink sink, Level level, byte[] bytes) {
      this.sink = sink;
      this.level = level;
      this.bytes = bytes;
    }
  }

  private record Task(Runnable work) implements Entry {}

  /// Holds `capacity` lines at most; `reportDropped` is told of lines that found no room.
  LogWriter(int capacity, LongConsumer reportDropped) {
    this.capacity = capacity;
    this.reportDropped = reportDropped;
    this.thread = Thread.ofPlatform().name("log").daemon().start(this::run);
  }

  /// Takes a finished line, or counts it as dropped when the queue is full. Never waits.
  void enqueue(LogSink sink, Level level, byte[] line) {
    if (queued.incrementAndGet() > capacity) {
      queued.decrementAndGet();
      dropped.incrementAndGet();
      return;
    }
    queue.add(new Line(sink, level, line));
    if (!(mayWrite() && traffic.isLightWith(System.nanoTime()) && writeQueuedIfFree())) {
      wake();
    }
  }

  private boolean mayWrite() {
    return Thread.currentThread() instanceof WritingThread
        && !pen.isHeldByCurrentThread()
        && !closed;
  }

  /// Writes the lines that wait, unless others write; returns whether none is left.
  private boolean writeQueuedIfFree() {
    if (queued.get() > FEW_LINES || !pen.tryLock()) {
      return false;
    }
    try {
      boolean _ = drainQueue(true);
    } finally {
      pen.unlock();
    }
    return queue.isEmpty();
  }

  /// On the loop that owns `buffer`: writes what it holds, unless others write; returns whether it
  /// did.
  boolean writeIfFree(LogBuffer buffer) {
    if (!mayWrite() || !pen.tryLock()) {
      return false;
    }
    try {
      return buffer.file().isPrompt() && buffer.drain();
    } finally {
      pen.unlock();
    }
  }

  /// True if no line waits or is being written.
  boolean isIdle() {
    return queue.isEmpty() && !pen.isLocked();
  }

  /// Counts a line that found no room.
  void countDropped() {
    dropped.incrementAndGet();
  }

  /// Says how many lines were dropped, once a second at most, now that there is room again.
  private void reportDropped() {
    long now = System.nanoTime();
    if (dropped.get() > 0 && (closed || now - droppedReported > TimeUnit.SECONDS.toNanos(1))) {
      droppedReported = now;
      reportDropped.accept(dropped.getAndSet(0));
    }
  }

  void add(LogBuffer buffer) {
    buffers.add(buffer);
  }

  /// Ends a pause if the thread sleeps for want of work.
  void wake() {
    if (asleep) {
      LockSupport.unpark(thread);
    }
  }

  /// Runs `work` on the writer's thread behind all lines so far.
  void post(Runnable work) {
    queue.add(new Task(work));
    wake();
  }

  /// Runs `work` on the writer's thread behind all lines so far, and waits for it at most `millis`.
  /// Returns whether it was done in time. On the writer's own thread it is done right away.
  boolean call(Runnable work, long millis) {
    if (pen.isHeldByCurrentThread()) {
      boolean own = Thread.currentThread() == thread;
      if (own) {
        work.run();
      }
      return own; // else it would wait for itself
    }
    var done = new CountDownLatch(1);
    queue.add(
        new Task(() -> {
          try {
            work.run();
          } finally {
            done.countDown();
          }
        }));
    hurried = true;
    LockSupport.unpark(thread);
    try {
      return done.await(millis, TimeUnit.MILLISECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /// Waits until the lines queued so far are written, at most `millis`.
  boolean flushLines(long millis) {
    return call(() -> {}, millis);
  }

  /// Waits until the lines queued and everything in the buffers is written, at most `millis`.
  boolean flushAll(long millis) {
    return call(this::drainBuffers, millis);
  }

  /// Writes what `buffer` holds and forgets it. On the writer's thread.
  void retire(LogBuffer buffer) {
    buffer.drain();
    buffers.remove(buffer);
    buffer.released();
  }

  /// Writes what the buffers of `file` hold. On the writer's thread.
  void drain(LogFile file) {
    for (LogBuffer buffer : buffers) {
      if (buffer.file() == file) {
        buffer.drain();
      }
    }
  }

  private void drainBuffers() {
    for (LogBuffer buffer : buffers) {
      buffer.drain();
    }
  }

  private void run() {
    long pause = SHORTEST_PAUSE;
    long paidUntil = System.nanoTime();
    while (!closed) {
      hurried = false;
      long deadline = Long.MAX_VALUE;
      boolean worked;
      pen.lock();
      try {
        worked = drainQueueSafely();
        reportDropped();
        for (LogBuffer buffer : buffers) {
          worked |= buffer.drainIfDue(System.nanoTime());
          deadline = Math.min(deadline, buffer.nanosToDeadline(System.nanoTime()));
        }
      } finally {
        pen.unlock();
      }
      long now = System.nanoTime();
      long owed = Math.max(0, paidUntil - now) + (worked ? PASS_NANOS : 0);
      boolean busy = owed > PROMPT_PASSES * PASS_NANOS;
      paidUntil = now + Math.min(owed, PROMPT_PASSES * PASS_NANOS);
      if (worked && busy) {
        pause(Math.min(pause, deadline));
        pause = Math.min(2 * pause, LONGEST_PAUSE);
      } else if (!worked) {
        pause = SHORTEST_PAUSE;
        sleep(deadline);
      }
    }
    pen.lock();
    try {
      boolean _ = drainQueueSafely();
      drainBuffers();
      reportDropped();
      boolean _ = drainQueueSafely();
    } finally {
      pen.unlock();
    }
  }

  /// With the pen. A bug in one line's way must not end the thread: no log would ever be written
  /// again. Where it can be told is the standard error alone.
  private boolean drainQueueSafely() {
    while (true) {
      try {
        return drainQueue(false);
      } catch (RuntimeException bug) {
        System.err.println("unexpected failure while logs were written");
        bug.printStackTrace();
      }
    }
  }

  /// Nobody ends a pause but those who are in a hurry: that is what makes batches.
  private void pause(long nanos) {
    long end = System.nanoTime() + nanos;
    while (!hurried && !closed) {
      long left = end - System.nanoTime();
      if (left <= 0) {
        return;
      }
      LockSupport.parkNanos(this, left);
    }
  }

  private void sleep(long nanos) {
    asleep = true;
    try {
      // Looked at again after `asleep` is set: whoever added before that did not wake us.
      if (!queue.isEmpty() || closed || anyBufferDue()) {
        return;
      }
      if (nanos == Long.MAX_VALUE) {
        LockSupport.park(this);
      } else if (nanos > 0) {
        LockSupport.parkNanos(this, nanos);
      }
    } finally {
      asleep = false;
    }
  }

  private boolean anyBufferDue() {
    for (LogBuffer buffer : buffers) {
      if (buffer.needsWriter()) {
        return true;
      }
    }
    return false;
  }

  /// With the pen: writes what is in the queue; if `promptOnly`, up to what may take long.
  private boolean drainQueue(boolean promptOnly) {
    boolean worked = false;
    int fill = 0;
    Line last = null;
    for (Entry entry = next(promptOnly); entry != null; entry = next(promptOnly)) {
      worked = true;
      switch (entry) {
        case Line line -> {
          queued.decrementAndGet();
          byte[] bytes = line.bytes;
          if (last != null
              && (!last.sink.equals(line.sink) || fill + bytes.length > JOINED_BYTES)) {
            last.sink.write(last.level, joined, 0, fill);
            last = null;
            fill = 0;
          }
          if (bytes.length > JOINED_BYTES || !line.sink.joinsLines()) {
            line.sink.write(line.level, bytes, 0, bytes.length);
          } else {
            System.arraycopy(bytes, 0, joined, fill, bytes.length);
            fill += bytes.length;
            last = line;
          }
        }
        case Task task -> {
          if (last != null) {
            last.sink.write(last.level, joined, 0, fill);
            last = null;
            fill = 0;
          }
          task.work.run();
        }
      }
    }
    if (last != null) {
      last.sink.write(last.level, joined, 0, fill);
    }
    return worked;
  }

  private @Nullable Entry next(boolean promptOnly) {
    if (promptOnly && !(queue.peek() instanceof Line line && line.sink.isPrompt())) {
      return null;
    }
    return queue.poll();
  }

  /// Writes everything and ends the thread.
  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(thread);
    try {
      thread.join(TimeUnit.SECONDS.toMillis(5));
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
