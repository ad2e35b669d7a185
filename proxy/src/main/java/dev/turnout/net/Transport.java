package dev.turnout.net;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelOption;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.epoll.EpollTcpInfo;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.SocketProtocolFamily;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.IntegerUnixChannelOption;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringChannelOption;
import io.netty.channel.uring.IoUringDatagramChannel;
import io.netty.channel.uring.IoUringDomainSocketChannel;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerDomainSocketChannel;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.channel.uring.IoUringSocketChannel;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.Locale;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/// How sockets are driven: epoll by default, io_uring when asked for (`use io_uring;` in `events`),
/// NIO where neither native library can be loaded.
public enum Transport {
  EPOLL,
  IO_URING,
  NIO;

  // of Linux' <netinet/in.h>: IPPROTO_IPV6, IPV6_V6ONLY
  private static final ChannelOption<Integer> IPV6_V6ONLY =
      new IntegerUnixChannelOption("IPV6_V6ONLY", 41, 26);

  static {
    NettyLogging.install();
  }

  /// The transport that `use` names, or the best one that works here when it names none.
  ///
  /// @throws IllegalArgumentException if the named one cannot be had; the message says why
  public static Transport choose(@Nullable String use) {
    if (use == null) {
      return Epoll.isAvailable() ? EPOLL : NIO;
    }
    return switch (use.toLowerCase(Locale.ROOT)) {
      case "epoll" -> available(EPOLL, Epoll.isAvailable(), Epoll.unavailabilityCause());
      case "io_uring" -> available(IO_URING, IoUring.isAvailable(), IoUring.unavailabilityCause());
      case "nio", "poll", "select" -> NIO;
      default -> throw new IllegalArgumentException("invalid event type \"" + use + "\"");
    };
  }

  private static Transport available(Transport wanted, boolean there, @Nullable Throwable why) {
    if (!there) {
      throw new IllegalArgumentException(
          "event type \"" + wanted.label() + "\" cannot be had here: " + why);
    }
    return wanted;
  }

  /// The name in `use` and in the start notice.
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  IoHandlerFactory ioHandlers() {
    return switch (this) {
      case EPOLL -> EpollIoHandler.newFactory();
      case IO_URING -> IoUringIoHandler.newFactory();
      case NIO -> NioIoHandler.newFactory();
    };
  }

  /// Makes listening channels for addresses of this kind.
  public ChannelFactory<? extends ServerChannel> serverChannels(SocketAddress address) {
    boolean unix = isUnix(address);
    return switch (this) {
      case EPOLL ->
          unix
              ? EpollServerDomainSocketChannel::new
              : isIpv4(address)
                  ? () -> new EpollServerSocketChannel(SocketProtocolFamily.INET)
                  : EpollServerSocketChannel::new;
      case IO_URING ->
          unix ? IoUringServerDomainSocketChannel::new : IoUringServerSocketChannel::new;
      case NIO -> unix ? NioServerDomainSocketChannel::new : NioServerSocketChannel::new;
    };
  }

  /// Listens on an IPv6 address without taking IPv4 connections there; NIO cannot.
  public void takeIpv6Only(ServerBootstrap listening) {
    if (this != NIO) {
      listening.option(IPV6_V6ONLY, 1);
    }
  }

  /// Listens so that a connection is accepted when something has come on it; NIO cannot.
  public void deferAccepting(ServerBootstrap listening) {
    switch (this) {
      case EPOLL -> listening.option(EpollChannelOption.TCP_DEFER_ACCEPT, 1);
      case IO_URING -> listening.option(IoUringChannelOption.TCP_DEFER_ACCEPT, 1);
      case NIO -> {
        // it is accepted at once: nothing but a little time is lost
      }
    }
  }

  /// How accepted connections are kept alive; 0 leaves it to the system, and NIO always does.
  public void keepAlive(ServerBootstrap listening, int idle, int interval, int count) {
    switch (this) {
      case EPOLL -> {
        childOption(listening, EpollChannelOption.TCP_KEEPIDLE, idle);
        childOption(listening, EpollChannelOption.TCP_KEEPINTVL, interval);
        childOption(listening, EpollChannelOption.TCP_KEEPCNT, count);
      }
      case IO_URING -> {
        childOption(listening, IoUringChannelOption.TCP_KEEPIDLE, idle);
        childOption(listening, IoUringChannelOption.TCP_KEEPINTVL, interval);
        childOption(listening, IoUringChannelOption.TCP_KEEPCNT, count);
      }
      case NIO -> {
        // the system's
      }
    }
  }

  private static void childOption(
      ServerBootstrap listening, ChannelOption<Integer> option, int value) {
    if (value > 0) {
      listening.childOption(option, value);
    }
  }

  /// Listens so that the first bytes may come with the connection (RFC 7413); NIO cannot.
  public void openFast(ServerBootstrap listening, int waiting) {
    switch (this) {
      case EPOLL -> listening.option(ChannelOption.TCP_FASTOPEN, waiting);
      case IO_URING -> listening.option(ChannelOption.TCP_FASTOPEN, waiting);
      case NIO -> {
        // the first bytes come after the connection, as ever
      }
    }
  }

  /// Makes connecting channels for addresses of this kind.
  public ChannelFactory<? extends Channel> clientChannels(SocketAddress address) {
    boolean unix = isUnix(address);
    return switch (this) {
      case EPOLL -> unix ? EpollDomainSocketChannel::new : EpollSocketChannel::new;
      case IO_URING -> unix ? IoUringDomainSocketChannel::new : IoUringSocketChannel::new;
      case NIO -> unix ? NioDomainSocketChannel::new : NioSocketChannel::new;
    };
  }

  /// Makes channels for datagrams.
  public ChannelFactory<? extends DatagramChannel> datagramChannels() {
    return switch (this) {
      case EPOLL -> EpollDatagramChannel::new;
      case IO_URING -> IoUringDatagramChannel::new;
      case NIO -> NioDatagramChannel::new;
    };
  }

  /// Makes connecting channels for TCP.
  public ChannelFactory<? extends SocketChannel> streamChannels() {
    return switch (this) {
      case EPOLL -> EpollSocketChannel::new;
      case IO_URING -> IoUringSocketChannel::new;
      case NIO -> NioSocketChannel::new;
    };
  }

  /// The unix socket at `path`, as this transport wants it said.
  public SocketAddress unixAddress(String path) {
    return this == NIO ? UnixDomainSocketAddress.of(path) : new DomainSocketAddress(path);
  }

  /// The user at the other end of a unix socket, as the kernel vouches for it; empty if `channel`
  /// is no such socket, or the transport cannot tell.
  public static OptionalInt peerUser(Channel channel) {
    try {
      return switch (channel) {
        case EpollDomainSocketChannel epoll -> OptionalInt.of(epoll.peerCredentials().uid());
        case IoUringDomainSocketChannel ring -> OptionalInt.of(ring.peerCredentials().uid());
        default -> OptionalInt.empty();
      };
    } catch (IOException _) {
      return OptionalInt.empty(); // it is gone
    }
  }

  /// What the kernel knows about the TCP connection of `channel`; null if it is none, or the
  /// transport cannot tell.
  public static @Nullable TcpState tcpState(Channel channel) {
    if (!(channel instanceof EpollSocketChannel epoll) || !epoll.isOpen()) {
      return null;
    }
    try {
      EpollTcpInfo info = epoll.tcpInfo();
      return new TcpState(info.rtt(), info.rttvar(), info.sndCwnd(), info.rcvSpace());
    } catch (ChannelException _) {
      return null; // it is gone
    }
  }

  /// True for an IPv4 address, whose socket leaves the same port of IPv6 to another one.
  private static boolean isIpv4(SocketAddress address) {
    return address instanceof InetSocketAddress inet && inet.getAddress() instanceof Inet4Address;
  }

  /// True for either form of a unix socket's address.
  public static boolean isUnix(@Nullable SocketAddress address) {
    return address instanceof DomainSocketAddress || address instanceof UnixDomainSocketAddress;
  }
}
