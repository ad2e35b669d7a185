package dev.turnout.http;

import dev.turnout.upstream.sticky.Sticky;
import java.net.SocketAddress;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// One loaded configuration, as requests are served by it. Immutable but for the count of requests
/// under way. The word is the NGINX Plus API's.
public final class Generation {
  private final int number;
  private final long loadedAtMillis;
  private final Map<SocketAddress, ListenSettings> listens;
  private final int variableSlots;
  private final int exchangeSlots;
  private final Variables variables;
  private final Map<String, Template> hashKeys = new ConcurrentHashMap<>();
  private final Map<Sticky, StickyValues> sticky = new ConcurrentHashMap<>();
  private final StickyValues.Compiler stickyCompiler;
  private final @Nullable Map<String, PeerChooser> choosers;
  private final @Nullable Predicate<SocketAddress> debugged;
  private final AtomicInteger[] active;

  /// @param workers how many loops serve it
  Generation(
      int number,
      long loadedAtMillis,
      Map<SocketAddress, ListenSettings> listens,
      int variableSlots,
      int exchangeSlots,
      Variables variables,
      StickyValues.Compiler stickyCompiler,
      Map<String, PeerChooser> choosers,
      @Nullable Predicate<SocketAddress> debugged,
      int workers) {
    this.number = number;
    this.loadedAtMillis = loadedAtMillis;
    this.listens = Map.copyOf(listens);
    this.variableSlots = variableSlots;
    this.exchangeSlots = exchangeSlots;
    this.variables = variables;
    this.stickyCompiler = stickyCompiler;
    this.choosers = choosers.isEmpty() ? null : Map.copyOf(choosers);
    this.debugged = debugged;
    this.active = new AtomicInteger[workers];
    for (int i = 0; i < workers; i++) {
      active[i] = new AtomicInteger();
    }
  }

  /// 1 for the configuration that the process started with, one more with each reload.
  public int number() {
    return number;
  }

  /// When it was loaded, in milliseconds since the epoch.
  public long loadedAtMillis() {
    return loadedAtMillis;
  }

  /// Whether the error log tells everything of requests by this client.
  boolean isDebugged(SocketAddress client) {
    return debugged != null && debugged.test(client);
  }

  /// What is listened on, and the servers behind each address.
  public Map<SocketAddress, ListenSettings> listens() {
    return listens;
  }

  /// What the key of a `hash` stands for here. An upstream that was made or changed at run time may
  /// have one that this configuration does not; of a variable that it does not know nothing is
  /// left.
  public Template hashKey(String key) {
    Template known = hashKeys.get(key);
    if (known == null) {
      known = compiled(key);
      hashKeys.put(key, known);
    }
    return known;
  }

  private Template compiled(String key) {
    try {
      return Template.compile(key, variables);
    } catch (IllegalArgumentException _) {
      return Template.empty(); // it was judged where it was brought in
    }
  }

  /// What a `sticky` reads and writes here. An upstream that was made or changed at run time may
  /// have one that speaks of a variable that this configuration does not know: it binds nothing.
  public StickyValues sticky(Sticky bound) {
    StickyValues known = sticky.get(bound);
    if (known == null) {
      known = compiled(bound);
      sticky.put(bound, known);
    }
    return known;
  }

  private StickyValues compiled(Sticky bound) {
    try {
      return stickyCompiler.compile(bound, variables);
    } catch (IllegalArgumentException _) {
      return StickyValues.NONE; // it was judged where it was brought in
    }
  }

  /// What chooses the servers of this upstream in place of its method; null if it is the method.
  public @Nullable PeerChooser chooser(String upstream) {
    Map<String, PeerChooser> all = choosers;
    return all == null ? null : all.get(upstream.toLowerCase(Locale.ROOT));
  }

  int variableSlots() {
    return variableSlots;
  }

  int exchangeSlots() {
    return exchangeSlots;
  }

  /// Counts an exchange that begins on this loop.
  void entered(int worker) {
    AtomicInteger count = active[worker];
    count.setPlain(count.getPlain() + 1);
  }

  /// Counts an exchange that is over on this loop.
  void left(int worker) {
    AtomicInteger count = active[worker];
    count.setPlain(count.getPlain() - 1);
  }

  /// Exchanges under way on this loop; exact when asked on the loop itself.
  public int activeOn(int worker) {
    return active[worker].getPlain();
  }
}
