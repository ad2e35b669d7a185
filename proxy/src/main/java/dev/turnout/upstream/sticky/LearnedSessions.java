package dev.turnout.upstream.sticky;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/// The sessions of a `sticky learn`: which route each belongs to.
///
/// Shared by all loops and bounded by the size of the zone. It is cut into stripes by session, each
/// guarded by its own monitor, under which one look-up is made and nothing waits. A session is
/// forgotten when nobody has used it for the timeout; a stripe that is full forgets the one that
/// was used longest ago.
public class LearnedSessions {
  /// What a session takes of a zone in nginx: about four thousand to the megabyte.
  private static final long SESSION_BYTES = 256;

  private static final int STRIPE_SESSIONS = 64;
  private static final int MOST_STRIPES = 64;

  /// The longest session that is kept as it is. Clients choose sessions, and have no say in memory.
  private static final int LONGEST = 64;

  private final Stripe[] stripes;

  /// A table that takes `bytes` as nginx reckons.
  public LearnedSessions(long bytes) {
    this(bytes, Stripe::new);
  }

  /// @param make a stripe of so many sessions
  LearnedSessions(long bytes, IntFunction<Stripe> make) {
    long sessions = Math.max(1, bytes / SESSION_BYTES);
    int count = Integer.highestOneBit(Math.clamp(sessions / STRIPE_SESSIONS, 1, MOST_STRIPES));
    stripes = new Stripe[count];
    for (int i = 0; i < count; i++) {
      stripes[i] = make.apply(Math.clamp(sessions / count, 1, Integer.MAX_VALUE));
    }
  }

  /// The route that the session belongs to; null if it is not known or has timed out.
  public @Nullable String find(String session, long timeoutMillis, long nowMillis) {
    String key = key(session);
    return stripe(key).find(key, timeoutMillis, nowMillis);
  }

  /// The session was used at the server of this route, which has it from now on; it is begun if it
  /// is not known.
  public void learn(String session, String route, long timeoutMillis, long nowMillis) {
    String key = key(session);
    stripe(key).put(key, route, timeoutMillis, nowMillis, true);
  }

  /// The session was used at the server of this route, which has it from now on; if it is not known
  /// it is not begun.
  public void touch(String session, String route, long timeoutMillis, long nowMillis) {
    String key = key(session);
    stripe(key).put(key, route, timeoutMillis, nowMillis, false);
  }

  /// How many sessions belong to this route now.
  public int count(String route, long timeoutMillis, long nowMillis) {
    int sum = 0;
    for (Stripe stripe : stripes) {
      sum += stripe.count(route, timeoutMillis, nowMillis);
    }
    return sum;
  }

  /// Sessions that were forgotten before their time because the table was full.
  public long evicted() {
    long sum = 0;
    for (Stripe stripe : stripes) {
      sum += stripe.evicted();
    }
    return sum;
  }

  /// The stripe of a key.
  final Stripe stripe(String key) {
    int hash = key.hashCode();
    return stripes[(hash ^ hash >>> 16 ^ hash >>> 8) & stripes.length - 1];
  }

  /// All of them.
  final List<Stripe> stripes() {
    return List.of(stripes);
  }

  /// By what a session is known here.
  String key(String session) {
    if (session.length() <= LONGEST) {
      return session;
    }
    try {
      byte[] bytes = session.getBytes(StandardCharsets.ISO_8859_1);
      return '\0' + HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has it
    }
  }

  /// How many sessions of a stripe belong to one route; guarded by the stripe.
  static final class Share {
    private final String route;
    private int sessions;

    Share(String route) {
      this.route = route;
    }
  }

  /// A session; guarded by its stripe.
  static class Session {
    private Share share;
    private long usedAt;

    Session(Share share, long usedAt) {
      this.share = share;
      this.usedAt = usedAt;
    }

    final String route() {
      return share.route;
    }

    final long usedAt() {
      return usedAt;
    }
  }

  /// Sessions in the order of their last use.
  static class Stripe {
    private final int capacity;
    private final LinkedHashMap<String, Session> sessions = new LinkedHashMap<>();
    private final Map<String, Share> shares = new HashMap<>();
    private long evicted;

    Stripe(int capacity) {
      this.capacity = capacity;
    }

    synchronized @Nullable String find(String key, long timeout, long now) {
      Session session = sessions.get(key);
      return session == null || isOver(session, timeout, now) ? null : session.share.route;
    }

    synchronized void put(String key, String route, long timeout, long now, boolean begin) {
      expire(timeout, now);
      Session session = sessions.get(key);
      if (session == null) {
        if (!begin) {
          return;
        }
        used(key, add(key, route, now), true, timeout, now);
        return;
      }
      boolean moves = !session.share.route.equals(route);
      if (moves) {
        move(session, route);
      }
      use(key, session, now);
      used(key, session, moves, timeout, now);
    }

    /// A session was used at this node, which may have been the first time or at another server.
    void used(String key, Session session, boolean otherwise, long timeout, long now) {}

    /// A session is forgotten.
    void forgotten(String key, Session session) {}

    /// A new session, not counted anywhere yet.
    Session session(Share share, long now) {
      return new Session(share, now);
    }

    final @Nullable Session get(String key) {
      return sessions.get(key);
    }

    final Session add(String key, String route, long now) {
      if (sessions.size() >= capacity) {
        Map.Entry<String, Session> eldest = sessions.firstEntry();
        forget(eldest.getKey(), eldest.getValue());
        sessions.pollFirstEntry();
        evicted++;
      }
      Session session = session(join(route), now);
      sessions.put(key, session);
      return session;
    }

    final void move(Session session, String route) {
      leave(session);
      session.share = join(route);
    }

    final void use(String key, Session session, long now) {
      session.usedAt = now;
      sessions.putLast(key, session);
    }

    final Map<String, Session> sessions() {
      return sessions;
    }

    private void forget(String key, Session session) {
      leave(session);
      forgotten(key, session);
    }

    synchronized int count(String route, long timeout, long now) {
      expire(timeout, now);
      Share share = shares.get(route);
      return share == null ? 0 : share.sessions;
    }

    synchronized long evicted() {
      return evicted;
    }

    private Share join(String route) {
      Share share = shares.computeIfAbsent(route, Share::new);
      share.sessions++;
      return share;
    }

    private void leave(Session session) {
      if (--session.share.sessions == 0) {
        shares.remove(session.share.route);
      }
    }

    final void expire(long timeout, long now) {
      Iterator<Map.Entry<String, Session>> oldest = sessions.entrySet().iterator();
      while (oldest.hasNext()) {
        Map.Entry<String, Session> entry = oldest.next();
        if (!isOver(entry.getValue(), timeout, now)) {
          return;
        }
        forget(entry.getKey(), entry.getValue());
        oldest.remove();
      }
    }

    static boolean isOver(Session session, long timeout, long now) {
      return now - session.usedAt >= timeout;
    }
  }
}
