package dev.turnout.upstream;

import static dev.turnout.upstream.Servers.changed;
import static dev.turnout.upstream.Servers.server;
import static dev.turnout.upstream.Servers.upstream;
import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.upstream.sticky.StickyRoute;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class UpstreamQueueTest {
  private static final long NOW = 5_000_000;
  private static final int ROOM = 10;

  /// Tasks of the one loop of these tests, in order.
  private final Deque<Runnable> loop = new ArrayDeque<>();

  private final List<String> served = new ArrayList<>();

  /// A request that waits, looks when it is its turn, and tells when it is served.
  private final class Client implements UpstreamQueue.Waiter {
    private final String name;
    private final Upstream group;
    private final Request request = Request.at(NOW);
    private UpstreamQueue.@Nullable Place place;
    private @Nullable Peer peer;
    private int turns;

    Client(String name, Upstream group) {
      this.name = name;
      this.group = group;
    }

    Client arrive() {
      peer = group.pick(request);
      if (peer != null) {
        served.add(name);
      } else {
        place = Objects.requireNonNull(group.queue()).join(this, ROOM);
      }
      return this;
    }

    @Override
    public void turn() {
      loop.add(this::look);
    }

    private void look() {
      turns++;
      UpstreamQueue.Place mine = Objects.requireNonNull(place);
      peer = group.pickAfterWaiting(request);
      if (peer == null) {
        mine.unserved();
      } else {
        served.add(name);
        mine.served();
      }
    }

    void done() {
      group.released(request, Objects.requireNonNull(peer), Outcome.SUCCESS);
    }
  }

  private void run() {
    for (Runnable task = loop.poll(); task != null; task = loop.poll()) {
      task.run();
    }
  }

  private static Upstream group(PeerSpec... servers) {
    return upstream(
        UpstreamSpec.of(
            "app",
            List.of(servers),
            new BalancingMethod.RoundRobin(),
            Keepalive.DEFAULT,
            new UpstreamOptions(
                null, new StickyRoute(List.of("r")), new QueueLimits(ROOM, 60_000))));
  }

  private static UpstreamQueue queue(Upstream group) {
    return Objects.requireNonNull(group.queue());
  }

  private Client arrive(String name, Upstream group) {
    Client client = new Client(name, group).arrive();
    run();
    return client;
  }

  @Test
  void whoComesFirstIsServedFirst() {
    Upstream group = group(server(1).withMaxConns(1));
    Client a = arrive("a", group);
    Client b = arrive("b", group);
    Client c = arrive("c", group);
    assertThat(queue(group).size()).isEqualTo(2);

    a.done();
    run();
    b.done();
    run();
    c.done();

    assertThat(served).containsExactly("a", "b", "c");
    assertThat(queue(group).size()).isZero();
    assertThat(group.current().peers().getFirst().active()).isZero();
  }

  @Test
  void whoComesLaterDoesNotOvertakeThoseThatWait() {
    Upstream group = group(server(1).withMaxConns(1));
    Client a = arrive("a", group);
    arrive("b", group);

    a.done(); // b is told, and has not looked yet
    new Client("c", group).arrive();
    run();

    assertThat(served).containsExactly("a", "b");
  }

  @Test
  void onlyTheFirstLooksAndOnlyWhenSomethingHappened() {
    Upstream group = group(server(1).withMaxConns(1));
    arrive("a", group);
    Client b = arrive("b", group);
    Client c = arrive("c", group);

    assertThat(b.turns).isEqualTo(1); // once as it came, since room may just have come
    assertThat(c.turns).isZero();
  }

  @Test
  void roomThatComesBetweenTheLookAndThePlaceIsNotMissed() {
    Upstream group = group(server(1).withMaxConns(1));
    Client a = arrive("a", group);
    Client b = new Client("b", group);
    b.peer = group.pick(b.request);
    assertThat(b.peer).isNull();

    a.done();
    b.place = queue(group).join(b, ROOM);
    run();

    assertThat(served).containsExactly("a", "b");
  }

  @Test
  void severalServersThatComeFreeAtOnceServeAsManyThatWait() {
    Upstream group = group(server(1).withMaxConns(2));
    Client a = arrive("a", group);
    Client b = arrive("b", group);
    arrive("c", group);
    arrive("d", group);

    a.done();
    b.done();
    run();

    assertThat(served).containsExactly("a", "b", "c", "d");
  }

  @Test
  void aServerThatIsAddedServesAtOnce() {
    Upstream group = group(server(1).withDown(true));
    arrive("a", group);
    arrive("b", group);

    group.publish(changed(group.current().spec(), new UpstreamChange.Add(server(2))), 2);
    run();

    assertThat(served).containsExactly("a", "b");
  }

  @Test
  void whoLeavesIsPassedOver() {
    Upstream group = group(server(1).withMaxConns(1));
    Client a = arrive("a", group);
    Client b = arrive("b", group);
    arrive("c", group);

    Objects.requireNonNull(b.place).leave();
    Objects.requireNonNull(b.place).leave();
    run();
    assertThat(queue(group).size()).isEqualTo(1);
    a.done();
    run();

    assertThat(served).containsExactly("a", "c");
  }

  @Test
  void theTurnOfOneThatLeavesPassesOn() {
    Upstream group = group(server(1).withMaxConns(1));
    Client a = arrive("a", group);
    Client b = arrive("b", group);
    arrive("c", group);

    a.done(); // b has the turn, and leaves before it looks
    loop.clear();
    Objects.requireNonNull(b.place).leave();
    run();

    assertThat(served).containsExactly("a", "c");
  }

  @Test
  void aFullQueueTakesNobodyAndCountsThem() {
    Upstream group = group(server(1).withDown(true));
    for (int i = 0; i < ROOM; i++) {
      arrive("w" + i, group);
    }

    Client late = arrive("late", group);

    assertThat(late.place).isNull();
    assertThat(queue(group).size()).isEqualTo(ROOM);
    assertThat(queue(group).overflows()).isEqualTo(1);
  }

  @Test
  void aRequestBoundToADrainingServerDoesNotWaitBehindOthers() {
    PeerSpec draining = server(2).withRoute("r").withDrain(true);
    Upstream group = group(server(1).withMaxConns(1), draining);
    arrive("a", group);
    arrive("b", group);

    Peer peer = group.pick(Request.at(NOW).boundBy("r"));

    assertThat(peer).isNotNull();
    assertThat(peer.spec().drain()).isTrue();
  }

  @Test
  void afterWaitingThePrimariesAreAskedAgain() {
    Upstream group = group(server(1).withMaxConns(1), server(2).withBackup(true).withMaxConns(1));
    Client a = arrive("a", group);
    arrive("b", group);
    Client c = arrive("c", group);

    a.done();
    run();

    assertThat(Objects.requireNonNull(c.peer).spec().backup()).isFalse();
  }

  @Test
  void theTimeUntilAServerIsBackIsKnown() {
    Upstream group =
        group(
            server(1).withFailures(1, 10_000),
            server(2).withFailures(1, 3_000),
            server(3).withDown(true));
    assertThat(group.recoversInMillis(NOW)).isEqualTo(-1);

    fail(group);
    fail(group);

    long millis = group.recoversInMillis(NOW + 300);
    assertThat(millis).isEqualTo(3_700);
    assertThat(group.pick(Request.at(NOW + 300 + millis - 1))).isNull();
    assertThat(group.pick(Request.at(NOW + 300 + millis))).isNotNull();
  }

  private static void fail(Upstream group) {
    Request request = Request.at(NOW);
    group.released(request, Objects.requireNonNull(group.pick(request)), Outcome.FAILURE);
  }

  @Test
  void nobodyIsForgottenWhenSeveralLoopsComeAndGo() throws Exception {
    int loops = 4;
    int each = 5_000;
    Upstream group = group(server(1).withMaxConns(1), server(2).withMaxConns(1));
    AtomicInteger answered = new AtomicInteger();
    CountDownLatch all = new CountDownLatch(loops);
    for (int i = 0; i < loops; i++) {
      Thread.ofPlatform()
          .daemon()
          .start(() -> {
            OneAtATime client = new OneAtATime(group);
            for (int n = 0; n < each; n++) {
              client.serve();
              answered.incrementAndGet();
            }
            all.countDown();
          });
    }

    all.await();

    assertThat(answered).hasValue(loops * each);
    assertThat(queue(group).size()).isZero();
    assertThat(group.current().peers()).extracting(Peer::active).containsOnly(0);
  }

  /// A loop with one request after the other, which really waits.
  private static final class OneAtATime implements UpstreamQueue.Waiter {
    private final LinkedBlockingQueue<Boolean> turns = new LinkedBlockingQueue<>();
    private final Upstream group;

    OneAtATime(Upstream group) {
      this.group = group;
    }

    @Override
    public void turn() {
      turns.add(true);
    }

    void serve() {
      Request request = Request.at(NOW);
      Peer peer = group.pick(request);
      if (peer == null) {
        UpstreamQueue.Place place = Objects.requireNonNull(queue(group).join(this, ROOM));
        while (peer == null) {
          try {
            turns.take();
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
          peer = group.pickAfterWaiting(request);
          if (peer == null) {
            place.unserved();
          }
        }
        place.served();
      }
      group.released(request, peer, Outcome.SUCCESS);
    }
  }
}
