package dev.turnout.lua;

import dev.turnout.log.Level;
import dev.turnout.net.ListenAddress;
import dev.turnout.net.Worker;
import dev.turnout.net.resolve.NameAnswer;
import dev.turnout.net.resolve.Resolver;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import java.lang.invoke.MethodHandles;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;

/// `ngx.socket.udp`: datagrams of scripts.
final class DatagramCalls implements LuaPart {
  private static final int LARGEST = 65_507;

  @Override
  public String script() {
    return "udp.lua";
  }

  @Override
  public void functions(LuaFunctions functions) {
    functions.addAll(
        MethodHandles.lookup(),
        "udp_peer",
        "int(int, const char *, int, int, const char *, int)",
        "udp_send",
        "int(int, int, const char *, int)",
        "udp_receive",
        "int(int, int, int, int)",
        "udp_close",
        "int(int, int)");
  }

  private static SocketSettings settings(LuaVm vm) {
    return vm.program().sockets(vm.run().exchange());
  }

  /// Names the peer; the number of the socket is in `m`.
  static int udpPeer(LuaVm vm, long host, int length, int port, long from, int fromLength) {
    String name = vm.text(host, length);
    LuaRun run = vm.run();
    SocketSettings settings = settings(vm);
    InetAddress local = fromLength == 0 ? null : SocketCalls.literal(vm.text(from, fromLength));
    LuaDatagrams socket = new LuaDatagrams(run, settings.logErrors(), local);
    InetAddress literal = SocketCalls.literal(name);
    Resolver resolver = settings.resolver();
    List<InetAddress> known =
        literal != null ? List.of(literal) : resolver == null ? null : resolver.known(name);
    if (known == null && resolver == null) {
      return vm.refuse("no resolver defined to resolve \"" + name + "\"");
    }
    int number = vm.datagrams().add(socket);
    run.onEnd(() -> vm.datagrams().remove(number));
    LuaWait wait = vm.suspend();
    Worker worker = run.worker();
    if (known != null || resolver == null) {
      InetAddress address = chosen(known == null ? List.of() : known);
      vm.later(() -> connect(worker, socket, name, address, port, wait, number));
    } else {
      resolver.resolve(
          name,
          settings.resolverTimeout(),
          answer -> answered(worker, answer, name, socket, port, wait, number));
    }
    return LuaVm.AGAIN;
  }

  private static InetAddress chosen(List<InetAddress> addresses) {
    return addresses.get(ThreadLocalRandom.current().nextInt(addresses.size()));
  }

  private static void answered(
      Worker worker,
      NameAnswer answer,
      String name,
      LuaDatagrams socket,
      int port,
      LuaWait wait,
      int number) {
    try {
      worker
          .loop()
          .execute(() -> {
            worker.refreshClock();
            switch (answer) {
              case NameAnswer.Found(var addresses, _) ->
                  connect(worker, socket, name, chosen(addresses), port, wait, number);
              case NameAnswer.Failed(var trouble, _) ->
                  wait.resume(
                      LuaVm.REFUSED,
                      vm -> vm.answer(name + " could not be resolved (" + trouble.text() + ")"));
            }
          });
    } catch (RejectedExecutionException _) {
      // the loop has ended, and with it the script
    }
  }

  private static void connect(
      Worker worker,
      LuaDatagrams socket,
      String name,
      InetAddress address,
      int port,
      LuaWait wait,
      int number) {
    if (wait.isOver()) {
      return;
    }
    ChannelFuture made =
        new Bootstrap()
            .group(worker.loop())
            .channelFactory(worker.transport().datagramChannels())
            .handler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    channel.pipeline().addLast(socket);
                  }
                })
            .connect(new InetSocketAddress(address, port), socket.local());
    made.addListener(done -> {
      worker.refreshClock();
      if (done.isSuccess()) {
        socket.connected(
            made.channel(), SocketCalls.upstream(name, port, ListenAddress.numeric(address)));
        wait.resume(LuaVm.OK, vm -> vm.also(number));
      } else {
        String why = Cosocket.words(done.cause());
        wait.resume(LuaVm.REFUSED, vm -> vm.answer(why));
      }
    });
  }

  static int udpSend(LuaVm vm, int number, long data, int length) {
    LuaDatagrams socket = vm.datagrams().get(number);
    if (socket == null || socket.isClosed()) {
      return vm.refuse("closed");
    }
    if (length > LARGEST) {
      return vm.refuse("message too long");
    }
    ByteBuf buffer = PooledByteBufAllocator.DEFAULT.directBuffer(Math.max(1, length));
    vm.copy(data, length, buffer);
    return socket.send(vm, buffer);
  }

  static int udpReceive(LuaVm vm, int number, int size, int timeout) {
    LuaDatagrams socket = vm.datagrams().get(number);
    if (socket == null || socket.isClosed()) {
      return vm.refuse("closed");
    }
    if (vm.run().isLogged(Level.DEBUG)) {
      vm.run().log(Level.DEBUG, "lua udp socket receive buffer size: " + size);
    }
    return socket.receive(vm, size, timeout > 0 ? timeout : settings(vm).readTimeout());
  }

  static int udpClose(LuaVm vm, int number) {
    LuaDatagrams socket = vm.datagrams().get(number);
    if (socket == null || socket.isClosed()) {
      return vm.refuse("closed");
    }
    socket.close();
    return LuaVm.OK;
  }
}
