package dev.turnout.control;

import dev.turnout.http.ConnectionCounters;
import dev.turnout.http.Generation;
import dev.turnout.http.ListenSettings;
import dev.turnout.http.PhaseEngine;
import dev.turnout.http.h1.Http1Connection;
import dev.turnout.http.h1.Http1Loop;
import dev.turnout.http.h1.ListenPoint;
import dev.turnout.http.h1.ProxyProtocol;
import dev.turnout.net.ListenAddress;
import dev.turnout.net.Transport;
import dev.turnout.net.Worker;
import dev.turnout.net.Workers;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.UnixChannelOption;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/// What the node listens on. An address that stays from one generation to the next stays bound,
/// with its connections; only what they are served by changes. Used by the control thread alone.
public final class Listeners {
  private static final WriteBufferWaterMark WATER_MARK =
      new WriteBufferWaterMark(64 * 1024, 256 * 1024);

  /// A read that fills its buffer costs another one: so none is smaller than a usual request head.
  private static final AdaptiveRecvByteBufAllocator READS =
      new AdaptiveRecvByteBufAllocator(1024, 2048, 256 * 1024);

  private final Workers workers;
  private final Transport transport;
  private final List<Http1Loop> loops;
  private final IdentityHashMap<EventLoop, Http1Loop> byLoop = new IdentityHashMap<>();
  private final Map<SocketAddress, Bound> bound = new HashMap<>();

  private record Bound(ListenPoint point, Channel channel) {}

  public Listeners(
      Workers workers,
      Transport transport,
      PhaseEngine engine,
      ConnectionCounters counters,
      int connectionsPerLoop) {
    this.workers = workers;
    this.transport = transport;
    this.loops =
        workers.all().stream()
            .map(worker -> new Http1Loop(worker, engine, counters, connectionsPerLoop))
            .toList();
    for (Http1Loop loop : loops) {
      byLoop.put(loop.worker().loop(), loop);
    }
  }

  /// Binds what `generation` listens on and is not bound yet; requests are not served by it before
  /// [Prepared#serve].
  ///
  /// @throws IOException in nginx's words if an address cannot be bound; then nothing has changed
  public Prepared prepare(Generation generation) throws IOException {
    Map<SocketAddress, Bound> fresh = new HashMap<>();
    for (Map.Entry<SocketAddress, ListenSettings> entry : generation.listens().entrySet()) {
      if (!bound.containsKey(entry.getKey())) {
        try {
          fresh.put(entry.getKey(), bind(entry.getKey(), entry.getValue(), generation));
        } catch (IOException e) {
          fresh.values().forEach(one -> closeQuietly(one));
          throw e;
        }
      }
    }
    return new Prepared(generation, fresh);
  }

  /// A generation whose addresses are bound.
  public final class Prepared {
    private final Generation generation;
    private final Map<SocketAddress, Bound> fresh;

    private Prepared(Generation generation, Map<SocketAddress, Bound> fresh) {
      this.generation = generation;
      this.fresh = fresh;
    }

    /// Requests that begin from now on are served by this generation; what it does not listen on is
    /// closed.
    public void serve() {
      for (Http1Loop loop : loops) {
        loop.worker().loop().execute(loop::resume);
      }
      bound.putAll(fresh);
      List<SocketAddress> gone = new ArrayList<>();
      for (Map.Entry<SocketAddress, Bound> entry : bound.entrySet()) {
        ListenSettings settings = generation.listens().get(entry.getKey());
        if (settings == null) {
          gone.add(entry.getKey());
        } else {
          entry.getValue().point().serve(new ListenPoint.Serving(generation, settings));
        }
      }
      for (Bound one : fresh.values()) {
        one.channel().config().setAutoRead(true);
      }
      for (SocketAddress address : gone) {
        Bound one = bound.remove(address);
        if (one != null) {
          retire(one);
        }
      }
    }

    /// The generation is given up: what was bound for it is closed.
    public void abandon() {
      fresh.values().forEach(Listeners::closeQuietly);
    }
  }

  private void retire(Bound one) {
    one.point().close();
    closeQuietly(one);
    for (Http1Loop loop : loops) {
      loop.worker().loop().execute(() -> loop.retire(one.point()));
    }
  }

  private static void closeQuietly(Bound one) {
    one.channel().close().awaitUninterruptibly();
    if (one.point().address() instanceof DomainSocketAddress unix) {
      try {
        Files.deleteIfExists(Path.of(unix.path()));
      } catch (IOException _) {
        // the next bind to it says what is wrong
      }
    }
  }

  private Bound bind(SocketAddress address, ListenSettings settings, Generation generation)
      throws IOException {
    ListenPoint point = new ListenPoint(address, new ListenPoint.Serving(generation, settings));
    ListenSettings.Socket socket = settings.socket();
    Worker acceptor = workers.next();
    ServerBootstrap bootstrap =
        new ServerBootstrap()
            .group(acceptor.loop(), workers.group())
            .channelFactory(transport.serverChannels(address))
            .option(ChannelOption.SO_BACKLOG, socket.backlog() < 0 ? 511 : socket.backlog())
            .option(ChannelOption.AUTO_READ, false)
            .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
            .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, WATER_MARK);
    if (address instanceof InetSocketAddress inet) {
      if (socket.ipv6Only() && inet.getAddress() instanceof Inet6Address) {
        transport.takeIpv6Only(bootstrap);
      }
      bootstrap
          .option(ChannelOption.SO_REUSEADDR, true)
          .childOption(ChannelOption.TCP_NODELAY, true)
          .childOption(ChannelOption.SO_KEEPALIVE, socket.keepAlive().on());
      if (socket.reusePort() && transport != Transport.NIO) {
        bootstrap.option(UnixChannelOption.SO_REUSEPORT, true);
      }
      ListenSettings.KeepAlive alive = socket.keepAlive();
      transport.keepAlive(bootstrap, alive.idleSeconds(), alive.intervalSeconds(), alive.count());
      if (socket.deferred()) {
        transport.deferAccepting(bootstrap);
      }
      if (socket.fastOpen() >= 0) {
        transport.openFast(bootstrap, socket.fastOpen());
      }
    }
    if (socket.receiveBuffer() > 0) {
      bootstrap.option(ChannelOption.SO_RCVBUF, socket.receiveBuffer());
    }
    if (socket.sendBuffer() > 0) {
      bootstrap.childOption(ChannelOption.SO_SNDBUF, socket.sendBuffer());
    }
    bootstrap.childHandler(
        new ChannelInitializer<Channel>() {
          @Override
          protected void initChannel(Channel channel) {
            Http1Loop loop = byLoop.get(channel.eventLoop());
            if (loop == null) {
              throw new IllegalStateException("a connection on a loop that is not ours");
            }
            channel.config().setRecvByteBufAllocator(READS);
            if (point.serving().settings().isProxied(channel.localAddress())) {
              channel.pipeline().addLast(new ProxyProtocol(point));
            }
            channel.pipeline().addLast(new Http1Connection(loop, point));
          }
        });
    ChannelFuture future = bootstrap.bind(address).awaitUninterruptibly();
    if (!future.isSuccess()) {
      throw new IOException(
          "bind() to "
              + ListenAddress.text(address)
              + " failed ("
              + systemError(future.cause())
              + ")",
          future.cause());
    }
    return new Bound(point, future.channel());
  }

  private static String systemError(Throwable cause) {
    String text = String.valueOf(cause.getMessage());
    if (text.contains("Address already in use")) {
      return "98: Address already in use";
    }
    if (text.contains("Permission denied")) {
      return "13: Permission denied";
    }
    if (text.contains("Cannot assign requested address")) {
      return "99: Cannot assign requested address";
    }
    if (text.contains("No such file or directory")) {
      return "2: No such file or directory";
    }
    return text;
  }

  /// The addresses that are bound, as they are: with the port that the system gave for port 0.
  public List<SocketAddress> addresses() {
    return bound.values().stream().map(one -> one.channel().localAddress()).toList();
  }

  /// Takes no more connections; idle ones close now, busy ones after their answer.
  public void close() {
    bound.values().forEach(this::retire);
    bound.clear();
    for (Http1Loop loop : loops) {
      loop.worker().loop().execute(loop::end);
    }
  }

  /// Cuts what is left.
  public void abort() {
    for (Http1Loop loop : loops) {
      loop.worker().loop().execute(loop::abort);
    }
  }

  /// The connections that are open on a loop; exact when asked on the loop.
  public List<Http1Loop> loops() {
    return loops;
  }
}
