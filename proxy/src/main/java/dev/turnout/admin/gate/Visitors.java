package dev.turnout.admin.gate;

import io.netty.util.NetUtil;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/// What is remembered of clients that tried to log in: how often they were wrong within a minute,
/// how much they try at once, and when they were last told of. It outlives configurations. Guarded
/// by its own monitor, under which a look-up is made and a few words change; bounded: whoever was
/// not seen for the longest time is forgotten.
final class Visitors {
  static final int MOST_FAILURES = 10;
  static final int MOST_CLIENTS = 10_000;
  private static final int MOST_AT_ONCE = 50;
  private static final long WINDOW = TimeUnit.MINUTES.toNanos(1);
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  /// One at a time: the hashing of strangers' keys takes no more than one processor.
  final Semaphore hashing = new Semaphore(1);

  private final LongSupplier nanos;
  private final Map<String, Client> clients = new LinkedHashMap<>(16, 0.75f, true);

  private static final class Client {
    private long windowBegan;
    private int failures;
    private int underWay;
    private long told;
    private int untold;
  }

  Visitors() {
    this(System::nanoTime);
  }

  /// @param nanos the time
  Visitors(LongSupplier nanos) {
    this.nanos = nanos;
  }

  /// What clients are told apart by: the address, of IPv6 the network that one customer has.
  static String of(SocketAddress address) {
    if (!(address instanceof InetSocketAddress inet) || inet.getAddress() == null) {
      return "unix:";
    }
    if (inet.getAddress() instanceof Inet6Address six) {
      byte[] network = Arrays.copyOf(Arrays.copyOf(six.getAddress(), 8), 16);
      return NetUtil.bytesToIpAddress(network) + "/64";
    }
    return inet.getAddress().getHostAddress();
  }

  /// A client tries to log in. Returns 0, and then [#ended] follows, or the seconds that it is to
  /// wait before the next try.
  synchronized long begin(String name) {
    Client client = client(name);
    long now = nanos.getAsLong();
    if (client.failures >= MOST_FAILURES) {
      return Math.max(1, (WINDOW - (now - client.windowBegan) + SECOND - 1) / SECOND);
    }
    if (client.underWay >= MOST_AT_ONCE) {
      return 1;
    }
    client.underWay++;
    return 0;
  }

  /// What a client tried was right, or wrong.
  synchronized void ended(String name, boolean right) {
    Client client = client(name);
    client.underWay = Math.max(0, client.underWay - 1);
    if (!right) {
      client.failures++;
    }
  }

  /// Whether something about a client is to be told now: once a second at most. Returns how often
  /// nothing was told since the last time, or -1 if not now.
  synchronized int tell(String name) {
    Client client = client(name);
    long now = nanos.getAsLong();
    if (client.told != 0 && now - client.told < SECOND) {
      client.untold++;
      return -1;
    }
    client.told = now == 0 ? 1 : now;
    int untold = client.untold;
    client.untold = 0;
    return untold;
  }

  synchronized int count() {
    return clients.size();
  }

  private Client client(String name) {
    long now = nanos.getAsLong();
    Client client = clients.get(name);
    if (client == null) {
      if (clients.size() == MOST_CLIENTS) {
        clients.remove(clients.keySet().iterator().next());
      }
      client = new Client();
      client.windowBegan = now;
      clients.put(name, client);
    } else if (now - client.windowBegan >= WINDOW) {
      client.windowBegan = now;
      client.failures = 0;
      client.underWay = 0; // of those that went away in the middle of it nothing is heard
    }
    return client;
  }
}
