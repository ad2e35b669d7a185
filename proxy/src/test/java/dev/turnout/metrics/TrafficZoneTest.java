package dev.turnout.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class TrafficZoneTest {
  private static final int LOOPS = 4;
  private static final int REQUESTS = 200_000;

  private static void count(TrafficZone.Loop loop, int requests) {
    for (int i = 0; i < requests; i++) {
      loop.began();
      if (i % 10 == 9) {
        loop.discarded(7);
      } else {
        loop.responded(200 + i % 3 * 100, 7, 11, TimeUnit.MILLISECONDS.toNanos(i % 20));
      }
    }
  }

  @Test
  void nothingIsLostHoweverManyLoopsCount() throws InterruptedException {
    TrafficZone zone = new TrafficZone("z");
    List<Thread> loops = new ArrayList<>();

    for (int i = 0; i < LOOPS; i++) {
      int index = i; // the loops meet where their counters are made, too
      loops.add(Thread.ofPlatform().start(() -> count(zone.on(index), REQUESTS)));
    }
    for (Thread loop : loops) {
      loop.join();
    }

    Traffic traffic = zone.traffic();
    assertThat(traffic.requests()).isEqualTo((long) LOOPS * REQUESTS);
    assertThat(traffic.processing()).isZero();
    assertThat(traffic.discarded()).isEqualTo((long) LOOPS * REQUESTS / 10);
    assertThat(traffic.responses().total()).isEqualTo((long) LOOPS * REQUESTS / 10 * 9);
    assertThat(traffic.durations().count()).isEqualTo(traffic.responses().total());
    assertThat(traffic.received()).isEqualTo(7L * LOOPS * REQUESTS);
    assertThat(traffic.sent()).isEqualTo(11 * traffic.responses().total());
  }

  @Test
  void aSnapshotNeverHasMoreResponsesThanRequests() throws InterruptedException {
    TrafficZone zone = new TrafficZone("z");
    AtomicBoolean stop = new AtomicBoolean();
    TrafficZone.Loop counters = zone.on(0);
    Thread loop =
        Thread.ofPlatform()
            .start(() -> {
              while (!stop.get()) {
                count(counters, 100);
              }
            });

    List<Traffic> seen = new ArrayList<>();
    while (seen.size() < 2000 || seen.getLast().requests() == 0) {
      seen.add(zone.traffic());
    }
    stop.set(true);
    loop.join();

    assertThat(seen)
        .allSatisfy(traffic -> {
          assertThat(traffic.processing()).isNotNegative();
          assertThat(traffic.requests())
              .isGreaterThanOrEqualTo(traffic.responses().total() + traffic.discarded());
        });
  }

  @Test
  void codesAndClassesAddUp() {
    TrafficZone zone = new TrafficZone("z");

    zone.on(0).responded(200, 0, 0, 0);
    zone.on(0).responded(204, 0, 0, 0);
    zone.on(1).responded(200, 0, 0, 0);
    zone.on(1).responded(503, 0, 0, 0);
    zone.on(1).responded(999, 0, 0, 0);

    Responses responses = zone.traffic().responses();
    assertThat(responses.codes())
        .containsExactly(entry(200, 2L), entry(204, 1L), entry(503, 1L), entry(999, 1L));
    assertThat(responses.ofClass(2)).isEqualTo(3);
    assertThat(responses.ofClass(4)).isZero();
    assertThat(responses.ofClass(5)).isEqualTo(1);
    assertThat(responses.total()).isEqualTo(5);
  }

  @Test
  void whatIsForgottenDoesNotComeBackAndWhatIsUnderWayStays() {
    TrafficZone zone = new TrafficZone("z");
    zone.on(0).began();
    zone.on(0).began();
    zone.on(0).responded(200, 5, 6, 1);

    zone.forget();
    zone.on(1).began();
    zone.on(1).responded(404, 1, 2, TimeUnit.SECONDS.toNanos(3));

    Traffic traffic = zone.traffic();
    assertThat(traffic.processing()).isEqualTo(1);
    assertThat(traffic.requests()).isEqualTo(1);
    assertThat(traffic.responses().codes()).containsExactly(entry(404, 1L));
    assertThat(traffic.received()).isEqualTo(1);
    assertThat(traffic.sent()).isEqualTo(2);
    assertThat(traffic.durations().count()).isEqualTo(1);
    assertThat(traffic.durations().sumMillis()).isEqualTo(3000);
  }
}
