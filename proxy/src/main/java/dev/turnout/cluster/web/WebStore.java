package dev.turnout.cluster.web;

import dev.turnout.cluster.share.SharedStore;
import dev.turnout.cluster.share.Transaction;
import dev.turnout.cluster.web.StoreTrouble.Kind;
import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/// What the stores that are spoken to over HTTP have in common: where the engine's own keys are,
/// who follows, and what becomes of a [StoreTrouble].
public abstract class WebStore implements SharedStore {
  private final String engine;
  private final StoreAddress address;
  private final String prefix;
  private final List<WebFollowing> followings = new CopyOnWriteArrayList<>();
  private volatile boolean closed;

  /// @param engine its name, for people
  /// @param prefix what all keys that are followed begin with
  protected WebStore(String engine, StoreAddress address, String prefix) {
    this.engine = engine;
    this.address = address;
    this.prefix = prefix;
  }

  /// Something that is asked of the store.
  @FunctionalInterface
  protected interface Asking<T> {
    T ask() throws StoreTrouble, InterruptedException;
  }

  /// The key that each transaction writes.
  public final String marker() {
    return own("revision");
  }

  /// The key of a node that lives.
  protected final String node(String name) {
    return own("node/" + name);
  }

  /// A key that nobody follows.
  protected final String own(String name) {
    return "@" + prefix + name;
  }

  protected abstract WebFollowing following(Collection<String> prefixes, Follower follower);

  protected abstract Commit make(Transaction transaction) throws StoreTrouble, InterruptedException;

  /// Makes known that a node lives.
  ///
  /// @param seconds for which it is to be remembered
  protected abstract void announce(String node, String text, long seconds)
      throws StoreTrouble, InterruptedException;

  /// What was announced is not known to be there any more.
  protected abstract void forgetNode(String node);

  protected abstract void remove(String node) throws StoreTrouble, InterruptedException;

  protected abstract Map<String, String> living() throws StoreTrouble, InterruptedException;

  @Override
  public final Following follow(Collection<String> prefixes, Follower follower) {
    WebFollowing following = following(prefixes, follower);
    followings.add(following);
    following.start();
    return following;
  }

  /// A following is over.
  final void forget(WebFollowing following) {
    followings.remove(following);
  }

  @Override
  public final Commit commit(Transaction transaction) {
    if (closed) {
      return new Commit.Refused("the store is closed");
    }
    try {
      return make(transaction);
    } catch (StoreTrouble e) {
      return e.kind() == Kind.UNKNOWN ? new Commit.Unknown(e.text()) : new Commit.Refused(e.text());
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return new Commit.Unknown("interrupted while " + engine + " was waited for");
    }
  }

  @Override
  public final void announce(String node, String text, Duration forTime) throws IOException {
    try {
      told(() -> {
        announce(node, text, (forTime.toMillis() + 999) / 1000);
        return node;
      });
    } catch (IOException e) {
      forgetNode(node);
      throw e;
    }
  }

  @Override
  public final void withdraw(String node) throws IOException {
    told(() -> {
      remove(node);
      return node;
    });
  }

  @Override
  public final Map<String, String> nodes() throws IOException {
    return told(this::living);
  }

  private <T> T told(Asking<T> asking) throws IOException {
    try {
      return asking.ask();
    } catch (StoreTrouble e) {
      throw new IOException(e.text(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while " + engine + " was waited for", e);
    }
  }

  @Override
  public final String label() {
    return address.label();
  }

  @Override
  public final void close() {
    closed = true;
    followings.forEach(WebFollowing::close);
  }
}
