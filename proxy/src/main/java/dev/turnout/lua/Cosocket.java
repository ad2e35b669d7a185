package dev.turnout.lua;

import dev.turnout.log.Errno;
import dev.turnout.log.Level;
import dev.turnout.net.Deadline;
import dev.turnout.net.Worker;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// One connection of a script (`ngx.socket.tcp`), which idles in a pool between two uses of it. It is
/// read only while a script waits for data, so what a server sends ahead is bounded by the buffers
/// of the kernel. Confined to the VM's loop.
final class Cosocket extends ChannelInboundHandlerAdapter {
  /// What a read returns, beside [LuaVm#OK] and [LuaVm#AGAIN]: a list of why, and what there was.
  static final int FAILED = 3;

  /// What a read up to a pattern returns behind the last piece.
  static final int ENDED = 4;

  /// What is to be read.
  private sealed interface Wanted {}

  private record Line() implements Wanted {}

  private record All() implements Wanted {}

  private record Exactly(int size) implements Wanted {}

  private record Any(int most) implements Wanted {}

  private record UpTo(Until until, int size) implements Wanted {}

  private final Worker worker;
  private final Channel channel;
  private final CosocketPool pool;
  private final String peer;
  private final Deadline readDeadline;
  private final Deadline writeDeadline;
  private final List<Until> patterns = new ArrayList<>(0);
  private final ByteBuf in;
  private @Nullable LuaRun owner;
  private boolean logsErrors;
  private @Nullable Wanted wanted;
  private @Nullable LuaWait reader;
  private @Nullable LuaWait writer;
  private int writing;
  private boolean idle;
  private boolean closed;
  private @Nullable String trouble;
  private int reused;

  /// @param peer the address as the error log names it
  Cosocket(Worker worker, Channel channel, CosocketPool pool, String peer, int bufferSize) {
    this.worker = worker;
    this.channel = channel;
    this.pool = pool;
    this.peer = peer;
    in = PooledByteBufAllocator.DEFAULT.directBuffer(Math.max(bufferSize, 256));
    readDeadline = new Deadline(worker.loop(), this::readTimedOut);
    writeDeadline = new Deadline(worker.loop(), this::writeTimedOut);
    channel.pipeline().addLast(this);
  }

  // ---- whose it is

  /// A script uses it from now on, until its request is over.
  void use(LuaRun run, boolean logErrors) {
    owner = run;
    logsErrors = logErrors;
    run.onEnd(() -> {
      if (owner == run) {
        release();
      }
    });
  }

  boolean isClosed() {
    return closed;
  }

  boolean isReading() {
    return wanted != null;
  }

  boolean isWriting() {
    return writer != null;
  }

  int reused() {
    return reused;
  }

  private void log(String message) {
    LuaRun run = owner;
    if (run != null && logsErrors) {
      run.log(Level.ERROR, message);
    }
  }

  // ---- writing

  /// Takes `data`; returns what the function returns.
  int send(LuaVm vm, ByteBuf data, long timeout) {
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
    String why = closed ? "closed" : words(cause);
    log("send() failed (" + numbered(cause) + ")");
    close();
    return why;
  }

  private static java.io.IOException asIo(Throwable cause) {
    return cause instanceof java.io.IOException io ? io : new java.io.IOException(cause);
  }

  /// What went wrong, as OpenResty tells scripts: `connection refused`.
  static String words(Throwable cause) {
    if (cause instanceof java.nio.channels.ClosedChannelException) {
      return "closed";
    }
    String text = numbered(cause);
    int colon = text.indexOf(": ");
    return (colon > 0 ? text.substring(colon + 2) : text).toLowerCase(Locale.ROOT);
  }

  /// The system's number and words: `111: Connection refused`.
  static String numbered(Throwable cause) {
    if (cause instanceof java.io.FileNotFoundException) {
      return "2: No such file or directory";
    }
    String message = String.valueOf(cause.getMessage());
    if (message.contains("Connection refused")) {
      return "111: Connection refused";
    }
    if (message.contains("Connection reset")) {
      return "104: Connection reset by peer";
    }
    if (message.contains("Broken pipe")) {
      return "32: Broken pipe";
    }
    if (message.contains("Network is unreachable")) {
      return "101: Network is unreachable";
    }
    if (message.contains("No route to host")) {
      return "113: No route to host";
    }
    if (message.contains("No such file or directory")) {
      return "2: No such file or directory";
    }
    return Errno.describe(asIo(cause));
  }

  // ---- reading

  int receiveLine(LuaVm vm, long timeout) {
    return read(vm, new Line(), timeout);
  }

  int receiveAll(LuaVm vm, long timeout) {
    return read(vm, new All(), timeout);
  }

  int receive(LuaVm vm, int size, long timeout) {
    return read(vm, new Exactly(size), timeout);
  }

  int receiveAny(LuaVm vm, int most, long timeout) {
    return read(vm, new Any(most), timeout);
  }

  /// Notes a pattern; returns its number.
  int until(byte[] pattern, boolean inclusive) {
    patterns.add(new Until(pattern, inclusive));
    return patterns.size() - 1;
  }

  int receiveUntil(LuaVm vm, int number, int size, long timeout) {
    Until until = patterns.get(number);
    if (until.takeEnded()) {
      return ENDED;
    }
    return read(vm, new UpTo(until, size), timeout);
  }

  private int read(LuaVm vm, Wanted what, long timeout) {
    byte[] there = take(what);
    if (there != null) {
      return vm.answer(there);
    }
    if (closed) {
      return fail(vm, what);
    }
    wanted = what;
    LuaWait wait = vm.suspend();
    reader = wait;
    wait.onDrop(() -> {
      wanted = null;
      reader = null;
      readDeadline.clear();
    });
    readDeadline.set(System.nanoTime(), timeout);
    channel.read();
    return LuaVm.AGAIN;
  }

  /// The input has ended: all that there is will do, or is what was got before it failed.
  private int fail(LuaVm vm, Wanted what) {
    byte[] rest = takeAll();
    String why = trouble;
    if (what instanceof All && why == null) {
      return vm.answer(rest);
    }
    vm.answer(
        Arrays.asList(
            why == null ? "closed" : why,
            new String(rest, java.nio.charset.StandardCharsets.ISO_8859_1)));
    return FAILED;
  }

  private byte @Nullable [] take(Wanted what) {
    return switch (what) {
      case Line _ -> line();
      case All _ -> null;
      case Exactly(int size) -> in.readableBytes() >= size ? bytes(size) : null;
      case Any(int most) -> in.isReadable() ? bytes(Math.min(most, in.readableBytes())) : null;
      case UpTo(Until until, int size) -> {
        int length = until.piece(in, size);
        if (length < 0) {
          yield null;
        }
        int pattern = until.find(in);
        byte[] piece = bytes(length);
        until.passed(in, length, size, pattern);
        yield piece;
      }
    };
  }

  private byte @Nullable [] line() {
    int feed = in.indexOf(in.readerIndex(), in.writerIndex(), (byte) '\n');
    if (feed < 0) {
      return null;
    }
    byte[] line = bytes(feed - in.readerIndex());
    in.skipBytes(1);
    return withoutReturns(line);
  }

  private static byte[] withoutReturns(byte[] line) {
    int kept = 0;
    for (byte b : line) {
      if (b != '\r') {
        line[kept++] = b;
      }
    }
    return kept == line.length ? line : Arrays.copyOf(line, kept);
  }

  private byte[] bytes(int length) {
    byte[] taken = new byte[length];
    in.readBytes(taken);
    return taken;
  }

  private byte[] takeAll() {
    return bytes(in.readableBytes());
  }

  private void progress() {
    Wanted what = wanted;
    if (what == null) {
      return;
    }
    byte[] there = take(what);
    if (there != null) {
      wake(LuaVm.OK, there, "");
    }
  }

  private void wake(int code, byte[] data, String why) {
    LuaWait waiting = reader;
    wanted = null;
    reader = null;
    readDeadline.clear();
    if (waiting != null) {
      if (code == LuaVm.OK) {
        waiting.resume(code, vm -> vm.answer(data));
      } else {
        String partial = new String(data, java.nio.charset.StandardCharsets.ISO_8859_1);
        waiting.resume(code, vm -> vm.answer(Arrays.asList(why, partial)));
      }
    }
  }

  private void readTimedOut() {
    if (idle) {
      close();
    } else if (wanted != null) {
      log("lua tcp socket read timed out");
      wake(FAILED, takeAll(), "timeout");
    }
  }

  // ---- the channel

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf data = (ByteBuf) message;
    try {
      if (idle || closed) {
        close(); // nothing was asked
        return;
      }
      in.discardSomeReadBytes();
      in.writeBytes(data);
    } finally {
      data.release();
    }
    worker.refreshClock();
    progress();
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    if (wanted != null && !closed) {
      channel.read();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    worker.refreshClock();
    ended();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (trouble == null) {
      trouble = words(cause);
    }
    if (!idle && !closed) {
      log("recv() failed (" + numbered(cause) + ")");
    }
    worker.refreshClock();
    ended();
  }

  private void ended() {
    Wanted what = wanted;
    close();
    if (what != null) {
      String why = trouble;
      if (what instanceof All && why == null) {
        wake(LuaVm.OK, takeAll(), "");
      } else {
        wake(FAILED, takeAll(), why == null ? "closed" : why);
      }
    }
  }

  /// Closes it. What it had sent before can still be read.
  void close() {
    if (closed) {
      return;
    }
    closed = true;
    readDeadline.cancel();
    writeDeadline.cancel();
    boolean wasIdle = idle;
    idle = false;
    pool.left(this, wasIdle);
    channel.close();
    if (wasIdle) {
      release(); // nobody has it
    }
  }

  /// Its script is over: nobody reads what is left.
  void release() {
    close();
    if (in.refCnt() > 0) {
      in.release();
    }
  }

  // ---- idling

  /// Goes into its pool. Null, or why it cannot.
  @Nullable String keep(long timeout, int size) {
    if (closed) {
      return "closed";
    }
    if (wanted != null) {
      return "socket busy reading";
    }
    if (writer != null) {
      return "socket busy writing";
    }
    if (in.isReadable()) {
      return "unread data in buffer";
    }
    owner = null;
    patterns.clear();
    idle = true;
    channel.config().setAutoRead(true);
    if (timeout > 0) {
      readDeadline.set(System.nanoTime(), timeout);
    }
    pool.put(this, size);
    return null;
  }

  /// Comes out of its pool.
  void wakeUp() {
    idle = false;
    reused++;
    readDeadline.clear();
    channel.config().setAutoRead(false);
  }

  @Override
  public String toString() {
    return "cosocket to " + peer;
  }
}
