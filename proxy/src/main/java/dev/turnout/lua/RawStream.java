package dev.turnout.lua;

import dev.turnout.http.Exchange;
import dev.turnout.http.Tunnel;
import dev.turnout.net.Deadline;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/// The connection of a client in the hands of a script (`ngx.req.socket(true)`): what the client
/// sends from now on, and what it gets, are the script's affair, until the connection is closed at
/// its end. Confined to the VM's loop.
final class RawStream extends LuaStream implements Tunnel {
  /// A client that sends ahead of the script is not read on beyond this.
  private static final int AHEAD = 16 * 1024;

  private final LuaRun run;
  private final Exchange exchange;
  private final Deadline writeDeadline;
  private @Nullable LuaWait writer;
  private int writing;
  private boolean paused;

  RawStream(LuaRun run, Exchange exchange, int bufferSize) {
    super(run.worker().loop(), bufferSize);
    this.run = run;
    this.exchange = exchange;
    writeDeadline = new Deadline(run.worker().loop(), this::writeTimedOut);
  }

  /// Takes the connection over; what was written before has been handed to it.
  void begin() {
    exchange.downstream().becomeTunnel(exchange, this);
  }

  @Override
  boolean isWriting() {
    return writer != null;
  }

  @Override
  int send(LuaVm vm, ByteBuf data, long timeout) {
    int size = data.readableBytes();
    exchange.downstream().writeTunnel(data);
    exchange.downstream().flushTunnel();
    if (isClosed()) {
      return vm.refuse("closed");
    }
    if (exchange.downstream().isWritable()) {
      return vm.answer((double) size);
    }
    LuaWait wait = vm.suspend();
    writer = wait;
    writing = size;
    wait.onDrop(() -> {
      writer = null;
      writeDeadline.clear();
    });
    writeDeadline.set(System.nanoTime(), timeout);
    return LuaVm.AGAIN;
  }

  private void writeTimedOut() {
    LuaWait waiting = takeWriter();
    if (waiting != null) {
      log("lua tcp socket write timed out");
      waiting.resume(LuaVm.REFUSED, vm -> vm.answer("timeout"));
    }
  }

  private @Nullable LuaWait takeWriter() {
    LuaWait waiting = writer;
    writer = null;
    writeDeadline.clear();
    return waiting;
  }

  @Override
  void more() {
    if (paused) {
      paused = false;
      exchange.downstream().readTunnel(true);
    }
  }

  @Override
  void closeSource() {
    writeDeadline.cancel(); // the connection is closed when the script is over
  }

  @Override
  public void fromClient(ByteBuf bytes) {
    try {
      if (!isClosed()) {
        came(bytes);
      }
    } finally {
      bytes.release();
    }
    if (!isClosed() && !isReading() && unread() > AHEAD && !paused) {
      paused = true;
      exchange.downstream().readTunnel(false);
    }
  }

  @Override
  public void clientReadComplete() {
    // what came has been given to the script
  }

  @Override
  public void clientFinished() {
    boolean waited = isReading();
    boolean checked = run.settings(exchange).checksClientAbort();
    ended(checked ? "client aborted" : null);
    if (checked && !waited && !run.clientGone()) {
      exchange.downstream().abort(exchange);
    }
  }

  @Override
  public void clientClosed() {
    ended(null);
    LuaWait waiting = takeWriter();
    if (waiting != null) {
      waiting.resume(LuaVm.REFUSED, vm -> vm.answer("closed"));
    }
  }

  @Override
  public void clientWritable(boolean writable) {
    LuaWait waiting = writable ? takeWriter() : null;
    if (waiting != null) {
      waiting.resume(LuaVm.OK, vm -> vm.answer((double) writing));
    }
  }
}
