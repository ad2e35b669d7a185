package dev.turnout.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.cluster.KeyvalChange;
import dev.turnout.cluster.KeyvalSnapshot;
import dev.turnout.cluster.KeyvalZone;
import dev.turnout.cluster.MemoryStateStore;
import dev.turnout.cluster.Revision;
import dev.turnout.http.Upstreams;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class EventsTest {
  private final Events events = new Events(() -> 7, 4);

  private void publish(int count) {
    for (int i = 0; i < count; i++) {
      events.publish("test", Map.of("i", i));
    }
  }

  private static Object numbers(Events.Batch batch) {
    return batch.events().stream().map(Event::number).toList();
  }

  @Test
  void eachReadsOnWhereItWas() {
    publish(3);

    Events.Batch first = events.after(0, 2);
    Events.Batch second = events.after(first.next(), 2);
    Events.Batch third = events.after(second.next(), 2);

    assertThat(numbers(first)).asString().isEqualTo("[1, 2]");
    assertThat(numbers(second)).asString().isEqualTo("[3]");
    assertThat(third.events()).isEmpty();
    assertThat(third.next()).isEqualTo(3);
    assertThat(third.gap()).isFalse();
  }

  @Test
  void whoFallsBehindTheRingFindsAGap() {
    publish(6);

    Events.Batch late = events.after(1, 10);

    assertThat(late.gap()).isTrue();
    assertThat(numbers(late)).asString().isEqualTo("[3, 4, 5, 6]");
    assertThat(events.after(2, 10).gap()).isFalse();
  }

  @Test
  void whoHasSeenMoreThanThereWasFindsAGap() {
    publish(2);

    assertThat(events.after(9, 10).gap()).isTrue();
  }

  @Test
  void troubleWithAStoreIsAnEvent() throws Exception {
    MemoryStateStore broken = new MemoryStateStore();
    broken.close();
    KeyvalZone zone = new KeyvalZone("z", 1000, broken, KeyvalSnapshot.EMPTY);
    try (ChangeWriter writer = Writers.start(new Revision(), Fence.NONE);
        ControlPlane control = ControlPlane.of(writer, new Upstreams())) {

      writer
          .submit(ChangeRequest.of(Writers.TEST, zone, new KeyvalChange.Put("k", "v")))
          .get(20, TimeUnit.SECONDS);

      Event event = control.events().after(0, 10).events().getFirst();
      assertThat(event.content()).isInstanceOf(Event.Told.class);
      assertThat(event.content().kind()).isEqualTo("store");
    }
  }
}
