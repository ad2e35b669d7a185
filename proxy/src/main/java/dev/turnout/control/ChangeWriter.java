package dev.turnout.control;

import dev.turnout.cluster.KeyvalZone;
import dev.turnout.cluster.Revision;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;

/// The node's single writer: its one thread makes all changes of key-value zones, in the order they
/// were submitted.
///
/// Whatever waits when the thread is free is one batch. Each change is judged against the state the
/// ones before it lead to; then each zone is stored once and synced once, published by one store,
/// and, when every event loop has passed a fence, all are answered. So many concurrent submitters
/// pay for one sync, readers see a change only after it is durable, and a submitter that got its
/// answer is seen by every later request. If a store refuses, no change of the batch to its zone is
/// acknowledged, the old values stay in force, and the next batch simply tries again.
public final class ChangeWriter implements AutoCloseable {
  private static final int MAX_WAITING = 10_000;

  private sealed interface Work {
    record Submitted(Change change, CompletableFuture<ChangeResult> answer) implements Work {}

    /// The last work; nothing follows it.
    record Stop() implements Work {}
  }

  private final Revision revision;
  private final Fence fence;
  private final LinkedBlockingQueue<Work> waiting = new LinkedBlockingQueue<>();
  private final Thread thread;
  private boolean closed; // guarded by this

  private ChangeWriter(Revision revision, Fence fence) {
    this.revision = revision;
    this.fence = fence;
    // A platform thread: file I/O would hold a carrier of the virtual ones anyway.
    this.thread = Thread.ofPlatform().name("turnout-writer").daemon().unstarted(this::run);
  }

  public static ChangeWriter start(Revision revision, Fence fence) {
    ChangeWriter writer = new ChangeWriter(revision, fence);
    writer.thread.start();
    return writer;
  }

  /// Asks for a change; never blocks. The answer is given on a virtual thread, so what is chained
  /// to it may block. It fails only by a bug of ours.
  public CompletableFuture<ChangeResult> submit(Change change) {
    Work.Submitted submitted = new Work.Submitted(change, new CompletableFuture<>());
    synchronized (this) {
      if (closed) {
        return unavailable("the node is stopping");
      }
      if (waiting.size() >= MAX_WAITING) {
        return unavailable("too many changes are waiting for the disk");
      }
      waiting.add(submitted);
    }
    return submitted.answer;
  }

  private static CompletableFuture<ChangeResult> unavailable(String why) {
    return CompletableFuture.completedFuture(new ChangeResult.Unavailable(why));
  }

  /// Takes no more changes, and returns when those that wait are stored and published. Their
  /// answers still wait for the fence.
  @Override
  public void close() {
    synchronized (this) {
      if (!closed) {
        closed = true;
        waiting.add(new Work.Stop()); // not an interrupt: that would close the file being written
      }
    }
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException _) {
        interrupted = true; // one batch is left at most: wait for it, then stop
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    List<Work> work = new ArrayList<>();
    boolean running = true;
    while (running) {
      work.clear();
      try {
        work.add(waiting.take());
      } catch (InterruptedException e) {
        throw new IllegalStateException("the writer's thread is private, who interrupts it?", e);
      }
      waiting.drainTo(work);

      List<Work.Submitted> batch = new ArrayList<>(work.size());
      for (Work each : work) {
        switch (each) {
          case Work.Submitted submitted -> batch.add(submitted);
          case Work.Stop() -> running = false;
        }
      }
      write(batch);
    }
  }

  private void write(List<Work.Submitted> batch) {
    try {
      Map<KeyvalZone, ZoneBatch> zones = new LinkedHashMap<>();
      for (Work.Submitted each : batch) {
        zones
            .computeIfAbsent(each.change.zone(), ZoneBatch::new)
            .take(each.change, each.answer, revision);
      }
      boolean published = false;
      for (ZoneBatch zone : zones.values()) {
        published |= zone.storeAndPublish();
      }
      if (published) {
        // A fence that breaks keeps no answer back: the changes are durable and published.
        fence.passed().whenCompleteAsync((_, _) -> answer(zones), Thread::startVirtualThread);
      } else {
        Thread.startVirtualThread(() -> answer(zones));
      }
    } catch (RuntimeException | Error e) {
      // The one place where a bug ends: this batch fails, the next one finds a working writer.
      batch.forEach(each -> each.answer.completeExceptionally(e));
    }
  }

  private static void answer(Map<KeyvalZone, ZoneBatch> zones) {
    zones.values().forEach(ZoneBatch::answer);
  }
}
