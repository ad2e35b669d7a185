package dev.turnout.cluster.share;

import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The keys and values that nodes share, in an engine that holds them: Redis, etcd, Consul, a
/// directory. Keys are texts of visible ASCII characters, values are bytes, one char each, of which
/// an engine must take [#LONGEST_VALUE].
///
/// The engine numbers what is committed through this interface: its *revisions* grow. What others
/// write into it by hand is told, too, but need not have a revision of its own.
///
/// `SharedStoreContract`, in the tests, is what every engine has to do, by example.
public interface SharedStore extends AutoCloseable {
  /// The longest value, in bytes, that an engine must take: what Consul takes.
  int LONGEST_VALUE = 512 * 1024;

  /// What keys hold at a revision.
  ///
  /// @param revision up to which it has all that was committed. It may have more, which then is
  ///   told again.
  record State(long revision, Map<String, Reading> keys) {
    public State {
      keys = Collections.unmodifiableMap(new LinkedHashMap<>(keys));
    }
  }

  /// What became of a transaction.
  sealed interface Commit {
    /// It is made.
    ///
    /// @param revision its number: larger than that of any commit before
    /// @param versions the versions that the keys it wrote, and did not delete, have now
    /// @param copies on how many replicas it is known to be besides, where that was asked for; 0
    ///   where it was not
    record Done(long revision, Map<String, String> versions, int copies) implements Commit {
      public Done {
        versions = Map.copyOf(versions);
      }
    }

    /// A key was not as expected; nothing was changed.
    ///
    /// @param present the keys that were expected to be something, as they are. If a follower was
    ///   told of one of them something older, that was of a smaller revision: an engine where
    ///   changes by hand have no revision of their own gives a conflict one.
    record Conflict(State present) implements Commit {}

    /// The engine refused, or it could not be asked: nothing was changed, and nothing will be.
    ///
    /// @param message for an operator
    record Refused(String message) implements Commit {}

    /// It is not known: it may have been made, or may yet be. What the keys are is known after the
    /// next [Follower#synced].
    ///
    /// @param message for an operator
    record Unknown(String message) implements Commit {}
  }

  /// Who is told what is in the store: by one thread at a time, in order. May wait, and the engine
  /// with it.
  interface Follower {
    /// All that there is. Told first, and whenever the engine cannot say what has changed.
    void synced(State all);

    /// Keys that may have changed, all of one commit together. One that has changed more than once
    /// may be told once.
    void changed(State keys);

    /// All that was committed up to this revision has been told.
    void settled(long revision);

    /// The store cannot be heard; what was told may be stale. Told once, until [#synced].
    ///
    /// @param reason for an operator; without secrets
    void lost(String reason);

    /// Something that an operator should know, as the store is set up.
    default void noticed(String what) {}
  }

  /// Someone who follows.
  interface Following extends AutoCloseable {
    /// Asks for [Follower#synced] again, with what is in the store then.
    void again();

    /// Ends it; the follower is told nothing any more once this returns.
    @Override
    void close();
  }

  /// Tells a follower what is under some prefixes, from now on. Returns at once, whether the store
  /// can be reached or not. After a connection is lost, it is tried again for ever, at growing
  /// intervals of half a second at most, with chance.
  ///
  /// @param prefixes none of which begins with another
  Following follow(Collection<String> prefixes, Follower follower);

  /// Makes a transaction. Waits for the engine's answer, at most for the time that the store was
  /// opened with. Several threads may commit.
  Commit commit(Transaction transaction);

  /// Makes known that this node lives, for a time that the engine measures.
  ///
  /// @param node its name: letters, digits, `.`, `_`, `-`
  /// @param text what there is to say of it
  /// @param forTime after which it is forgotten if it is not announced again; a second at least
  /// @throws IOException if the store did not take it
  void announce(String node, String text, Duration forTime) throws IOException;

  /// Makes known that this node is no more.
  ///
  /// @throws IOException if the store did not take it; then the node is forgotten in time
  void withdraw(String node) throws IOException;

  /// The nodes that live, by name, with what they said.
  ///
  /// @throws IOException if the store did not tell
  Map<String, String> nodes() throws IOException;

  /// How nodes tell each other what need not be kept, from now on. Returns at once, whether the
  /// store can be reached or not; null if it is nothing for that, as [StoreEngine#refusesSync]
  /// says.
  default @Nullable Broadcast broadcast(Broadcast.Listener listener) {
    return null;
  }

  /// How many keys a transaction may name at most, written or expected: 60 at least.
  int mostKeys();

  /// Where the store is, for people: without secrets.
  String label();

  /// Ends all that follow, and lets go of the engine; what is in it stays.
  @Override
  void close();
}
