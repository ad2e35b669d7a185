package dev.turnout.loadgen;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ManualIoEventLoop;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;

/// One run of load: opens the connections, keeps the schedule, and returns what came of it.
///
/// Everything happens on the calling thread, which also is the event loop: between two looks at the
/// schedule it waits in the kernel for answers, no longer than to the next due time. A due request
/// takes the connection that has been free for longest, or queues for one.
final class LoadRun {
  private static final long RECONNECT_MILLIS = 100;
  private static final long SWEEP_NANOS = 50_000_000;
  private static final int CONNECT_TIMEOUT_MILLIS = 3000;

  private final Plan plan;
  private final Measurement seen;
  private final boolean closedLoop;
  private final long timeout;
  private final ManualIoEventLoop loop;
  private final Bootstrap bootstrap;
  private final ByteBuf[] requests;
  private final double[] shares; // cumulative, up to 1
  private final SplittableRandom chance = new SplittableRandom(1);
  private final List<Connection> connections = new ArrayList<>();
  private final ArrayDeque<Connection> free = new ArrayDeque<>();
  private final LongQueue waiting = new LongQueue();

  // All times are nanoTime. Zero until the schedule begins.
  private long begin;
  private long windowBegin = Long.MAX_VALUE;
  private long windowEnd = Long.MAX_VALUE;
  private int opened;
  private int refused;
  private String lastRefusal = "";
  private int busy;
  private boolean running;
  private boolean stopping;
  private boolean counting;
  private long connectErrors;
  private long reconnects;
  private Cpu usedBefore = Cpu.NONE;
  private Cpu used = Cpu.NONE;

  /// `intervals` is given the latency of every measured request as it ends.
  LoadRun(Plan plan, LongConsumer intervals) {
    this.plan = plan;
    seen = new Measurement(intervals);
    closedLoop = !plan.pacing().open();
    timeout = plan.timeout().toNanos();
    boolean epoll = Epoll.isAvailable();
    IoHandlerFactory io = epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
    loop = new ManualIoEventLoop(Thread.currentThread(), io);
    bootstrap =
        new Bootstrap()
            .group(loop)
            .channel(epoll ? EpollSocketChannel.class : NioSocketChannel.class)
            .option(ChannelOption.TCP_NODELAY, true)
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_TIMEOUT_MILLIS)
            .remoteAddress(new InetSocketAddress(plan.target().host(), plan.target().port()));
    Mix mix = plan.mix();
    int count = mix == null ? 1 : mix.requests().size();
    requests = new ByteBuf[count];
    shares = new double[count];
    double total = mix == null ? 1 : mix.weights().stream().mapToDouble(w -> w).sum();
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += mix == null ? 1 : mix.weights().get(i);
      shares[i] = sum / total;
      byte[] bytes =
          mix == null
              ? plan.request()
              : mix.requests().get(i).getBytes(StandardCharsets.ISO_8859_1);
      requests[i] = ByteBufAllocator.DEFAULT.directBuffer().writeBytes(bytes);
    }
  }

  /// Runs the plan to its end, once. Fails when not a single connection could be opened to begin
  /// with.
  Report run() throws IOException {
    TimerSlack.minimise();
    try {
      connect();
      return drive();
    } finally {
      stopping = true;
      connections.forEach(Connection::close);
      loop.shutdownGracefully(0, 0, TimeUnit.MILLISECONDS);
      while (!loop.isTerminated()) {
        loop.runNow();
      }
      for (ByteBuf request : requests) {
        request.release();
      }
    }
  }

  private void connect() throws IOException {
    boolean head = plan.method().equals("HEAD");
    for (int i = 0; i < plan.connections(); i++) {
      var connection = new Connection(this, new ResponseParser(head, plan.countBy()));
      connections.add(connection);
      open(connection);
    }
    while (opened + refused < plan.connections()) {
      loop.run(TimeUnit.MILLISECONDS.toNanos(10));
    }
    if (opened == 0) {
      throw new IOException(
          "no connection to %s:%d%s"
              .formatted(plan.target().host(), plan.target().port(), lastRefusal));
    }
  }

  private void open(Connection connection) {
    ChannelFuture future = bootstrap.clone().handler(connection).connect();
    future.addListener(_ -> {
      if (!future.isSuccess()) {
        lastRefusal = reason(future.cause());
        refused(connection);
      }
    });
  }

  private static String reason(Throwable cause) {
    return switch (cause) {
      case UnknownHostException _, UnresolvedAddressException _ -> ": the name is not known";
      case ConnectTimeoutException _ -> ": it does not answer";
      case ConnectException _ -> ": it refuses";
      default -> ": " + cause.getMessage();
    };
  }

  private void refused(Connection connection) {
    refused++;
    connectErrors++;
    retry(connection);
  }

  private void retry(Connection connection) {
    loop.schedule(
        () -> {
          if (!stopping) {
            open(connection);
          }
        },
        RECONNECT_MILLIS,
        TimeUnit.MILLISECONDS);
  }

  private Report drive() {
    Pacing.Schedule schedule = plan.pacing().schedule();
    begin = System.nanoTime();
    windowBegin = begin + plan.warmup().toNanos();
    windowEnd = windowBegin + plan.duration().toNanos();
    running = true;
    if (closedLoop) {
      for (Connection connection = free.poll(); connection != null; connection = free.poll()) {
        connection.send(begin, begin);
        busy++;
      }
    }
    long next = due(schedule);
    long sweep = begin + SWEEP_NANOS;
    boolean looked = false;
    for (long now = begin; ; now = System.nanoTime()) {
      counting = measured(now);
      while (next <= now && next < windowEnd) {
        arrive(next, now);
        next = due(schedule);
      }
      if (now >= sweep) {
        sweep(now);
        sweep = now + SWEEP_NANOS;
        if (now >= windowBegin && now < windowEnd + SWEEP_NANOS * 2) {
          used = Cpu.used();
          usedBefore = looked ? usedBefore : used;
          looked = true;
        }
      }
      if (now >= windowEnd && (now - windowEnd >= timeout || allAnswered())) {
        break;
      }
      long until = Math.min(next < windowEnd ? next : windowEnd, sweep);
      loop.run(Math.max(0, (now >= windowEnd ? sweep : until) - now));
    }
    giveUp(System.nanoTime());
    return report();
  }

  private boolean allAnswered() {
    return busy == 0 && waiting.isEmpty();
  }

  private long due(Pacing.Schedule schedule) {
    long offset = schedule.next();
    return offset == Long.MAX_VALUE ? offset : begin + offset;
  }

  private boolean measured(long due) {
    return due >= windowBegin && due < windowEnd;
  }

  private void arrive(long due, long now) {
    boolean measured = measured(due);
    if (measured) {
      seen.due++;
      seen.late(now - due);
    }
    Connection connection = free.poll();
    if (connection == null) {
      waiting.add(due);
      if (measured) {
        seen.waited++;
      }
      return;
    }
    send(connection, due, now);
  }

  private void send(Connection connection, long due, long now) {
    if (measured(due) && now < windowEnd) {
      seen.started++;
    }
    busy++;
    connection.send(due, now);
  }

  /// A connection can take a request: it was opened, or has been answered.
  void ready(Connection connection) {
    if (begin == 0) {
      opened++;
    }
    if (!waiting.isEmpty()) {
      send(connection, waiting.remove(), System.nanoTime());
      return;
    }
    if (closedLoop && running) {
      long now = System.nanoTime();
      if (now < windowEnd) {
        busy++;
        connection.send(now, now);
        return;
      }
    }
    free.add(connection);
  }

  /// What the next request is, for whoever sends it.
  ByteBuf nextRequest() {
    int i = 0;
    if (shares.length > 1) {
      double drawn = chance.nextDouble();
      while (i < shares.length - 1 && drawn >= shares[i]) {
        i++;
      }
    }
    return requests[i].retainedDuplicate();
  }

  void received(int bytes) {
    if (counting) {
      seen.bytes += bytes;
    }
  }

  void answered(Connection connection, int status, String answeredBy) {
    busy--;
    long now = System.nanoTime();
    // In a closed loop the end counts: the request that a slow answer delayed never was due.
    if (!measured(closedLoop ? now : connection.due())) {
      return;
    }
    seen.answered(status, now - connection.due(), now - connection.sent());
    if (!plan.countBy().isEmpty()) {
      seen.answeredBy.add(answeredBy);
    }
  }

  void malformed(Connection connection) {
    busy--;
    if (inWindow(connection)) {
      seen.malformed++;
    }
  }

  /// The connection ended before the answer did.
  void broken(Connection connection) {
    busy--;
    if (inWindow(connection)) {
      seen.broken++;
    }
  }

  private boolean inWindow(Connection connection) {
    return measured(closedLoop ? System.nanoTime() : connection.due());
  }

  /// The connection's channel is gone. One that never served gets no second chance at once, or a
  /// peer that only accepts and closes would keep the loop busy with that.
  void closed(Connection connection, boolean served) {
    free.remove(connection);
    reconnects++;
    if (served && !stopping) {
      open(connection);
    } else {
      retry(connection);
    }
  }

  private void sweep(long now) {
    for (Connection connection : connections) {
      if (connection.busy() && now - connection.sent() > timeout) {
        timedOut(connection, now);
      }
    }
  }

  private void timedOut(Connection connection, long now) {
    busy--;
    if (measured(connection.due())) {
      seen.timedOut(now - connection.due());
    }
    connection.abandon();
  }

  private void giveUp(long now) {
    for (Connection connection : connections) {
      if (connection.busy()) {
        timedOut(connection, now);
      }
    }
    while (!waiting.isEmpty()) {
      long due = waiting.remove();
      if (measured(due)) {
        seen.neverSent(now - due);
      }
    }
  }

  private Report report() {
    return new Report(plan, seen, connectErrors, reconnects, used.since(usedBefore));
  }
}
