package dev.turnout.upstream.sticky;

import dev.turnout.upstream.KeyDigest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The sessions of a `sticky learn … sync`: what is learned at other nodes is known here, too.
///
/// Each change of a session's route counts up its version. Of two routes the one of the larger
/// version counts, and of equal ones the larger text; of two uses the later: so all nodes come to
/// the same, in whatever order they hear of it and however often. Who hears something older than
/// what it knows tells its own again.
///
/// A new session, or one that has moved, is told at once. That one is still used is told when a
/// quarter of the timeout has passed since it was used first after it was told last, or at once if
/// others might forget it before that: so nobody forgets a session that is in use somewhere, and
/// one in use is told four times in its timeout, however many requests it has.
///
/// Sessions are known by their digests: a session is a secret of its client.
public final class SyncedSessions extends LearnedSessions {
  private int next; // the stripe that is asked first; used by the thread that tells

  /// What is told of a session.
  ///
  /// @param key its digest
  /// @param version how often its route has changed
  /// @param ageMillis for how long it was not used
  public record Told(String key, String route, long version, long ageMillis) {
    boolean isAfter(long otherVersion, String otherRoute) {
      return version != otherVersion ? version > otherVersion : route.compareTo(otherRoute) > 0;
    }

    boolean isBefore(long otherVersion, String otherRoute) {
      return version != otherVersion ? version < otherVersion : route.compareTo(otherRoute) < 0;
    }
  }

  /// A table that takes `bytes` as nginx reckons.
  public SyncedSessions(long bytes) {
    super(bytes, SyncedStripe::new);
  }

  @Override
  String key(String session) {
    return KeyDigest.of(session);
  }

  /// What others do not know of, and should by now; it counts as told.
  public List<Told> take(int most, long timeoutMillis, long nowMillis) {
    List<Told> taken = new ArrayList<>();
    List<Stripe> all = stripes();
    for (int i = 0; i < all.size() && taken.size() < most; i++) {
      ((SyncedStripe) all.get(next + i & all.size() - 1))
          .take(most, timeoutMillis, nowMillis, taken);
    }
    next = next + 1 & all.size() - 1;
    return taken;
  }

  /// What another node, or the store, knows of sessions.
  public void hear(List<Told> news, long timeoutMillis, long nowMillis) {
    for (Told told : news) {
      if (told.ageMillis() < timeoutMillis) {
        ((SyncedStripe) stripe(told.key())).hear(told, timeoutMillis, nowMillis);
      }
    }
  }

  /// All sessions but these are to be told again.
  public void tellBesides(Set<String> keys, long timeoutMillis, long nowMillis) {
    stripes()
        .forEach(stripe -> ((SyncedStripe) stripe).tellBesides(keys, timeoutMillis, nowMillis));
  }

  /// How many sessions others are yet to be told of.
  public int untold() {
    return stripes().stream().mapToInt(stripe -> ((SyncedStripe) stripe).untold()).sum();
  }

  private static final class SyncedSession extends Session {
    private long version;
    private long toldUse; // the last use that others know of
    private long dueMillis; // when a use is to be told that is no news

    SyncedSession(Share share, long usedAt) {
      super(share, usedAt);
    }
  }

  private static final class SyncedStripe extends Stripe {
    private final LinkedHashMap<String, SyncedSession> soon = new LinkedHashMap<>();
    private final LinkedHashMap<String, SyncedSession> later = new LinkedHashMap<>();

    SyncedStripe(int capacity) {
      super(capacity);
    }

    @Override
    Session session(Share share, long now) {
      return new SyncedSession(share, now);
    }

    @Override
    void used(String key, Session session, boolean otherwise, long timeout, long now) {
      SyncedSession synced = (SyncedSession) session;
      if (otherwise) {
        synced.version++;
      }
      if (otherwise || now - synced.toldUse >= timeout / 2) {
        tellSoon(key, synced);
      } else if (!soon.containsKey(key) && later.putIfAbsent(key, synced) == null) {
        synced.dueMillis = now + timeout / 4;
      }
    }

    private void tellSoon(String key, SyncedSession session) {
      later.remove(key);
      soon.put(key, session);
    }

    @Override
    void forgotten(String key, Session session) {
      soon.remove(key);
      later.remove(key);
    }

    synchronized int untold() {
      return soon.size();
    }

    synchronized void take(int most, long timeout, long now, List<Told> taken) {
      expire(timeout, now);
      while (taken.size() < most) {
        Map.Entry<String, SyncedSession> due = soon.pollFirstEntry();
        if (due == null) {
          due = firstDue(now);
        }
        if (due == null) {
          return;
        }
        SyncedSession session = due.getValue();
        session.toldUse = session.usedAt();
        taken.add(
            new Told(
                due.getKey(),
                session.route(),
                session.version,
                Math.max(0, now - session.usedAt())));
      }
    }

    private Map.@Nullable Entry<String, SyncedSession> firstDue(long now) {
      Map.Entry<String, SyncedSession> first = later.firstEntry();
      return first == null || first.getValue().dueMillis > now ? null : later.pollFirstEntry();
    }

    synchronized void hear(Told told, long timeout, long now) {
      expire(timeout, now);
      long usedAt = now - told.ageMillis();
      SyncedSession session = (SyncedSession) get(told.key());
      if (session == null) {
        session = (SyncedSession) add(told.key(), told.route(), usedAt);
        session.version = told.version();
      } else {
        if (told.isAfter(session.version, session.route())) {
          move(session, told.route());
          session.version = told.version();
        } else if (told.isBefore(session.version, session.route())) {
          tellSoon(told.key(), session);
        }
        if (usedAt > session.usedAt()) {
          use(told.key(), session, usedAt);
        }
      }
      session.toldUse = Math.max(session.toldUse, usedAt);
    }

    synchronized void tellBesides(Set<String> keys, long timeout, long now) {
      expire(timeout, now);
      for (Map.Entry<String, Session> one : sessions().entrySet()) {
        if (!keys.contains(one.getKey())) {
          tellSoon(one.getKey(), (SyncedSession) one.getValue());
        }
      }
    }
  }
}
