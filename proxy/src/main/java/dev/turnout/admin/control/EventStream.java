package dev.turnout.admin.control;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.turnout.control.ControlPlane;
import dev.turnout.control.Event;
import dev.turnout.control.Events;
import dev.turnout.http.Exchange;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// The events as one client reads them (server-sent events). Confined to its exchange's loop, but
/// for what the hub calls.
///
/// It takes from the hub's ring only while the connection takes more: nothing is kept for a client
/// that is slow. One that falls behind the ring is dropped; when it comes back it learns of the
/// gap.
final class EventStream implements Exchange.Upstreaming, Events.Watcher {
  private static final int AT_ONCE = 64;
  private static final long HEARTBEAT_SECONDS = 15;

  private final Exchange exchange;
  private final EventLoop loop;
  private final ControlPlane control;
  private final Events events;
  private final AtomicBoolean called = new AtomicBoolean();

  // the loop's
  private long seen;
  private boolean gapIsKnown;
  private boolean pumping;
  private boolean over;
  private @Nullable Future<?> heartbeat;

  EventStream(Exchange exchange, ControlPlane control, EventCursor cursor) {
    this.exchange = exchange;
    this.loop = exchange.worker().loop();
    this.control = control;
    this.events = control.events();
    this.seen = cursor.seen();
    this.gapIsKnown = cursor.isOfAnotherRun();
  }

  void start() {
    exchange.upstreaming(this);
    events.watch(this);
    write("retry: 1000\n\n".getBytes(UTF_8));
    Events.Batch first = events.after(seen, 1);
    if (first.gap() || gapIsKnown) {
      Events.Batch kept = events.after(0, 1);
      long oldest = kept.events().isEmpty() ? kept.next() : kept.events().getFirst().number() - 1;
      write(gap(oldest));
      seen = oldest;
    }
    gapIsKnown = false;
    exchange.downstream().flush();
    heartbeat =
        loop.scheduleAtFixedRate(
            this::beat, HEARTBEAT_SECONDS, HEARTBEAT_SECONDS, TimeUnit.SECONDS);
    pump();
  }

  private byte[] gap(long oldest) {
    String id = EventCursor.text(events, oldest);
    long revision = control.writer().history().revision();
    String data = "{\"oldest\":\"" + id + "\",\"revision\":" + revision + "}";
    return ("id: " + id + "\nevent: gap\ndata: " + data + "\n\n").getBytes(UTF_8);
  }

  /// A comment, so that a client that has vanished is noticed.
  private void beat() {
    if (!over && exchange.downstream().isWritable()) {
      write(":\n\n".getBytes(UTF_8));
      exchange.downstream().flush();
    }
  }

  @Override
  public void published() {
    if (called.compareAndSet(false, true)) {
      onLoop(this::pump);
    }
  }

  @Override
  public void dismissed() {
    onLoop(this::finish);
  }

  private void onLoop(Runnable task) {
    try {
      loop.execute(task);
    } catch (RejectedExecutionException _) {
      // the loop has ended, and with it the client
    }
  }

  private void pump() {
    called.set(false);
    if (over || pumping) {
      return;
    }
    pumping = true; // a flush may tell at once that more can be taken
    try {
      while (!over && exchange.downstream().isWritable()) {
        Events.Batch batch = events.after(seen, AT_ONCE);
        if (batch.gap()) {
          finish();
          return;
        }
        if (batch.events().isEmpty()) {
          return;
        }
        for (Event event : batch.events()) {
          write(EventView.streamed(events, event));
        }
        seen = batch.next();
        exchange.downstream().flush();
      }
    } finally {
      pumping = false;
    }
  }

  private void write(byte[] bytes) {
    ByteBuf out = PooledByteBufAllocator.DEFAULT.directBuffer(bytes.length).writeBytes(bytes);
    exchange.downstream().writeBody(exchange, out, false);
  }

  /// Ends the response; the client may come back.
  private void finish() {
    if (!over) {
      leave();
      exchange.closeAfter();
      exchange.downstream().writeEnd(exchange);
      exchange.downstream().flush();
    }
  }

  private void leave() {
    over = true;
    events.forget(this);
    Future<?> timer = heartbeat;
    if (timer != null) {
      heartbeat = null;
      timer.cancel(false);
    }
  }

  @Override
  public void clientChanged(Exchange changed, boolean gone, boolean writable) {
    if (gone) {
      finish();
    } else if (writable) {
      pump();
    }
  }

  @Override
  public void exchangeEnded(Exchange ended) {
    leave();
  }

  @Override
  public void release() {
    leave();
  }

  @Override
  public @Nullable String describe() {
    return null;
  }

  @Override
  public boolean outlivesClient() {
    return false;
  }
}
