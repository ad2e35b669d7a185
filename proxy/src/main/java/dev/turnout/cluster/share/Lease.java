package dev.turnout.cluster.share;

import dev.turnout.cluster.share.SharedStore.Commit;
import java.math.BigInteger;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Something that one of several nodes has at a time, such as the right to act for all of them. It
/// is a key of the store that its holder writes again and again, each time on the condition that it
/// is as the holder left it.
///
/// No clock of another machine is believed, as in the leader election of Kubernetes' clients: the
/// holder has it for a duration from *before* a write that was made, and another one takes it when
/// it has seen one and the same value for longer than that by its own clock. A write that is late
/// comes to nothing, since the key is not as it expects. So two hold it at once only where clocks
/// run at speeds that differ by more than a tenth.
///
/// Confined to one thread, but for [#isHeld()] and [#holder()].
public final class Lease {
  private static final double SLACK = 1.1;

  private final SharedStore store;
  private final String key;
  private final String holder;
  private final long durationNanos;
  private final LongSupplier nanos;
  private final String self; // how our values begin; no other has them
  private long writes;

  private String version = Transaction.ABSENT; // of what was seen last
  private String seen = "";
  private long seenNanos;
  private boolean ours;

  private volatile boolean held;
  private volatile long heldUntil;
  private volatile String present = "";

  /// @param name of what is leased: visible ASCII
  /// @param prefix of the store's keys
  /// @param holder who asks, for people: without spaces
  /// @param durationNanos how long it is held after the last write
  /// @param nanos the clock
  public Lease(
      SharedStore store,
      String prefix,
      String name,
      String holder,
      long durationNanos,
      LongSupplier nanos) {
    this.store = store;
    this.key = "@" + prefix + "lease:" + name;
    this.holder = holder;
    this.durationNanos = durationNanos;
    this.nanos = nanos;
    this.self = holder + " " + new BigInteger(64, new SecureRandom()).toString(36) + " ";
  }

  /// Whether this node has it now.
  public boolean isHeld() {
    return held && nanos.getAsLong() - heldUntil < 0;
  }

  /// Who had it when somebody last looked; empty: nobody.
  public String holder() {
    return isHeld() ? holder : present;
  }

  /// Keeps it, or tries to get it. Waits for the store. To be called several times in its duration.
  public void renew() {
    long began = nanos.getAsLong();
    boolean stale = !seen.isEmpty() && began - seenNanos > (long) (durationNanos * SLACK);
    String expected = ours || stale ? version : Transaction.ABSENT;
    String value = self + ++writes;
    switch (store.commit(transaction(expected, value))) {
      case Commit.Done done -> {
        ours = true;
        version = done.versions().getOrDefault(key, Transaction.NEVER);
        see(value);
        heldUntil = began + durationNanos;
        held = true;
      }
      case Commit.Conflict(SharedStore.State now) ->
          found(now.keys().getOrDefault(key, Reading.ABSENT));
      case Commit.Refused _, Commit.Unknown _ -> {
        // what was held is held until its time is over
      }
    }
  }

  private void found(Reading reading) {
    version = reading.version();
    String value = reading instanceof Reading.Present(String text, _) ? text : "";
    ours = value.startsWith(self); // written by us, though we were not told
    if (!ours) {
      held = false;
    }
    see(value);
  }

  private void see(String value) {
    if (!value.equals(seen)) {
      seen = value;
      seenNanos = nanos.getAsLong();
    }
    int space = value.indexOf(' ');
    present = space < 0 ? value : value.substring(0, space);
  }

  /// Lets go of it, so that another one can have it at once. Waits for the store; if that does not
  /// answer, the lease ends by itself.
  public void release() {
    held = false;
    if (ours) {
      ours = false;
      store.commit(transaction(version, null));
    }
  }

  private Transaction transaction(String expected, @Nullable String value) {
    Map<String, @Nullable String> written = new HashMap<>();
    written.put(key, value);
    return new Transaction(Map.of(key, expected), written);
  }
}
