package dev.turnout.lua;

import dev.turnout.log.Level;
import dev.turnout.net.Deadline;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a script reads from piece by piece: lines, sizes, up to patterns. More is asked for only
/// while the script waits for it. Confined to the VM's loop.
abstract class LuaStream {
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

  private record UpTo(Until until) implements Wanted {}

  private final List<Until> patterns = new ArrayList<>(0);
  private final ByteBuf in;
  private final Deadline readDeadline;
  private @Nullable LuaRun owner;
  private boolean logsErrors;
  private @Nullable Wanted wanted;
  private @Nullable Until matching;
  private @Nullable LuaWait reader;
  private @Nullable Runnable atEnd;
  private int searched;
  private boolean closed;
  private boolean inputOver;
  private @Nullable String trouble;

  LuaStream(io.netty.channel.EventLoop loop, int bufferSize) {
    in = PooledByteBufAllocator.DEFAULT.directBuffer(Math.max(bufferSize, 256));
    readDeadline = new Deadline(loop, this::readTimedOut);
  }

  /// More data is wanted.
  abstract void more();

  /// With whom it is, as the end of a line of the error log.
  String upstream() {
    return "";
  }

  /// It is over: lets go of where the data comes from.
  abstract void closeSource();

  /// Nothing came in time, though nobody waits.
  void idledTooLong() {}

  // ---- whose it is

  /// A script uses it from now on, until its request is over, which does `forget`, too.
  void use(LuaRun run, boolean logErrors, Runnable forget) {
    owner = run;
    logsErrors = logErrors;
    Runnable cleanup =
        () -> {
          forget.run();
          release();
        };
    atEnd = cleanup;
    run.onEnd(cleanup);
  }

  /// No script uses it.
  final void leave() {
    LuaRun run = owner;
    Runnable cleanup = atEnd;
    if (run != null && cleanup != null) {
      run.notOnEnd(cleanup);
    }
    owner = null;
    atEnd = null;
    matching = null;
    patterns.clear();
  }

  final boolean isInputOver() {
    return inputOver;
  }

  final boolean isClosed() {
    return closed;
  }

  /// True while a script waits for what it sends to be taken.
  boolean isWriting() {
    return false;
  }

  /// Takes `data`; returns what the function returns.
  int send(LuaVm vm, ByteBuf data, long timeout) {
    data.release();
    return vm.refuse("closed");
  }

  final boolean isReading() {
    return wanted != null;
  }

  final boolean hasUnread() {
    return in.isReadable();
  }

  /// Bytes that have come and were not asked for yet.
  final int unread() {
    return in.readableBytes();
  }

  final Deadline readDeadline() {
    return readDeadline;
  }

  final void log(String message) {
    LuaRun run = owner;
    if (run != null && logsErrors) {
      run.log(Level.ERROR, message + upstream());
    }
  }

  /// Tells those who look closely.
  final void debug(String message) {
    LuaRun run = owner;
    if (run != null) {
      run.log(Level.DEBUG, message);
    }
  }

  final boolean isDebugged() {
    LuaRun run = owner;
    return run != null && run.isLogged(Level.DEBUG);
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
    if (!until.begin(size)) {
      return ENDED;
    }
    return read(vm, new UpTo(until), timeout);
  }

  private int read(LuaVm vm, Wanted what, long timeout) {
    if (isDebugged()) {
      debug("lua tcp socket read timeout: " + timeout);
    }
    Until pattern = what instanceof UpTo(Until until) ? until : null;
    Until before = matching;
    if (before != null && before != pattern) {
      before.giveBack(in);
    }
    matching = pattern;
    searched = 0;
    byte[] there = take(what);
    if (there != null) {
      return vm.answer(there);
    }
    if (closed || inputOver) {
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
    more();
    return LuaVm.AGAIN;
  }

  /// The input has ended: all that there is will do, or is what was got before it failed.
  private int fail(LuaVm vm, Wanted what) {
    byte[] rest = partial(what);
    String why = trouble;
    if (what instanceof All && why == null) {
      return vm.answer(rest);
    }
    vm.answer(
        Arrays.asList(why == null ? "closed" : why, new String(rest, StandardCharsets.ISO_8859_1)));
    return FAILED;
  }

  private byte @Nullable [] take(Wanted what) {
    return switch (what) {
      case Line _ -> line();
      case All _ -> null;
      case Exactly(int size) -> in.readableBytes() >= size ? bytes(size) : null;
      case Any(int most) -> in.isReadable() ? bytes(Math.min(most, in.readableBytes())) : null;
      case UpTo(Until until) -> until.feed(in) ? until.piece() : null;
    };
  }

  private byte @Nullable [] line() {
    int feed = in.indexOf(in.readerIndex() + searched, in.writerIndex(), (byte) '\n');
    if (feed < 0) {
      searched = in.readableBytes();
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

  /// What there is of what was to be read.
  private byte[] partial(Wanted what) {
    return what instanceof UpTo(Until until) ? until.piece() : takeAll();
  }

  /// Takes data that has come.
  final void came(ByteBuf data) {
    in.discardSomeReadBytes();
    in.writeBytes(data);
    progress();
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
        String partial = new String(data, StandardCharsets.ISO_8859_1);
        waiting.resume(code, vm -> vm.answer(Arrays.asList(why, partial)));
      }
    }
  }

  private void readTimedOut() {
    Wanted what = wanted;
    if (what == null) {
      idledTooLong();
    } else {
      log("lua tcp socket read timed out");
      wake(FAILED, partial(what), "timeout");
    }
  }

  // ---- its end

  /// Nothing more will come; `why` if that is not as it should be.
  final void ended(@Nullable String why) {
    if (trouble == null) {
      trouble = why;
    }
    close();
    inputEnded();
  }

  /// Nothing more will come, though what is sent may still be read.
  final void inputEnded() {
    inputOver = true;
    Wanted what = wanted;
    if (what != null) {
      String known = trouble;
      if (what instanceof All && known == null) {
        wake(LuaVm.OK, takeAll(), "");
      } else {
        wake(FAILED, partial(what), known == null ? "closed" : known);
      }
    }
  }

  /// Closes it. What had come before can still be read.
  final void close() {
    if (!closed) {
      closed = true;
      readDeadline.cancel();
      closeSource();
    }
  }

  /// Its script is over: nobody reads what is left.
  final void release() {
    if (isDebugged()) {
      debug("lua finalize socket");
    }
    close();
    leave();
    if (in.refCnt() > 0) {
      in.release();
    }
  }
}
