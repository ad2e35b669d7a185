package dev.turnout.http.access;

import dev.turnout.cluster.share.SyncedZone;
import java.util.List;

/// A `limit_req_zone … sync` as nodes tell each other of it: how many requests passed, in
/// thousandths.
record SyncedLimit(String name, long rate, SyncedBuckets buckets) implements SyncedZone {
  /// That of a zone.
  static SyncedLimit of(LimitZones.Zone<LeakyBuckets> zone, SyncedBuckets buckets) {
    return new SyncedLimit("limit_req:" + zone.name(), zone.rate(), buckets);
  }

  @Override
  public List<Entry> take(int most, Beat beat) {
    return buckets.take(most, rate, beat);
  }

  @Override
  public void hear(List<Entry> entries, Beat beat) {
    buckets.hear(entries, rate, beat);
  }

  @Override
  public int untold() {
    return buckets.untold();
  }
}
