package dev.turnout.control;

import dev.turnout.cluster.share.Broadcast;
import dev.turnout.cluster.share.SyncMessage;
import dev.turnout.cluster.share.SyncedZone;
import dev.turnout.cluster.share.SyncedZone.Beat;
import dev.turnout.cluster.share.SyncedZone.Entry;
import dev.turnout.http.HttpEnvironment;
import dev.turnout.log.ErrorLog;
import dev.turnout.log.Level;
import dev.turnout.upstream.Upstream;
import dev.turnout.upstream.sticky.StickyLearn;
import dev.turnout.upstream.sticky.SyncedSessions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// Tells other nodes what zones with `sync` have counted and learned, and hears it from them,
/// through the store that they share: what NGINX Plus' `zone_sync` does.
///
/// A virtual thread looks at each zone once in an interval and says what has changed, in one
/// message of [SyncMessage#MOST] entries at most; what is left has its turn with the next. So there
/// are at most as many messages as zones in an interval, and none where nothing happens. Requests
/// know nothing of all that; while the store is away they go on with what this node knows.
///
/// What is heard is taken on the engine's thread: a few words under the monitors of the zones. Each
/// message counts once: they are numbered, and who repeats one repeats its number.
public final class ZoneSync implements AutoCloseable {
  /// What happened since the start.
  ///
  /// @param isHeard whether other nodes can be heard now
  /// @param said messages that were said
  /// @param heard messages of others that were taken
  /// @param refused what was heard and is no message of a zone that is synced here
  /// @param untold entries that others are yet to be told of
  public record Status(boolean isHeard, long said, long heard, long refused, long untold) {}

  private static final long IDLE_MILLIS = 1000;
  private static final long STALE_MILLIS = 2000;
  private static final int SENDERS = 1000;
  private static final int LAST_WORDS = 100;

  private final HttpEnvironment environment;
  private final ControlPlane control;
  private final String sender = id();
  private final Hearing hearing = new Hearing();
  private final AtomicLong said = new AtomicLong();
  private final AtomicLong heard = new AtomicLong();
  private final AtomicLong refused = new AtomicLong();
  private volatile @Nullable ErrorLog log;
  private volatile Map<String, SyncedZone> zones = Map.of();
  private volatile long intervalMillis = IDLE_MILLIS;
  private final Map<String, Said> unsaid = new ConcurrentHashMap<>(); // by zone: under way
  private volatile boolean taking; // entries are between their zone and `unsaid`

  // ---- guarded by this
  private @Nullable Thread thread;
  private boolean closed;
  private boolean due; // there is something to do at once
  private boolean joined; // others are heard
  private boolean behind; // what was said before is to be read from the store

  // ---- of the thread alone
  private @Nullable Broadcast broadcast;
  private long lastNumber;
  private String trouble = "";

  /// A message that is on its way.
  private record Said(long number, List<Entry> entries, long takenMillis) {}

  private ZoneSync(HttpEnvironment environment, ControlPlane control) {
    this.environment = environment;
    this.control = control;
    control.atClose(this::close);
  }

  private static String id() {
    byte[] bytes = new byte[SyncMessage.ID];
    new SecureRandom().nextBytes(bytes);
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  /// That of a process.
  public static ZoneSync of(HttpEnvironment environment, ControlPlane control) {
    return environment.kept(ZoneSync.class, _ -> new ZoneSync(environment, control));
  }

  /// A configuration has taken effect.
  public synchronized void activate(ErrorLog next) {
    log = next;
    Sharing.Setup setup = control.sharing().present();
    if (setup == null || closed) {
      return;
    }
    intervalMillis = setup.syncMillis();
    if (thread == null) {
      thread = Thread.ofVirtual().name("zone-sync").start(this::run);
    }
    due = true;
    notifyAll();
  }

  /// How it goes; null where nothing is synced.
  public @Nullable Status status() {
    Map<String, SyncedZone> present = zones;
    if (present.isEmpty()) {
      return null;
    }
    // in the order in which entries go their way, so that none is missed between two places
    long untold = present.values().stream().mapToLong(SyncedZone::untold).sum();
    untold += taking ? 1 : 0;
    untold += unsaid.values().stream().mapToLong(one -> one.entries.size()).sum();
    boolean isHeard;
    synchronized (this) {
      isHeard = joined;
    }
    return new Status(isHeard, said.get(), heard.get(), refused.get(), untold);
  }

  // ---- telling

  private void run() {
    while (rest()) {
      beatSafely();
    }
    for (int i = 0; i < LAST_WORDS && beatSafely(); i++) {
      // what was learned last would be forgotten with this node
    }
    Broadcast there = broadcast;
    if (there != null) {
      there.close();
    }
  }

  /// True if there was something to say, and it was said.
  private boolean beatSafely() {
    long before = said.get();
    try {
      beat();
      trouble = "";
      return said.get() > before;
    } catch (IOException e) {
      String message = String.valueOf(e.getMessage());
      if (!message.equals(trouble)) {
        trouble = message;
        tell(Level.WARN, "other nodes are not told of zones: " + message);
      }
    } catch (RuntimeException e) {
      ErrorLog there = log;
      if (there != null) {
        there.log(Level.ALERT, 0, "unexpected error while syncing zones", e);
      }
    }
    return false;
  }

  private synchronized boolean rest() {
    long end = System.nanoTime() + 1_000_000 * (zones.isEmpty() ? IDLE_MILLIS : intervalMillis);
    try {
      while (!closed && !due && end - System.nanoTime() > 0) {
        wait(Math.max(1, (end - System.nanoTime()) / 1_000_000));
      }
    } catch (InterruptedException _) {
      closed = true; // nobody else interrupts it
    }
    due = false;
    return !closed;
  }

  private void beat() throws IOException {
    Sharing.Setup setup = control.sharing().present();
    Map<String, SyncedZone> present = synced();
    zones = present;
    unsaid.keySet().retainAll(present.keySet());
    if (setup == null || present.isEmpty()) {
      return;
    }
    Broadcast there = broadcast;
    if (there == null) {
      there = setup.store().broadcast(hearing);
      broadcast = there;
    }
    if (there == null) {
      return; // upstreams of before, which had another store
    }
    synchronized (this) {
      if (!joined) {
        return; // what is to be told waits in the zones
      }
    }
    if (isBehind()) {
      for (SyncedZone zone : present.values()) {
        catchUp(zone, there);
      }
      caughtUp();
    }
    for (SyncedZone zone : present.values()) {
      say(zone, there);
    }
  }

  private synchronized boolean isBehind() {
    return behind;
  }

  private synchronized void caughtUp() {
    behind = false;
  }

  /// The zones of the configuration, and those of the upstreams, which may have come at run time.
  private Map<String, SyncedZone> synced() {
    Map<String, SyncedZone> all = new LinkedHashMap<>();
    environment.syncedZones().current().forEach(zone -> all.put(zone.name(), zone));
    for (Upstream upstream : environment.upstreams().all()) {
      SyncedSessions sessions = upstream.syncedSessions();
      if (sessions != null
          && upstream.current().spec().options().sticky() instanceof StickyLearn learn) {
        SyncedZone zone = new SyncedSticky(learn, sessions);
        all.put(zone.name(), zone);
      }
    }
    return all;
  }

  private Beat now() {
    return new Beat(System.nanoTime() / 1_000_000, intervalMillis);
  }

  private void say(SyncedZone zone, Broadcast to) throws IOException {
    Beat beat = now();
    Said message = unsaid.get(zone.name());
    if (message != null && isStale(message, zone, beat)) {
      unsaid.remove(zone.name());
      message = null; // it would be taken for requests of now
    }
    if (message == null) {
      message = taken(zone, beat);
      if (message == null) {
        return;
      }
    }
    long waited = beat.nowMillis() - message.takenMillis;
    List<Entry> entries =
        message.entries.stream()
            .map(entry ->
                new Entry(entry.key(), entry.number(), entry.text(), entry.ageMillis() + waited))
            .toList();
    Map<String, String> marks = new HashMap<>();
    if (zone.keptMillis() > 0) {
      entries.forEach(entry -> marks.put(markName(zone, entry), markValue(entry)));
    }
    to.say(
        new SyncMessage(sender, message.number, zone.name(), entries).text(),
        marks,
        zone.keptMillis());
    said.incrementAndGet();
    unsaid.remove(zone.name());
  }

  private @Nullable Said taken(SyncedZone zone, Beat beat) {
    taking = true;
    try {
      List<Entry> entries =
          zone.take(SyncMessage.MOST, beat).stream().filter(SyncMessage::canTell).toList();
      if (entries.isEmpty()) {
        return null;
      }
      Said message = new Said(++lastNumber, entries, beat.nowMillis());
      unsaid.put(zone.name(), message);
      return message;
    } finally {
      taking = false;
    }
  }

  private static boolean isStale(Said message, SyncedZone zone, Beat beat) {
    return zone.keptMillis() == 0
        && beat.nowMillis() - message.takenMillis
            > Math.max(STALE_MILLIS, 4 * beat.intervalMillis());
  }

  // ---- what the store keeps of zones

  private static String markName(SyncedZone zone, Entry entry) {
    return zone.name()
        + ":"
        + HexFormat.of().formatHex(entry.key().getBytes(StandardCharsets.ISO_8859_1));
  }

  private static String markValue(Entry entry) {
    return HexFormat.of().toHexDigits(entry.number()) + entry.text();
  }

  private void catchUp(SyncedZone zone, Broadcast from) throws IOException {
    if (zone.keptMillis() == 0) {
      return;
    }
    String prefix = zone.name() + ":";
    List<Entry> entries = new ArrayList<>();
    Set<String> keys = new HashSet<>();
    from.marks(prefix)
        .forEach((name, mark) -> {
          Entry entry = entry(name.substring(prefix.length()), mark, zone.keptMillis());
          if (entry != null) {
            entries.add(entry);
            keys.add(entry.key());
          }
        });
    entries.sort((a, b) -> Long.compare(b.ageMillis(), a.ageMillis())); // used last, forgotten last
    zone.hear(entries, now());
    zone.tellBesides(keys, now());
  }

  private static @Nullable Entry entry(String hex, Broadcast.Mark mark, long keptMillis) {
    try {
      byte[] key = HexFormat.of().parseHex(hex);
      String value = mark.value();
      if (key.length != SyncMessage.ID || value.length() < 2 * Long.BYTES) {
        return null;
      }
      long number = HexFormat.fromHexDigitsToLong(value, 0, 2 * Long.BYTES);
      return new Entry(
          new String(key, StandardCharsets.ISO_8859_1),
          number,
          value.substring(2 * Long.BYTES),
          Math.max(0, keptMillis - mark.leftMillis()));
    } catch (IllegalArgumentException _) {
      return null; // not one of ours
    }
  }

  // ---- hearing

  /// Told by the engine's threads.
  private final class Hearing implements Broadcast.Listener {
    private final LinkedHashMap<String, Long> numbers = new LinkedHashMap<>(); // guarded by this

    @Override
    public void joined() {
      synchronized (ZoneSync.this) {
        joined = true;
        behind = true;
        due = true;
        ZoneSync.this.notifyAll();
      }
      tell(Level.NOTICE, "zones are synced with other nodes");
    }

    @Override
    public void lost(String reason) {
      synchronized (ZoneSync.this) {
        joined = false;
      }
      tell(Level.WARN, "zones are not synced with other nodes: " + reason);
    }

    @Override
    public void heard(String text) {
      SyncMessage message = SyncMessage.parse(text);
      if (message != null && message.sender().equals(sender)) {
        return;
      }
      SyncedZone zone = message == null ? null : zones.get(message.zone());
      if (message == null || zone == null) {
        refused.incrementAndGet();
        return;
      }
      if (isNew(message)) {
        heard.incrementAndGet();
        zone.hear(message.entries(), now());
      }
    }

    private synchronized boolean isNew(SyncMessage message) {
      String key = message.sender() + message.zone();
      Long last = numbers.get(key);
      if (last != null && message.number() <= last) {
        return false;
      }
      numbers.putLast(key, message.number());
      if (numbers.size() > SENDERS) {
        numbers.pollFirstEntry(); // who has not been heard for longest
      }
      return true;
    }
  }

  private void tell(Level level, String message) {
    ErrorLog there = log;
    if (there != null) {
      there.log(level, message);
    }
  }

  @Override
  public void close() {
    Thread there;
    synchronized (this) {
      closed = true;
      notifyAll();
      there = thread;
    }
    if (there != null) {
      try {
        there.join();
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
