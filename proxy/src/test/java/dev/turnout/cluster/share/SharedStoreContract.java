package dev.turnout.cluster.share;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.cluster.share.SharedStore.Commit;
import dev.turnout.testkit.Eventually;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What every engine has to do. A test class of an engine extends this one, and opens clients of
/// one and the same store, which is empty at the beginning of each test.
public abstract class SharedStoreContract {
  private final List<SharedStore> opened = new ArrayList<>();

  /// Another client of the store.
  protected abstract SharedStore open() throws Exception;

  /// What all keys begin with: an engine may want them to have something in common.
  protected String tag() {
    return "";
  }

  private String key(String name) {
    return tag() + name;
  }

  private SharedStore client() {
    try {
      SharedStore store = open();
      opened.add(store);
      return store;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @AfterEach
  void closeClients() {
    opened.forEach(SharedStore::close);
  }

  private Heard follow(SharedStore store) {
    Heard heard = new Heard();
    store.follow(Set.of(key("t:")), heard);
    heard.awaitSync();
    return heard;
  }

  private static Commit.Done put(SharedStore store, String key, @Nullable String value) {
    Map<String, @Nullable String> writes = new HashMap<>();
    writes.put(key, value);
    return done(store.commit(new Transaction(Map.of(), writes)));
  }

  private static Commit.Done done(Commit commit) {
    assertThat(commit).isInstanceOf(Commit.Done.class);
    return (Commit.Done) commit;
  }

  @Test
  void anEmptyStoreIsToldAsEmpty() {
    Heard heard = follow(client());

    assertThat(heard.values()).isEmpty();
    assertThat(heard.isUp()).isTrue();
  }

  @Test
  void whatWasWrittenBeforeIsToldToWhoeverFollows() {
    SharedStore store = client();
    Commit.Done done = put(store, key("t:a"), "1");

    Heard heard = follow(client());

    assertThat(heard.values()).isEqualTo(Map.of(key("t:a"), "1"));
    assertThat(heard.revision()).isGreaterThanOrEqualTo(done.revision());
    assertThat(heard.reading(key("t:a")).version()).isEqualTo(done.versions().get(key("t:a")));
  }

  @Test
  void aCommitIsToldToAllWhoFollowAlsoToWhoeverMadeIt() {
    SharedStore one = client();
    Heard own = follow(one);
    Heard other = follow(client());

    Commit.Done done = put(one, key("t:a"), "1");

    own.awaitValue(key("t:a"), "1");
    other.awaitValue(key("t:a"), "1");
    assertThat(other.reading(key("t:a")).version()).isEqualTo(done.versions().get(key("t:a")));
    assertThat(other.revision()).isGreaterThanOrEqualTo(done.revision());
  }

  @Test
  void revisionsGrow() {
    SharedStore one = client();
    SharedStore other = client();

    long first = put(one, key("t:a"), "1").revision();
    long second = put(other, key("t:b"), "1").revision();
    long third = put(one, key("t:a"), null).revision();

    assertThat(second).isGreaterThan(first);
    assertThat(third).isGreaterThan(second);
  }

  @Test
  void deletesTravel() {
    SharedStore one = client();
    put(one, key("t:a"), "1");
    Heard heard = follow(client());

    put(one, key("t:a"), null);

    heard.awaitAbsent(key("t:a"));
    assertThat(follow(client()).values()).isEmpty();
  }

  @Test
  void theKeysOfACommitChangeTogether() {
    SharedStore one = client();
    Heard heard = follow(client());

    done(
        one.commit(
            new Transaction(Map.of(), Map.of(key("t:a"), "1", key("t:b"), "2", key("t:c"), "3"))));

    heard.awaitValue(key("t:c"), "3");
    assertThat(heard.changes())
        .filteredOn(change -> change.keys().containsKey(key("t:a")))
        .first()
        .satisfies(change ->
            assertThat(change.keys().keySet()).contains(key("t:a"), key("t:b"), key("t:c")));
  }

  @Test
  void aKeyThatIsNotAsExpectedStopsAllOfIt() {
    SharedStore store = client();
    String old = done(put(store, key("t:a"), "1")).versions().get(key("t:a"));
    put(store, key("t:a"), "2");

    Commit commit =
        store.commit(
            new Transaction(Map.of(key("t:a"), old), Map.of(key("t:a"), "3", key("t:b"), "3")));

    assertThat(commit).isInstanceOf(Commit.Conflict.class);
    Reading present = ((Commit.Conflict) commit).present().keys().get(key("t:a"));
    assertThat(present).isInstanceOf(Reading.Present.class);
    assertThat(((Reading.Present) present).value()).isEqualTo("2");
    assertThat(follow(client()).values()).isEqualTo(Map.of(key("t:a"), "2"));
  }

  @Test
  void aKeyCanBeExpectedToBeAsItWasRead() {
    SharedStore store = client();
    put(store, key("t:a"), "1");
    Heard heard = follow(store);

    String version = heard.reading(key("t:a")).version();
    Commit.Done done =
        done(store.commit(new Transaction(Map.of(key("t:a"), version), Map.of(key("t:a"), "2"))));
    Commit again =
        store.commit(
            new Transaction(
                Map.of(key("t:a"), done.versions().getOrDefault(key("t:a"), "")),
                Map.of(key("t:a"), "3")));

    assertThat(again).isInstanceOf(Commit.Done.class);
  }

  @Test
  void aKeyCanBeExpectedToBeAbsent() {
    SharedStore store = client();

    Transaction make =
        new Transaction(Map.of(key("t:a"), Transaction.ABSENT), Map.of(key("t:a"), "1"));
    Commit first = store.commit(make);
    Commit second = store.commit(make);

    assertThat(first).isInstanceOf(Commit.Done.class);
    assertThat(second).isInstanceOf(Commit.Conflict.class);
  }

  @Test
  void aConflictTellsOfAKeyThatIsNotThere() {
    SharedStore store = client();

    Commit commit =
        store.commit(
            new Transaction(Map.of(key("t:a"), Transaction.NEVER), Map.of(key("t:a"), "1")));

    assertThat(((Commit.Conflict) commit).present().keys().get(key("t:a")))
        .isEqualTo(Reading.ABSENT);
  }

  @Test
  void aKeyCanBeExpectedThatIsNotWritten() {
    SharedStore store = client();
    put(store, key("t:guard"), "1");

    Commit commit =
        store.commit(
            new Transaction(
                Map.of(key("t:guard"), Transaction.ABSENT), Map.of(key("t:other"), "1")));

    assertThat(commit).isInstanceOf(Commit.Conflict.class);
    assertThat(follow(client()).values()).isEqualTo(Map.of(key("t:guard"), "1"));
  }

  @Test
  void whatIsUnderOtherPrefixesIsNotTold() {
    SharedStore store = client();
    put(store, key("u:before"), "1");
    Heard heard = follow(client());

    put(store, key("u:after"), "1");
    put(store, key("t:a"), "1");

    heard.awaitValue(key("t:a"), "1");
    assertThat(heard.values()).isEqualTo(Map.of(key("t:a"), "1"));
  }

  @Test
  void severalPrefixesCanBeFollowed() {
    SharedStore store = client();
    put(store, key("u:a"), "1");
    Heard heard = new Heard();
    client().follow(List.of(key("t:"), key("u:")), heard);
    heard.awaitSync();

    done(store.commit(new Transaction(Map.of(), Map.of(key("t:b"), "2", key("u:b"), "2"))));

    heard.awaitValue(key("t:b"), "2");
    heard.awaitValue(key("u:b"), "2");
    heard.awaitValue(key("u:a"), "1");
  }

  @Test
  void valuesAreBytesAndKeysAreText() {
    SharedStore store = client();
    StringBuilder bytes = new StringBuilder();
    for (int i = 0; i < 256; i++) {
      bytes.append((char) i);
    }
    String key = key("t:*?[a]^\\\"'{x}%20/../~");
    Heard heard = follow(client());

    put(store, key, bytes.toString());
    put(store, key("t:empty"), "");

    heard.awaitValue(key("t:empty"), "");
    heard.awaitValue(key, bytes.toString());
    assertThat(follow(client()).values().get(key)).isEqualTo(bytes.toString());
  }

  @Test
  void aLargeValueIsTaken() {
    SharedStore store = client();
    String value = "x".repeat(SharedStore.LONGEST_VALUE);

    put(store, key("t:large"), value);

    assertThat(follow(client()).values().get(key("t:large"))).isEqualTo(value);
  }

  @Test
  void aTransactionOfAsManyKeysAsItTakesIsTaken() {
    SharedStore store = client();
    int most = Math.min(store.mostKeys(), 5000);
    Map<String, @Nullable String> writes = new HashMap<>();
    Map<String, String> expected = new HashMap<>();
    for (int i = 0; i < most; i++) {
      writes.put(key("t:") + i, "v" + i);
      expected.put(key("t:") + i, Transaction.ABSENT);
    }

    done(store.commit(new Transaction(expected, writes)));

    assertThat(most).isGreaterThanOrEqualTo(60);
    assertThat(follow(client()).values()).hasSize(most);
  }

  @Test
  void whatWasCommittedIsSettledInTime() {
    SharedStore store = client();
    Heard heard = follow(client());

    Commit.Done done = put(store, key("t:a"), "1");

    heard.awaitSettled(done.revision());
    assertThat(heard.values()).isEqualTo(Map.of(key("t:a"), "1"));
  }

  @Test
  void askedAgainItTellsAll() {
    SharedStore store = client();
    put(store, key("t:a"), "1");
    Heard heard = new Heard();
    SharedStore.Following following = store.follow(Set.of(key("t:")), heard);
    heard.awaitSync();

    following.again();

    heard.await("a second snapshot", () -> heard.syncs() == 2);
    assertThat(heard.values()).isEqualTo(Map.of(key("t:a"), "1"));
  }

  @Test
  void whoNoLongerFollowsIsToldNothing() {
    SharedStore store = client();
    Heard heard = new Heard();
    SharedStore.Following following = store.follow(Set.of(key("t:")), heard);
    heard.awaitSync();
    Heard other = follow(store);

    following.close();
    put(store, key("t:a"), "1");

    other.awaitValue(key("t:a"), "1");
    assertThat(heard.values()).isEmpty();
  }

  @Test
  void ofManyWhoExpectTheSameOneSucceeds() throws Exception {
    int writers = 4;
    int rounds = 25;
    CountDownLatch start = new CountDownLatch(1);
    List<CompletableFuture<Integer>> all = new ArrayList<>();
    for (int i = 0; i < writers; i++) {
      SharedStore store = client();
      CompletableFuture<Integer> result = new CompletableFuture<>();
      all.add(result);
      Thread.startVirtualThread(() -> {
        try {
          start.await();
          result.complete(count(store, rounds));
        } catch (Throwable e) {
          result.completeExceptionally(e);
        }
      });
    }

    start.countDown();
    for (CompletableFuture<Integer> one : all) {
      assertThat(one.get()).isEqualTo(rounds);
    }

    assertThat(follow(client()).values())
        .isEqualTo(Map.of(key("t:count"), Integer.toString(writers * rounds)));
  }

  /// Counts a key up so many times, as one of several.
  private int count(SharedStore store, int times) {
    String version = Transaction.ABSENT;
    int value = 0;
    int made = 0;
    while (made < times) {
      Commit commit =
          store.commit(
              new Transaction(
                  Map.of(key("t:count"), version),
                  Map.of(key("t:count"), Integer.toString(value + 1))));
      if (commit instanceof Commit.Conflict(SharedStore.State present)
          && present.keys().get(key("t:count")) instanceof Reading.Present(String now, String at)) {
        value = Integer.parseInt(now);
        version = at;
      } else {
        version = done(commit).versions().getOrDefault(key("t:count"), "");
        value++;
        made++;
      }
    }
    return made;
  }

  @Test
  void whoBeginsToFollowWhileMuchIsWrittenMissesNothing() throws Exception {
    SharedStore writer = client();
    SharedStore reader = client();
    Heard early = follow(client());
    CountDownLatch begun = new CountDownLatch(20);
    Thread writing =
        Thread.startVirtualThread(() -> {
          for (int i = 0; i < 200; i++) {
            begun.countDown();
            put(writer, key("t:") + i % 20, i % 7 == 0 ? null : "v" + i);
          }
          put(writer, key("t:end"), "yes");
        });

    begun.await();
    Heard late = follow(reader);

    writing.join();
    early.awaitValue(key("t:end"), "yes");
    late.awaitValue(key("t:end"), "yes");
    Map<String, String> all = follow(client()).values();
    early.await("all of it", () -> early.values().equals(all));
    late.await("all of it", () -> late.values().equals(all));
  }

  @Test
  void aNodeIsSeenAsLongAsItIsAnnounced() throws IOException {
    SharedStore one = client();
    SharedStore other = client();

    one.announce("n1", "{\"a\":1}", Duration.ofMinutes(5));
    one.announce("n2", "x", Duration.ofMinutes(5));
    one.announce("n1", "{\"a\":2}", Duration.ofMinutes(5));
    Map<String, String> both = other.nodes();
    one.withdraw("n2");

    assertThat(both).isEqualTo(Map.of("n1", "{\"a\":2}", "n2", "x"));
    assertThat(other.nodes()).isEqualTo(Map.of("n1", "{\"a\":2}"));
  }

  @Test
  void aNodeThatIsNotAnnouncedAnyMoreIsForgotten() throws Exception {
    SharedStore store = client();

    store.announce("n1", "x", Duration.ofSeconds(1));

    // the engine's clock, which no test can turn; Consul waits for 20 s
    Eventually.until(Duration.ofSeconds(40), () -> store.nodes().isEmpty(), () -> "still there");
  }

  @Test
  void announcementsAreNotAmongTheKeys() throws IOException {
    SharedStore store = client();
    Heard heard = follow(client());

    store.announce("n1", "x", Duration.ofMinutes(5));
    put(store, key("t:a"), "1");

    heard.awaitValue(key("t:a"), "1");
    assertThat(heard.values()).isEqualTo(Map.of(key("t:a"), "1"));
    assertThat(follow(client()).values()).isEqualTo(Map.of(key("t:a"), "1"));
  }

  @Test
  void aClosedStoreTakesNothing() {
    SharedStore store = client();
    store.close();

    Commit commit = store.commit(new Transaction(Map.of(), Map.of(key("t:a"), "1")));

    assertThat(commit).isInstanceOf(Commit.Refused.class);
    assertThat(follow(client()).values()).isEmpty();
  }

  @Test
  void oneOfTwoHasALease() {
    long duration = Duration.ofHours(1).toNanos();
    Lease one = new Lease(client(), key("t:"), "a", "one", duration, System::nanoTime);
    Lease two = new Lease(client(), key("t:"), "a", "two", duration, System::nanoTime);

    one.renew();
    two.renew();
    one.renew();
    two.renew();

    assertThat(one.isHeld()).isTrue();
    assertThat(two.isHeld()).isFalse();
    assertThat(two.holder()).isEqualTo("one");
    one.release();
    two.renew();
    assertThat(two.isHeld()).isTrue();
    one.renew();
    assertThat(one.isHeld()).isFalse();
  }
}
