package dev.turnout.control;

import dev.turnout.cluster.share.SyncedZone;
import dev.turnout.upstream.sticky.StickyLearn;
import dev.turnout.upstream.sticky.SyncedSessions;
import java.util.List;
import java.util.Set;

/// The sessions of a `sticky learn … sync` as nodes tell each other of them. The store keeps what
/// is told for their timeout.
record SyncedSticky(StickyLearn learn, SyncedSessions sessions) implements SyncedZone {
  @Override
  public String name() {
    return "sticky:" + learn.zone();
  }

  @Override
  public List<Entry> take(int most, Beat beat) {
    return sessions.take(most, learn.timeoutMillis(), beat.nowMillis()).stream()
        .map(told -> new Entry(told.key(), told.version(), told.route(), told.ageMillis()))
        .toList();
  }

  @Override
  public void hear(List<Entry> entries, Beat beat) {
    sessions.hear(
        entries.stream()
            .map(entry ->
                new SyncedSessions.Told(
                    entry.key(), entry.text(), entry.number(), entry.ageMillis()))
            .toList(),
        learn.timeoutMillis(),
        beat.nowMillis());
  }

  @Override
  public int untold() {
    return sessions.untold();
  }

  @Override
  public long keptMillis() {
    return learn.timeoutMillis();
  }

  @Override
  public void tellBesides(Set<String> keys, Beat beat) {
    sessions.tellBesides(keys, learn.timeoutMillis(), beat.nowMillis());
  }
}
