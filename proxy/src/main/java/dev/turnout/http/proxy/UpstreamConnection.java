package dev.turnout.http.proxy;

import dev.turnout.http.h1.ResponseParser;
import dev.turnout.net.Deadline;
import dev.turnout.net.Worker;
import dev.turnout.upstream.Keepalive;
import dev.turnout.upstream.Peer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.socket.DuplexChannel;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// One connection to one server, which serves one attempt after another and idles in a pool between
/// them. Confined to its loop. A server that sends while nothing was asked is not to be trusted:
/// the connection closes.
final class UpstreamConnection extends ChannelInboundHandlerAdapter {
  private final Worker worker;
  private final Channel channel;
  private final Deadline deadline;
  private final long createdNanos;
  private Peer peer;
  private @Nullable ChannelHandlerContext context;
  private @Nullable Attempt attempt;
  private @Nullable ConnectionPool pool;
  private @Nullable ResponseParser parser;
  private int parserSize;
  private int requests;
  private boolean closed;
  private int place; // in the list of all of the loop

  /// Nothing can be written any more; what the server had sent before may still be read.
  private boolean writeBroken;

  UpstreamConnection(Worker worker, Channel channel, Peer peer) {
    this.worker = worker;
    this.channel = channel;
    this.peer = peer;
    this.createdNanos = worker.nowNanos();
    this.deadline = new Deadline(worker.loop(), this::timedOut);
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    context = ctx;
  }

  /// Takes `message`, to be sent with the next [#flush].
  void write(Object message) {
    ChannelHandlerContext ctx = context;
    if (ctx == null) {
      throw new IllegalStateException("the connection has no channel yet");
    }
    ctx.write(message, ctx.voidPromise());
  }

  /// Sends what has been written.
  void flush() {
    ChannelHandlerContext ctx = context;
    if (ctx != null) {
      ctx.flush();
    }
  }

  Peer peer() {
    return peer;
  }

  Channel channel() {
    return channel;
  }

  Deadline deadline() {
    return deadline;
  }

  int requests() {
    return requests;
  }

  int place() {
    return place;
  }

  void place(int next) {
    place = next;
  }

  /// When the attempt began that is served; null if none is.
  @Nullable Long servingSinceNanos() {
    Attempt present = attempt;
    return present == null ? null : present.startedNanos();
  }

  /// Serves this attempt from now on.
  void serve(Attempt next, Peer of, int bufferSize) {
    attempt = next;
    peer = of;
    pool = null;
    requests++;
    ResponseParser reader = parser;
    if (reader == null || parserSize != bufferSize) {
      parser = new ResponseParser(bufferSize);
      parserSize = bufferSize;
    } else {
      reader.reset();
    }
  }

  ResponseParser parser() {
    ResponseParser reader = parser;
    if (reader == null) {
      throw new IllegalStateException("no attempt is served");
    }
    return reader;
  }

  /// The attempt is over; the connection is kept if the limits allow, else closed.
  void keep(ConnectionPool into, Keepalive limits) {
    attempt = null;
    long age = worker.nowNanos() - createdNanos;
    if (closed
        || writeBroken
        || unsent() != 0
        || !channel.isActive()
        || requests >= limits.requests()
        || age > limits.timeMillis() * 1_000_000) {
      close();
      return;
    }
    if (!channel.config().isAutoRead()) {
      channel.config().setAutoRead(true);
    }
    pool = into;
    into.put(this, limits);
    deadline.set(worker.nowNanos(), limits.timeoutMillis());
  }

  /// Closes; an attempt that is served is not told.
  void close() {
    attempt = null;
    if (!closed) {
      closed = true;
      deadline.cancel();
      channel.close();
    }
  }

  /// Closes once everything written is sent, or after `millis`; an attempt that is served is not
  /// told.
  void closeFlushed(long millis) {
    attempt = null;
    if (!closed) {
      deadline.set(worker.nowNanos(), millis);
      channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(_ -> close());
    }
  }

  /// Not 0 while something waits for the socket; changes whenever the socket takes something of it.
  long unsent() {
    ChannelOutboundBuffer out = channel.unsafe().outboundBuffer();
    if (out == null || out.totalPendingWriteBytes() == 0) {
      return 0;
    }
    long left = out.totalPendingWriteBytes() - out.currentProgress();
    return left == 0 ? -1 : left; // of a file only the progress is known
  }

  private void timedOut() {
    worker.refreshClock();
    Attempt present = attempt;
    if (present != null) {
      present.timedOut();
    } else {
      dropIdle();
    }
  }

  private void dropIdle() {
    ConnectionPool in = pool;
    if (in != null) {
      pool = null;
      in.remove(this);
    }
    close();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf in = (ByteBuf) message;
    worker.refreshClock();
    Attempt present = attempt;
    if (present == null) {
      in.release();
      dropIdle();
      return;
    }
    present.received(in);
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    Attempt present = attempt;
    if (present != null) {
      present.readComplete();
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    Attempt present = attempt;
    if (present != null) {
      present.upstreamWritable(channel.isWritable());
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    worker.refreshClock();
    Attempt present = attempt;
    if (present != null) {
      present.closedByUpstream(null);
    } else {
      dropIdle();
    }
    closed = true;
    deadline.cancel();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (cause instanceof Error error && !(cause instanceof StackOverflowError)) {
      throw error;
    }
    worker.refreshClock();
    Attempt present = attempt;
    if (present == null) {
      dropIdle();
    } else if (cause instanceof IOException && isOutputShut()) {
      writeBroken = true; // reading goes on: the answer may be there, and if not, the end is
    } else if (cause instanceof IOException broken) {
      present.closedByUpstream(broken);
    } else {
      present.bug(
          cause instanceof RuntimeException known ? known : new IllegalStateException(cause));
    }
  }

  private boolean isOutputShut() {
    return channel.isActive()
        && channel instanceof DuplexChannel duplex
        && duplex.isOutputShutdown();
  }
}
