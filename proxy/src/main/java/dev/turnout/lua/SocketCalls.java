package dev.turnout.lua;

import dev.turnout.http.Exchange;
import dev.turnout.http.RequestFile;
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
import io.netty.channel.ChannelOption;
import java.io.FileNotFoundException;
import java.lang.invoke.MethodHandles;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// `ngx.socket.tcp`: connections of scripts, on the loop that they run on.
final class SocketCalls implements LuaPart {
  /// How much is read: all of the size, or any of it.
  private static final int ANY = 2;

  @Override
  public String script() {
    return "socket.lua";
  }

  @Override
  public void functions(LuaFunctions functions) {
    functions.addAll(
        MethodHandles.lookup(),
        "sock_connect",
        "int(int, const char *, int, int, const char *, int, int, int, int, const char *, int,"
            + " int)",
        "sock_bind",
        "int(int, const char *, int)",
        "sock_send",
        "int(int, int, const char *, int, int)",
        "sock_receive_some",
        "int(int, int, int, int, int)",
        "sock_until",
        "int(int, int, const char *, int, int)",
        "sock_receive_until",
        "int(int, int, int, int, int)",
        "sock_keep",
        "int(int, int, double, int)",
        "sock_close",
        "int(int, int)",
        "sock_reused",
        "int(int, int)",
        "sock_body",
        "int(int)",
        "sock_raw",
        "int(int)");
  }

  private static SocketSettings settings(LuaVm vm) {
    return vm.program().sockets(vm.run().exchange());
  }

  private static long or(int millis, long standard) {
    return millis > 0 ? millis : standard;
  }

  /// With whom a connection is, as the end of a line of the error log.
  static String upstream(String host, int port, String address) {
    return ", upstream: " + host + (port == 0 ? "" : ":" + port) + "(" + address + ")";
  }

  // ---- connecting

  /// One attempt to connect, from the name to the connection. Confined to the loop.
  private static final class Connecting implements Runnable {
    private final LuaVm vm;
    private final LuaRun run;
    private final Worker worker;
    private final SocketSettings settings;
    private final CosocketPool pool;
    private final String host;
    private final int port;
    private final long timeout;
    private final @Nullable InetSocketAddress from;
    private @Nullable LuaWait wait;
    private @Nullable ChannelFuture made;
    private boolean entered;

    Connecting(
        LuaVm vm,
        CosocketPool pool,
        String host,
        int port,
        int timeout,
        @Nullable InetSocketAddress from) {
      this.from = from;
      this.vm = vm;
      this.run = vm.run();
      this.worker = run.worker();
      this.settings = SocketCalls.settings(vm);
      this.pool = pool;
      this.host = host;
      this.port = port;
      this.timeout = or(timeout, settings.connectTimeout());
      if (run.isLogged(Level.DEBUG)) {
        run.log(Level.DEBUG, "lua tcp socket connect timeout: " + this.timeout);
      }
    }

    private boolean isOver() {
      LuaWait there = wait;
      return there == null || there.isOver();
    }

    private void fail(String why) {
      if (entered) {
        entered = false;
        pool.left();
      }
      LuaWait there = wait;
      if (there != null) {
        there.resume(LuaVm.REFUSED, v -> v.answer(why));
      }
    }

    private void log(String message) {
      if (settings.logErrors()) {
        run.log(Level.ERROR, message);
      }
    }

    /// Begins; returns what the function returns.
    int begin() {
      if (pool.isFull()) {
        if (!pool.await(this)) {
          return vm.refuse("too many waiting connect operations");
        }
        LuaWait there = suspend();
        worker
            .loop()
            .schedule(
                () -> {
                  if (!there.isOver() && !entered) {
                    pool.forget(this);
                    log(
                        "lua tcp socket queued connect timed out, when trying to connect to "
                            + host
                            + ":"
                            + port);
                    fail("timeout");
                  }
                },
                timeout,
                TimeUnit.MILLISECONDS);
        return LuaVm.AGAIN;
      }
      LuaWait _ = suspend();
      vm.later(this);
      return LuaVm.AGAIN;
    }

    private LuaWait suspend() {
      LuaWait mine = vm.suspend();
      wait = mine;
      mine.onDrop(() -> {
        pool.forget(this);
        ChannelFuture there = made;
        if (there != null && !there.isDone()) {
          there.channel().close();
        }
      });
      return mine;
    }

    /// It is its turn.
    @Override
    public void run() {
      if (isOver()) {
        return;
      }
      Cosocket idle = pool.take();
      if (idle != null) {
        connected(idle);
        return;
      }
      entered = true;
      pool.entered();
      if (host.startsWith("unix:")) {
        String path = host.substring(5);
        to(worker.transport().unixAddress(RequestFile.path(path).toString()), host);
        return;
      }
      InetAddress literal = literal(host);
      if (literal != null) {
        to(new InetSocketAddress(literal, port), ListenAddress.numeric(literal));
        return;
      }
      Resolver resolver = settings.resolver();
      if (resolver == null) {
        fail("no resolver defined to resolve \"" + host + "\"");
        return;
      }
      List<InetAddress> known = resolver.known(host);
      if (known != null) {
        resolved(known);
      } else {
        resolver.resolve(host, settings.resolverTimeout(), this::answered);
      }
    }

    private void answered(NameAnswer answer) {
      try {
        worker
            .loop()
            .execute(() -> {
              worker.refreshClock();
              if (isOver()) {
                fail("closed");
                return;
              }
              switch (answer) {
                case NameAnswer.Found(var addresses, _) -> resolved(addresses);
                case NameAnswer.Failed(var trouble, _) ->
                    fail(host + " could not be resolved (" + trouble.text() + ")");
              }
            });
      } catch (RejectedExecutionException _) {
        // the loop has ended, and with it the script
      }
    }

    private void resolved(List<InetAddress> addresses) {
      int chosen =
          addresses.size() == 1 ? 0 : ThreadLocalRandom.current().nextInt(addresses.size());
      InetAddress address = addresses.get(chosen);
      to(new InetSocketAddress(address, port), ListenAddress.numeric(address));
    }

    private void to(SocketAddress address, String shown) {
      Bootstrap bootstrap =
          new Bootstrap()
              .group(worker.loop())
              .channelFactory(worker.transport().clientChannels(address))
              .option(ChannelOption.AUTO_READ, false)
              .option(ChannelOption.ALLOW_HALF_CLOSURE, true)
              .option(
                  ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) Math.min(timeout, Integer.MAX_VALUE))
              .handler(
                  new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                      // the socket is its handler, once it is connected
                    }
                  });
      if (address instanceof InetSocketAddress) {
        bootstrap.option(ChannelOption.TCP_NODELAY, true);
      }
      InetSocketAddress local = address instanceof InetSocketAddress ? from : null;
      ChannelFuture future =
          local == null ? bootstrap.connect(address) : bootstrap.connect(address, local);
      made = future;
      future.addListener(done -> {
        worker.refreshClock();
        if (done.isSuccess()) {
          Cosocket socket =
              new Cosocket(
                  worker,
                  future.channel(),
                  pool,
                  upstream(host, port, shown),
                  (int) settings.bufferSize());
          entered = false; // from now on the socket counts
          if (isOver()) {
            socket.release();
          } else {
            connected(socket);
          }
        } else {
          failed(done.cause(), shown);
        }
      });
    }

    private void failed(Throwable cause, String shown) {
      if (cause instanceof io.netty.channel.ConnectTimeoutException) {
        log("lua tcp socket connect timed out" + upstream(host, port, shown));
        fail("timeout");
        return;
      }
      if (from != null && Cosocket.numbered(cause).endsWith("assign requested address")) {
        run.log(
            Level.CRIT,
            "bind("
                + ListenAddress.numeric(from.getAddress())
                + ") failed ("
                + Cosocket.numbered(cause)
                + ")");
      } else if (!isOver()) {
        String line =
            "connect() "
                + (host.startsWith("unix:") ? "to " + host + " " : "")
                + "failed ("
                + Cosocket.numbered(cause)
                + ")"
                + upstream(host, port, shown);
        if (cause instanceof FileNotFoundException) { // nginx's level for what is wrong here
          run.log(Level.CRIT, line);
        } else {
          log(line);
        }
      }
      fail(Cosocket.words(cause));
    }

    private void connected(Cosocket socket) {
      int number = vm.sockets().add(socket, run, settings.logErrors());
      LuaWait there = wait;
      if (there != null) {
        there.resume(LuaVm.OK, v -> v.also(number));
      }
    }
  }

  /// Connects, or takes a connection out of its pool. The number of the socket is in `m`.
  static int sockConnect(
      LuaVm vm,
      long host,
      int hostLength,
      int port,
      long key,
      int keyLength,
      int poolSize,
      int backlog,
      int timeout,
      long from,
      int fromLength,
      int fromPort) {
    String name = vm.text(host, hostLength);
    CosocketPool pool = vm.sockets().pool(vm.text(key, keyLength));
    if (poolSize > 0 || backlog >= 0) { // else it is made when the first connection is to idle
      pool.limits(poolSize > 0 ? poolSize : settings(vm).poolSize(), backlog);
    }
    Cosocket idle = pool.take();
    if (idle != null) {
      vm.also(vm.sockets().add(idle, vm.run(), settings(vm).logErrors()));
      return LuaVm.OK;
    }
    InetAddress local = fromLength == 0 ? null : literal(vm.text(from, fromLength));
    return new Connecting(
            vm,
            pool,
            name,
            port,
            timeout,
            local == null ? null : new InetSocketAddress(local, fromPort))
        .begin();
  }

  /// Says whether a socket can be told to use this address of ours.
  static int sockBind(LuaVm vm, long address, int length) {
    String text = vm.text(address, length);
    if (literal(text) == null) {
      return vm.refuse("bad address");
    }
    if (vm.run().isLogged(Level.DEBUG)) {
      vm.run().log(Level.DEBUG, "lua tcp socket bind ip: " + text);
    }
    return LuaVm.OK;
  }

  /// The address that is written so, which may be in brackets; null if it is none.
  static @Nullable InetAddress literal(String host) {
    try {
      boolean v6 = host.startsWith("[") && host.endsWith("]");
      return InetAddress.ofLiteral(v6 ? host.substring(1, host.length() - 1) : host);
    } catch (IllegalArgumentException _) {
      return null;
    }
  }

  // ---- sending and receiving

  private static @Nullable LuaStream stream(LuaVm vm, int number) {
    return vm.sockets().get(number);
  }

  private static @Nullable Cosocket socket(LuaVm vm, int number) {
    return stream(vm, number) instanceof Cosocket socket ? socket : null;
  }

  private static int closed(LuaVm vm, String verb) {
    if (settings(vm).logErrors()) {
      vm.run()
          .log(
              Level.ERROR,
              "attempt to "
                  + verb
                  + " data on a closed socket: u:0000000000000000,"
                  + " c:0000000000000000, ft:0 eof:0");
    }
    return vm.refuse("closed");
  }

  static int sockSend(LuaVm vm, int number, long data, int length, int timeout) {
    LuaStream socket = stream(vm, number);
    if (socket == null || socket.isClosed()) {
      return closed(vm, "send");
    }
    if (socket.isWriting()) {
      return vm.refuse("socket busy writing");
    }
    if (length == 0) {
      return vm.answer(0.0);
    }
    ByteBuf buffer = PooledByteBufAllocator.DEFAULT.directBuffer(length);
    vm.copy(data, length, buffer);
    return socket.send(vm, buffer, or(timeout, settings(vm).sendTimeout()));
  }

  /// `size` of -1 is a line, of -2 all there will be.
  static int sockReceiveSome(LuaVm vm, int number, int size, int how, int timeout) {
    LuaStream socket = stream(vm, number);
    if (socket == null) {
      return closed(vm, "receive");
    }
    if (socket.isReading()) {
      return vm.refuse("socket busy reading");
    }
    long wait = or(timeout, settings(vm).readTimeout());
    if (size == -1) {
      return socket.receiveLine(vm, wait);
    }
    if (size == -2) {
      return socket.receiveAll(vm, wait);
    }
    return how == ANY ? socket.receiveAny(vm, size, wait) : socket.receive(vm, size, wait);
  }

  /// Notes a pattern; its number is in `m`.
  static int sockUntil(LuaVm vm, int number, long pattern, int length, int inclusive) {
    LuaStream socket = stream(vm, number);
    if (socket == null) {
      return closed(vm, "receive");
    }
    vm.also(socket.until(vm.bytes(pattern, length), inclusive != 0));
    return LuaVm.OK;
  }

  static int sockReceiveUntil(LuaVm vm, int number, int pattern, int size, int timeout) {
    LuaStream socket = stream(vm, number);
    if (socket == null) {
      return closed(vm, "receive");
    }
    if (socket.isReading()) {
      return vm.refuse("socket busy reading");
    }
    return socket.receiveUntil(vm, pattern, size, or(timeout, settings(vm).readTimeout()));
  }

  // ---- the end

  /// Puts it into its pool; `timeout` in milliseconds, less than 0 for what is configured.
  static int sockKeep(LuaVm vm, int number, double timeout, int size) {
    Cosocket socket = socket(vm, number);
    if (socket == null) {
      return vm.refuse("closed");
    }
    SocketSettings settings = settings(vm);
    String trouble =
        socket.keep(
            timeout < 0 ? settings.keepaliveTimeout() : (long) timeout,
            size > 0 ? size : settings.poolSize());
    if (trouble != null) {
      return vm.refuse(trouble);
    }
    vm.sockets().remove(number);
    return LuaVm.OK;
  }

  /// Closes it: also one that its peer has closed is the script's to close, once.
  static int sockClose(LuaVm vm, int number) {
    Cosocket socket = socket(vm, number);
    if (socket == null) {
      return vm.refuse("closed");
    }
    if (socket.isReading()) {
      return vm.refuse("socket busy reading");
    }
    if (socket.isWriting()) {
      return vm.refuse("socket busy writing");
    }
    socket.release();
    vm.sockets().remove(number);
    return LuaVm.OK;
  }

  static int sockReused(LuaVm vm, int number) {
    Cosocket socket = socket(vm, number);
    if (socket == null || socket.isClosed()) {
      return vm.refuse("closed");
    }
    return vm.answer((double) socket.reused());
  }

  /// The body of the request as a socket; its number is in `m`.
  static int sockBody(LuaVm vm) {
    LuaRun run = vm.run();
    Exchange exchange = run.requireExchange();
    if (exchange.isSubrequest()) {
      throw new LuaError("attempt to read the request body in a subrequest");
    }
    if (run.hasTakenConnection() || run.isBodyStreamed()) {
      return vm.refuse("duplicate call");
    }
    if (exchange.request().chunked()) {
      return vm.refuse("chunked request bodies not supported yet");
    }
    if (exchange.request().contentLength() <= 0) {
      return vm.refuse("no body");
    }
    if (exchange.body().isWanted() && !exchange.body().isComplete()) {
      return vm.refuse("duplicate call");
    }
    if (exchange.body().isComplete()) {
      return vm.refuse("request body already exists");
    }
    SocketSettings settings = settings(vm);
    BodyStream stream = new BodyStream(run, exchange, (int) settings.bufferSize());
    vm.also(vm.sockets().add(stream, run, settings.logErrors()));
    run.streamsBody();
    vm.later(stream::begin);
    return LuaVm.OK;
  }

  /// The connection of the client itself as a socket; its number is in `m`. Waits until what was
  /// written before is on its way.
  static int sockRaw(LuaVm vm) {
    LuaRun run = vm.run();
    Exchange exchange = run.requireExchange();
    if (exchange.isSubrequest()) {
      throw new LuaError("attempt to read the request body in a subrequest");
    }
    if (run.hasTakenConnection() || run.isBodyStreamed()) {
      return vm.refuse("duplicate call");
    }
    boolean wanted = run.isReadingBody() || exchange.body().isWanted();
    if (wanted && !exchange.body().isComplete()) {
      return vm.refuse("pending request body reading in some other thread");
    }
    if (run.isBuffering()) {
      return vm.refuse("http 1.0 buffering");
    }
    if (run.isEnded()) {
      return vm.refuse("seen eof");
    }
    LuaWait wait = vm.suspend();
    vm.later(() -> {
      if (!wait.isOver() && !run.isOver()) {
        SocketSettings settings = vm.program().sockets(exchange);
        RawStream stream = new RawStream(run, exchange, (int) settings.bufferSize());
        int number = vm.sockets().add(stream, run, settings.logErrors());
        run.takesConnection();
        stream.begin();
        wait.resume(LuaVm.OK, v -> v.also(number));
      }
    });
    return LuaVm.AGAIN;
  }
}
