package dev.turnout.lua;

import dev.turnout.log.Errno;
import dev.turnout.net.Deadline;
import dev.turnout.net.Worker;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// One connection of a script (`ngx.socket.tcp`), which idles in a pool between two uses of it. It
/// is read only while a script waits for data, so what a server sends ahead is bounded by the
/// buffers of the kernel. Confined to the VM's loop.
final class Cosocket extends LuaStream {
  private final Worker worker;
  private final Channel channel;
  private final CosocketPool pool;
  private final String peer;
  private final Deadline writeDeadline;
  private @Nullable LuaWait writer;
  private int writing;
  private boolean idle;
  private int reused;

  /// @param peer whom it is connected to, as the error log names it
  Cosocket(Worker worker, Channel channel, CosocketPool pool, String peer, int bufferSize) {
    super(worker.loop(), bufferSize);
    this.worker = worker;
    this.channel = channel;
    this.pool = pool;
    this.peer = peer;
    writeDeadline = new Deadline(worker.loop(), this::writeTimedOut);
    channel.pipeline().addLast(new Handler());
  }

  @Override
  String upstream() {
    return peer;
  }

  @Override
  boolean isWriting() {
    return writer != null;
  }

  int reused() {
    return reused;
  }

  // ---- writing

  @Override
  int send(LuaVm vm, ByteBuf data, long timeout) {
    if (isDebugged()) {
      debug("lua tcp socket send timeout: " + timeout);
    }
    int size = data.readableBytes();
    ChannelFuture sent = channel.writeAndFlush(data);
    if (sent.isSuccess()) {
      return vm.answer((double) size);
    }
    if (sent.isDone()) {
      return vm.refuse(failed(sent.cause()));
    }
    LuaWait wait = vm.suspend();
    writer = wait;
    writing = size;
    wait.onDrop(() -> writer = null);
    writeDeadline.set(System.nanoTime(), timeout);
    sent.addListener(done -> {
      LuaWait waiting = writer;
      if (waiting != wait) {
        return;
      }
      writer = null;
      writeDeadline.clear();
      if (done.isSuccess()) {
        waiting.resume(LuaVm.OK, v -> v.answer((double) writing));
      } else {
        String why = failed(done.cause());
        waiting.resume(LuaVm.REFUSED, v -> v.answer(why));
      }
    });
    return LuaVm.AGAIN;
  }

  private void writeTimedOut() {
    LuaWait waiting = writer;
    if (waiting != null) {
      writer = null;
      log("lua tcp socket write timed out");
      close();
      waiting.resume(LuaVm.REFUSED, v -> v.answer("timeout"));
    }
  }

  private String failed(Throwable cause) {
    String why = isClosed() ? "closed" : words(cause);
    log("send() failed (" + numbered(cause) + ")");
    close();
    return why;
  }

  private static IOException asIo(Throwable cause) {
    return cause instanceof IOException io ? io : new IOException(cause);
  }

  /// What went wrong, as OpenResty tells scripts: `connection refused`.
  static String words(Throwable cause) {
    if (cause instanceof ClosedChannelException) {
      return "closed";
    }
    String text = numbered(cause);
    int colon = text.indexOf(": ");
    return (colon > 0 ? text.substring(colon + 2) : text).toLowerCase(Locale.ROOT);
  }

  /// The system's number and words: `111: Connection refused`.
  static String numbered(Throwable cause) {
    if (cause instanceof FileNotFoundException) {
      return "2: No such file or directory";
    }
    return Errno.describe(asIo(cause));
  }

  // ---- the channel

  @Override
  void more() {
    channel.read();
  }

  @Override
  void closeSource() {
    writeDeadline.cancel();
    boolean wasIdle = idle;
    if (wasIdle) {
      pool.debug("lua tcp socket keepalive close handler");
    }
    idle = false;
    pool.left(this, wasIdle);
    channel.close();
    if (wasIdle) {
      release(); // nobody has it
    }
  }

  /// What the connection says.
  private final class Handler extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      ByteBuf data = (ByteBuf) message;
      try {
        if (idle || isClosed()) {
          close(); // nothing was asked
          return;
        }
        worker.refreshClock();
        came(data);
      } finally {
        data.release();
      }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
      if (isReading() && !isClosed()) {
        channel.read();
      }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
      if (event instanceof ChannelInputShutdownEvent) {
        worker.refreshClock();
        if (idle) {
          close();
        } else {
          inputEnded();
        }
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      worker.refreshClock();
      ended(null);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      if (!idle && !isClosed()) {
        log("recv() failed (" + numbered(cause) + ")");
      }
      worker.refreshClock();
      ended(words(cause));
    }
  }

  // ---- idling

  @Override
  void idledTooLong() {
    if (idle) {
      pool.debug("lua tcp socket keepalive max idle timeout");
      close();
    }
  }

  /// Goes into its pool. Null, or why it cannot.
  @Nullable String keep(long timeout, int size) {
    if (isClosed() || isInputOver()) {
      return "closed";
    }
    if (isReading()) {
      return "socket busy reading";
    }
    if (writer != null) {
      return "socket busy writing";
    }
    if (hasUnread()) {
      return "unread data in buffer";
    }
    if (isDebugged()) {
      debug("lua tcp socket keepalive timeout: " + (timeout > 0 ? timeout + " ms" : "unlimited"));
    }
    leave();
    idle = true;
    channel.config().setAutoRead(true);
    if (timeout > 0) {
      readDeadline().set(System.nanoTime(), timeout);
    }
    pool.put(this, size);
    return null;
  }

  /// Comes out of its pool.
  void wakeUp() {
    idle = false;
    reused++;
    readDeadline().clear();
    channel.config().setAutoRead(false);
  }

  @Override
  public String toString() {
    return "cosocket" + peer;
  }
}
