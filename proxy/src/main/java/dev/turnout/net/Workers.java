package dev.turnout.net;

import dev.turnout.log.WritingThread;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.FastThreadLocalThread;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// The event loops of the process: those that serve requests (`worker_processes`), and one for
/// operators alone, so that neither keeps the other from working. Made at start, kept over reloads.
public final class Workers implements AutoCloseable {
  private final MultiThreadIoEventLoopGroup group;
  private final MultiThreadIoEventLoopGroup apart;
  private final List<Worker> serving;
  private final List<Worker> workers;
  private final AtomicInteger next = new AtomicInteger();

  private Workers(
      MultiThreadIoEventLoopGroup group, MultiThreadIoEventLoopGroup apart, List<Worker> workers) {
    this.group = group;
    this.apart = apart;
    this.workers = workers;
    this.serving = workers.subList(0, workers.size() - 1);
  }

  /// Starts `count` loops for requests, and the one for operators, on this transport.
  public static Workers start(Transport transport, int count) {
    // Netty's buffer classes initialise one another: two loops that meet them first at the same
    // moment could wait for each other for ever. So one thread meets them before there are loops.
    ByteBufAllocator.DEFAULT.directBuffer().release();
    var group =
        new MultiThreadIoEventLoopGroup(count, new LoopThreads("worker"), transport.ioHandlers());
    var apart =
        new MultiThreadIoEventLoopGroup(1, new LoopThreads("management"), transport.ioHandlers());
    List<Worker> workers = new ArrayList<>(count + 1);
    for (int i = 0; i < count; i++) {
      EventLoop loop = group.next();
      workers.add(new Worker(i, loop, transport));
    }
    workers.add(new Worker(count, apart.next(), transport));
    return new Workers(group, apart, List.copyOf(workers));
  }

  /// Makes the threads of the loops. Scripts may nest deeply, in native code that does not look how
  /// much stack is left, so there is plenty: memory is only taken for what is used of it.
  private static final class LoopThreads extends DefaultThreadFactory {
    private static final long STACK = 64L << 20;

    LoopThreads(String name) {
      super(name, false, Thread.NORM_PRIORITY);
    }

    @Override
    protected Thread newThread(Runnable task, String name) {
      return new LoopThread(threadGroup, task, name);
    }
  }

  private static final class LoopThread extends FastThreadLocalThread implements WritingThread {
    LoopThread(@Nullable ThreadGroup group, Runnable task, String name) {
      super(group, task, name, LoopThreads.STACK);
    }
  }

  /// All of them, by index; the one for operators is the last.
  public List<Worker> all() {
    return workers;
  }

  /// How many there are, with the one for operators.
  public int size() {
    return workers.size();
  }

  /// Those that serve requests, by index.
  public List<Worker> serving() {
    return serving;
  }

  /// The one for operators.
  public Worker management() {
    return workers.getLast();
  }

  /// The loops that serve requests as one group, which gives each new connection to the next.
  public EventLoopGroup group() {
    return group;
  }

  /// The one of those that serve requests whose turn it is.
  public Worker next() {
    return serving.get(Math.floorMod(next.getAndIncrement(), serving.size()));
  }

  /// Completes when every loop has finished what it was doing when this was called: from then on no
  /// loop acts on anything that was replaced before the call.
  public CompletionStage<@Nullable Void> fence() {
    CompletableFuture<?>[] passed = new CompletableFuture<?>[workers.size()];
    for (int i = 0; i < passed.length; i++) {
      CompletableFuture<@Nullable Void> one = new CompletableFuture<>();
      passed[i] = one;
      workers.get(i).loop().execute(() -> one.complete(null));
    }
    return CompletableFuture.allOf(passed).<@Nullable Void>thenApply(_ -> null);
  }

  /// Asks the kernel to schedule every loop that serves requests so; see
  /// [Posix#scheduleThisThread]. Completes with what it refused, in nginx's words, when all have
  /// asked.
  public CompletionStage<List<String>> schedule(int nice, long sliceNanos) {
    List<String> refused = Collections.synchronizedList(new ArrayList<>());
    for (Worker worker : serving) {
      worker
          .loop()
          .execute(() -> {
            try {
              Posix.scheduleThisThread(nice, sliceNanos);
            } catch (IOException e) {
              refused.add(String.valueOf(e.getMessage()));
            }
          });
    }
    return fence().thenApply(_ -> List.copyOf(refused));
  }

  /// Ends the loops; whatever is still open on them is closed.
  @Override
  public void close() {
    Future<?> ended = group.shutdownGracefully(0, 5, TimeUnit.SECONDS);
    Future<?> endedApart = apart.shutdownGracefully(0, 5, TimeUnit.SECONDS);
    ended.awaitUninterruptibly(6, TimeUnit.SECONDS);
    endedApart.awaitUninterruptibly(6, TimeUnit.SECONDS);
  }
}
