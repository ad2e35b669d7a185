package dev.turnout.lua;

import dev.turnout.log.Level;
import dev.turnout.net.Deadline;
import dev.turnout.net.Worker;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DatagramPacket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A socket of a script for datagrams to and from one peer (`ngx.socket.udp`). What comes while
/// nobody waits is kept, a few datagrams of it. Confined to the VM's loop.
final class LuaDatagrams extends ChannelInboundHandlerAdapter {
  private static final int MOST_KEPT = 64;

  private final Worker worker;
  private final LuaRun owner;
  private final boolean logsErrors;
  private final Deadline deadline;
  private final ArrayDeque<byte[]> came = new ArrayDeque<>();
  private @Nullable Channel channel;
  private @Nullable LuaWait reader;
  private int wanted;
  private @Nullable String trouble;
  private final @Nullable InetSocketAddress local;
  private String upstream = "";
  private boolean closed;

  /// @param local our address that it is to use; null for any
  LuaDatagrams(LuaRun owner, boolean logsErrors, @Nullable InetAddress local) {
    this.local = local == null ? null : new InetSocketAddress(local, 0);
    this.worker = owner.worker();
    this.owner = owner;
    this.logsErrors = logsErrors;
    deadline = new Deadline(worker.loop(), this::timedOut);
    owner.onEnd(this::close);
  }

  /// @param peer whom it is with, as the end of a line of the error log
  void connected(Channel made, String peer) {
    channel = made;
    upstream = peer;
    if (closed) {
      made.close();
    }
  }

  @Nullable InetSocketAddress local() {
    return local;
  }

  boolean isClosed() {
    return closed || channel == null;
  }

  int send(LuaVm vm, ByteBuf data) {
    Channel there = channel;
    if (there == null || closed) {
      data.release();
      return vm.refuse("closed");
    }
    there.writeAndFlush(data);
    return LuaVm.OK;
  }

  int receive(LuaVm vm, int size, long timeout) {
    if (closed) {
      return vm.refuse("closed");
    }
    if (reader != null) {
      return vm.refuse("socket busy");
    }
    byte[] first = came.poll();
    if (first != null) {
      return vm.answer(first, 0, Math.min(size, first.length));
    }
    String why = trouble;
    if (why != null) {
      trouble = null;
      return vm.refuse(why);
    }
    LuaWait wait = vm.suspend();
    wanted = size;
    reader = wait;
    wait.onDrop(() -> reader = null);
    deadline.set(System.nanoTime(), timeout);
    return LuaVm.AGAIN;
  }

  private void timedOut() {
    LuaWait waiting = reader;
    if (waiting != null) {
      reader = null;
      if (logsErrors) {
        owner.log(Level.ERROR, "lua udp socket read timed out" + upstream);
      }
      waiting.resume(LuaVm.REFUSED, vm -> vm.answer("timeout"));
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    byte[] data;
    if (message instanceof DatagramPacket packet) {
      data = ByteBufUtil.getBytes(packet.content());
      packet.release();
    } else {
      ByteBuf bytes = (ByteBuf) message;
      data = ByteBufUtil.getBytes(bytes);
      bytes.release();
    }
    worker.refreshClock();
    LuaWait waiting = reader;
    if (waiting == null) {
      if (came.size() < MOST_KEPT) {
        came.add(data);
      }
      return;
    }
    reader = null;
    deadline.clear();
    byte[] part = data.length > wanted ? Arrays.copyOf(data, wanted) : data;
    waiting.resume(LuaVm.OK, vm -> vm.answer(part));
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    String why = Cosocket.words(cause);
    if (logsErrors) {
      owner.log(Level.ERROR, "recv() failed (" + Cosocket.numbered(cause) + ")" + upstream);
    }
    LuaWait waiting = reader;
    if (waiting == null) {
      trouble = why;
      return;
    }
    reader = null;
    deadline.clear();
    worker.refreshClock();
    waiting.resume(LuaVm.REFUSED, vm -> vm.answer(why));
  }

  void close() {
    if (!closed) {
      closed = true;
      deadline.cancel();
      Channel there = channel;
      if (there != null) {
        there.close();
      }
    }
  }
}
