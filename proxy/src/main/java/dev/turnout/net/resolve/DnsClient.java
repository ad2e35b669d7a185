package dev.turnout.net.resolve;

import dev.turnout.net.Worker;
import io.netty.buffer.ByteBuf;
import io.netty.channel.AddressedEnvelope;
import io.netty.handler.codec.dns.DefaultDnsQuestion;
import io.netty.handler.codec.dns.DefaultDnsRecordDecoder;
import io.netty.handler.codec.dns.DnsRawRecord;
import io.netty.handler.codec.dns.DnsRecord;
import io.netty.handler.codec.dns.DnsRecordType;
import io.netty.handler.codec.dns.DnsResponse;
import io.netty.handler.codec.dns.DnsSection;
import io.netty.resolver.HostsFileEntriesResolver;
import io.netty.resolver.ResolvedAddressTypes;
import io.netty.resolver.dns.DnsNameResolver;
import io.netty.resolver.dns.DnsNameResolverBuilder;
import io.netty.resolver.dns.NoopAuthoritativeDnsServerCache;
import io.netty.resolver.dns.NoopDnsCache;
import io.netty.resolver.dns.NoopDnsCnameCache;
import io.netty.resolver.dns.SingletonDnsServerAddressStreamProvider;
import io.netty.util.concurrent.Future;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Asks name servers single questions: over UDP, and over TCP what was cut short. Confined to a
/// loop.
///
/// Netty does the wire (ids, matching, the change to TCP). Whom to ask, when to ask again, aliases
/// and caching are the [Resolver]'s, because they are to be nginx's.
final class DnsClient implements AutoCloseable {
  // A late answer is as good as a prompt one; but each question keeps one of 65536 ids until then.
  private static final long GIVE_UP_MILLIS = 10_000;

  private final DnsNameResolver wire;

  /// Opens its socket; reads files, so not on a loop.
  DnsClient(Worker home, InetSocketAddress server) {
    var transport = home.transport();
    wire =
        new DnsNameResolverBuilder(home.loop())
            .datagramChannelFactory(transport.datagramChannels())
            .socketChannelFactory(transport.streamChannels())
            .nameServerProvider(new SingletonDnsServerAddressStreamProvider(server))
            .hostsFileEntriesResolver(new NoHosts())
            .resolveCache(NoopDnsCache.INSTANCE)
            .cnameCache(NoopDnsCnameCache.INSTANCE)
            .authoritativeDnsServerCache(NoopAuthoritativeDnsServerCache.INSTANCE)
            .resolvedAddressTypes(ResolvedAddressTypes.IPV4_PREFERRED)
            .optResourceEnabled(false)
            .recursionDesired(true)
            .queryTimeoutMillis(GIVE_UP_MILLIS)
            .build();
  }

  /// Asks `server`; `then` gets what it answers. It gets nothing if there is no answer, or one that
  /// cannot be read.
  ///
  /// @throws IllegalArgumentException if there can be no such name
  void ask(InetSocketAddress server, String name, DnsRecordType type, Consumer<DnsReply> then) {
    wire.query(server, new DefaultDnsQuestion(name + ".", type))
        .addListener((Future<AddressedEnvelope<DnsResponse, InetSocketAddress>> asked) -> {
          if (asked.isSuccess()) {
            AddressedEnvelope<DnsResponse, InetSocketAddress> envelope = asked.getNow();
            DnsReply reply;
            try {
              reply = read(envelope.content(), type);
            } finally {
              envelope.release();
            }
            if (reply != null) {
              then.accept(reply);
            }
          }
        });
  }

  private static @Nullable DnsReply read(DnsResponse response, DnsRecordType asked) {
    if (response.isTruncated()) {
      return null;
    }
    int count = response.count(DnsSection.ANSWER);
    long ttl = Long.MAX_VALUE;
    List<InetAddress> addresses = new ArrayList<>(count);
    List<DnsReply.Service> services = new ArrayList<>();
    String alias = null;
    for (int i = 0; i < count; i++) {
      DnsRecord record = response.recordAt(DnsSection.ANSWER, i);
      ttl = Math.min(ttl, Math.max(0, record.timeToLive()));
      if (record instanceof DnsRawRecord raw) {
        ByteBuf data = raw.content();
        if (record.type().equals(DnsRecordType.CNAME)) {
          alias = name(data);
        } else if (record.type().equals(asked) && !take(data, asked, addresses, services)) {
          return null;
        }
      }
    }
    return new DnsReply(response.code().intValue(), ttl, count, addresses, services, alias);
  }

  /// Reads one record of the kind that was asked for; false if it is broken.
  private static boolean take(
      ByteBuf data,
      DnsRecordType type,
      List<InetAddress> addresses,
      List<DnsReply.Service> services) {
    if (type.equals(DnsRecordType.SRV)) {
      DnsReply.Service service = service(data);
      return service != null && services.add(service);
    }
    InetAddress address = address(data, type);
    return address != null && addresses.add(address);
  }

  private static @Nullable InetAddress address(ByteBuf data, DnsRecordType asked) {
    byte[] bytes = new byte[asked.equals(DnsRecordType.A) ? 4 : 16];
    if (data.readableBytes() != bytes.length) {
      return null;
    }
    data.getBytes(data.readerIndex(), bytes);
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new IllegalStateException(e); // the length is right
    }
  }

  private static DnsReply.@Nullable Service service(ByteBuf data) {
    if (data.readableBytes() < 7) {
      return null;
    }
    int priority = data.readUnsignedShort();
    int weight = data.readUnsignedShort();
    int port = data.readUnsignedShort();
    return new DnsReply.Service(priority, Math.max(1, weight), port, name(data));
  }

  private static String name(ByteBuf data) {
    String name = DefaultDnsRecordDecoder.decodeName(data);
    return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
  }

  @Override
  public void close() {
    wire.close();
  }

  /// nginx asks name servers only.
  private static final class NoHosts implements HostsFileEntriesResolver {
    @Override
    public @Nullable InetAddress address(String name, ResolvedAddressTypes types) {
      return null;
    }
  }
}
