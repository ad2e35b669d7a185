package dev.turnout.loadgen;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import org.jspecify.annotations.Nullable;

/// One keep-alive connection: sends a request, reads its response, and tells the run.
///
/// Confined to the run's loop. It outlives its channel: when that closes, the run opens another.
final class Connection extends ChannelInboundHandlerAdapter {
  private final LoadRun run;
  private final ResponseParser parser;
  private @Nullable ChannelHandlerContext channel;
  private boolean busy;
  private boolean served;
  private long due;
  private long sent;

  Connection(LoadRun run, ResponseParser parser) {
    this.run = run;
    this.parser = parser;
  }

  @Override
  public boolean isSharable() {
    return true; // the same object serves one channel after the other
  }

  /// Sends the request that was due at `due`. Only for a connection that the run was told is ready.
  void send(long due, long now) {
    ChannelHandlerContext context = channel;
    if (context == null) {
      throw new IllegalStateException("sending on a closed connection");
    }
    this.due = due;
    sent = now;
    busy = true;
    context.writeAndFlush(run.nextRequest(), context.voidPromise());
  }

  boolean busy() {
    return busy;
  }

  long due() {
    return due;
  }

  long sent() {
    return sent;
  }

  /// Gives the request up and closes.
  void abandon() {
    busy = false;
    close();
  }

  void close() {
    if (channel != null) {
      channel.close();
    }
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    channel = context;
    parser.reset();
    served = false;
    run.ready(this);
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    ByteBuf in = (ByteBuf) message;
    try {
      run.received(in.readableBytes());
      switch (parser.read(in)) {
        case MORE -> {
          if (!busy && !parser.idle()) {
            context.close(); // nobody asked
          }
        }
        case DONE -> {
          if (busy && !in.isReadable()) {
            answered(context);
          } else {
            malformed(context); // more than one answer to one request
          }
        }
        case BAD -> malformed(context);
      }
    } finally {
      in.release();
    }
  }

  private void answered(ChannelHandlerContext context) {
    busy = false;
    served = true;
    run.answered(this, parser.status(), parser.answeredBy());
    if (parser.keepAlive()) {
      run.ready(this);
    } else {
      context.close();
    }
  }

  private void malformed(ChannelHandlerContext context) {
    if (busy) {
      busy = false;
      run.malformed(this);
    }
    context.close();
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    channel = null;
    if (busy) {
      busy = false;
      if (parser.closed()) {
        served = true;
        run.answered(this, parser.status(), parser.answeredBy());
      } else {
        run.broken(this);
      }
    }
    run.closed(this, served);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    context.close(); // a reset; counted when the channel turns inactive
  }
}
