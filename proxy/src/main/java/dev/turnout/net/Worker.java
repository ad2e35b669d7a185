package dev.turnout.net;

import io.netty.channel.EventLoop;
import java.util.concurrent.atomic.AtomicInteger;

/// One event loop with what belongs to it alone: its number, its clock, its scratch space.
/// Everything here but the counters is confined to the loop.
public final class Worker {
  private static final int SCRATCH = 64 * 1024;

  private final int index;
  private final EventLoop loop;
  private final Transport transport;
  private final byte[] scratch = new byte[SCRATCH];
  private final AtomicInteger connections = new AtomicInteger();
  private long nowNanos = System.nanoTime();
  private long nowMillis = System.currentTimeMillis();
  private long wallReadAt = nowNanos;

  Worker(int index, EventLoop loop, Transport transport) {
    this.index = index;
    this.loop = loop;
    this.transport = transport;
  }

  /// 0 for the first loop, and so on: what per-loop arrays are indexed by.
  public int index() {
    return index;
  }

  /// The loop itself.
  public EventLoop loop() {
    return loop;
  }

  /// How this loop drives sockets.
  public Transport transport() {
    return transport;
  }

  /// Space to compose a message head in; valid until control goes back to the loop.
  public byte[] scratch() {
    assert loop.inEventLoop() : "scratch used off its event loop";
    return scratch;
  }

  /// Reads the clock anew; called once for each event that the loop delivers to us.
  public long refreshClock() {
    long now = System.nanoTime();
    nowNanos = now;
    if (now - wallReadAt >= 500_000) {
      wallReadAt = now;
      nowMillis = System.currentTimeMillis();
    }
    return now;
  }

  /// Reads the clock anew, and the time of day whatever its age.
  public void rereadClock() {
    wallReadAt = nowNanos - 1_000_000;
    long _ = refreshClock();
  }

  /// {@link System#nanoTime} as of the present event.
  public long nowNanos() {
    return nowNanos;
  }

  /// Milliseconds of a clock that never jumps, as of the present event: what failure windows and
  /// timeouts are reckoned in.
  public long monotonicMillis() {
    return nowNanos / 1_000_000;
  }

  /// Milliseconds since the epoch, as of the present event, at most half a millisecond old.
  public long nowMillis() {
    return nowMillis;
  }

  /// Client connections that are open on this loop.
  public AtomicInteger connections() {
    return connections;
  }
}
