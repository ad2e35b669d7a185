package dev.turnout.http.access;

import dev.turnout.http.Exchange;
import dev.turnout.http.ExchangeSlot;
import dev.turnout.http.LimitOutcome;
import dev.turnout.http.PhaseHandler;
import dev.turnout.http.Verdict;
import dev.turnout.log.Level;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Holds the requests of a location against its `limit_conn`s. What a request has entered it leaves
/// when it is over, or when one of the limits refuses it.
final class ConnectionLimiter implements PhaseHandler {
  private static final int LONGEST_KEY = 255;

  private final Limit[] limits;
  private final Level level;
  private final int status;
  private final boolean dryRun;
  private final ExchangeSlot<Passage> passageSlot;

  /// One `limit_conn`.
  ///
  /// @param most how many requests with one key may be under way
  record Limit(LimitZones.Zone<ConnectionCounts> zone, int most) {}

  /// A request's way through the limits.
  ///
  /// @param outcome what became of it
  /// @param entered where it is counted
  record Passage(LimitOutcome outcome, @Nullable Entry entered) {}

  /// A count that a request is in, and the one it entered before.
  private record Entry(ConnectionCounts counts, String key, @Nullable Entry before) {}

  ConnectionLimiter(
      List<Limit> limits, Level level, int status, boolean dryRun, ExchangeSlot<Passage> slot) {
    this.limits = limits.toArray(new Limit[0]);
    this.level = level;
    this.status = status;
    this.dryRun = dryRun;
    this.passageSlot = slot;
  }

  @Override
  public Verdict handle(Exchange exchange) {
    if (exchange.main().get(passageSlot) != null) {
      return Verdict.CONTINUE; // limited before an internal redirect, or as main request
    }
    Entry entered = null;
    for (Limit limit : limits) {
      LimitZones.Zone<ConnectionCounts> zone = limit.zone();
      String key = zone.key().evaluate(exchange);
      if (key.isEmpty() || zone.isTooLong(exchange, key, LONGEST_KEY)) {
        continue;
      }
      switch (zone.content().enter(key, limit.most())) {
        case ENTERED -> entered = new Entry(zone.content(), key, entered);
        case LIMITED -> {
          exchange.log(
              level,
              () ->
                  "limiting connections"
                      + (dryRun ? ", dry run," : "")
                      + " by zone \""
                      + zone.name()
                      + "\"");
          return refused(exchange, zone, entered);
        }
        case NO_ROOM -> {
          return refused(exchange, zone, entered);
        }
      }
    }
    for (Entry entry = entered; entry != null; entry = entry.before()) {
      entry.counts().outcomes().count(exchange.worker().index(), LimitOutcome.PASSED);
    }
    if (entered != null) {
      exchange.main().put(passageSlot, new Passage(LimitOutcome.PASSED, entered));
    }
    return Verdict.CONTINUE;
  }

  private Verdict refused(
      Exchange exchange, LimitZones.Zone<ConnectionCounts> zone, @Nullable Entry entered) {
    leave(entered);
    LimitOutcome outcome = dryRun ? LimitOutcome.REJECTED_DRY_RUN : LimitOutcome.REJECTED;
    zone.content().outcomes().count(exchange.worker().index(), outcome);
    if (dryRun) {
      exchange.main().put(passageSlot, new Passage(LimitOutcome.REJECTED_DRY_RUN, null));
      return Verdict.CONTINUE;
    }
    exchange.main().put(passageSlot, new Passage(LimitOutcome.REJECTED, null));
    exchange.finish(status);
    return Verdict.RESPONDED;
  }

  /// The request is over.
  static void over(Exchange exchange, ExchangeSlot<Passage> slot) {
    Passage passage = exchange.get(slot);
    if (passage != null) {
      leave(passage.entered());
    }
  }

  private static void leave(@Nullable Entry entered) {
    for (Entry entry = entered; entry != null; entry = entry.before()) {
      entry.counts().leave(entry.key());
    }
  }
}
