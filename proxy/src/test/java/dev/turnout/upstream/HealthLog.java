package dev.turnout.upstream;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/// What a listener was told, in words: `8081 UP>UNAVAIL`, `panic 0/2`, `calm 2/2`.
public final class HealthLog implements HealthListener {
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(10);

  private final List<HealthEvent> events = new ArrayList<>(); // guarded by this

  @Override
  public synchronized void changed(HealthEvent event) {
    events.add(event);
    notifyAll();
  }

  public synchronized List<HealthEvent> events() {
    return List.copyOf(events);
  }

  public synchronized List<String> words() {
    return events.stream().map(HealthLog::words).toList();
  }

  /// The reasons of the changes of servers.
  public synchronized List<String> reasons() {
    return events.stream()
        .filter(HealthEvent.PeerChanged.class::isInstance)
        .map(event -> ((HealthEvent.PeerChanged) event).reason())
        .toList();
  }

  /// Waits until something in these words has been told.
  public HealthLog await(String words) throws InterruptedException {
    return await(all -> all.contains(words), words);
  }

  /// Waits until something in these words has been told so often.
  public HealthLog await(String words, int times) throws InterruptedException {
    return await(
        all -> all.stream().filter(words::equals).count() >= times, times + " times " + words);
  }

  private synchronized HealthLog await(Predicate<List<String>> there, String what)
      throws InterruptedException {
    long end = System.nanoTime() + LONGEST_WAIT.toNanos();
    while (!there.test(words())) {
      long millis = (end - System.nanoTime()) / 1_000_000;
      if (millis <= 0) {
        throw new AssertionError("waited for " + what + ", was told " + words());
      }
      wait(millis);
    }
    return this;
  }

  private static String words(HealthEvent event) {
    return switch (event) {
      case HealthEvent.PeerChanged(
              String _,
              PeerSpec peer,
              PeerState from,
              PeerState to,
              String _,
              long _) ->
          port(peer) + " " + from + ">" + to;
      case HealthEvent.PanicBegan(String _, int usable, int total, long _) ->
          "panic " + usable + "/" + total;
      case HealthEvent.PanicEnded(String _, int usable, int total, long _) ->
          "calm " + usable + "/" + total;
    };
  }

  private static String port(PeerSpec peer) {
    String text = peer.address().text();
    return text.substring(text.lastIndexOf(':') + 1);
  }
}
