package dev.turnout.http.access;

import dev.turnout.http.Exchange;
import dev.turnout.http.ExchangeSlot;
import dev.turnout.http.LimitOutcome;
import dev.turnout.http.PhaseHandler;
import dev.turnout.http.Verdict;
import dev.turnout.log.Level;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Holds the requests of a location against its `limit_req`s: all are asked, and the request counts
/// in each only if none refuses it. It waits as long as the strictest wants.
final class RequestLimiter implements PhaseHandler {
  private static final int LONGEST_KEY = 65535;

  private final Limit[] limits;
  private final Level refusalLevel;
  private final Level delayLevel;
  private final int status;
  private final boolean dryRun;
  private final ExchangeSlot<LimitOutcome> outcomeSlot;

  /// One `limit_req`, in thousandths of a request.
  ///
  /// @param burst how far ahead of the rate a request may be
  /// @param delay how far ahead it is not delayed yet
  record Limit(LimitZones.Zone<LeakyBuckets> zone, long burst, long delay) {
    /// How many milliseconds a request with this excess waits.
    long millisFor(long excess) {
      return excess <= delay ? 0 : (excess - delay) * 1000 / zone.rate();
    }
  }

  RequestLimiter(
      List<Limit> limits,
      Level level,
      int status,
      boolean dryRun,
      ExchangeSlot<LimitOutcome> slot) {
    this.limits = limits.toArray(new Limit[0]);
    this.refusalLevel = level;
    this.delayLevel =
        switch (level) {
          case ERROR -> Level.WARN;
          case WARN -> Level.NOTICE;
          default -> Level.INFO;
        };
    this.status = status;
    this.dryRun = dryRun;
    this.outcomeSlot = slot;
  }

  @Override
  public Verdict handle(Exchange exchange) {
    if (exchange.main().get(outcomeSlot) != null) {
      return Verdict.CONTINUE; // limited before an internal redirect, or as main request
    }
    LeakyBuckets.@Nullable Visit[] visits = new LeakyBuckets.Visit[limits.length];
    long now = exchange.worker().monotonicMillis();
    boolean asked = false;
    for (int i = 0; i < limits.length; i++) {
      LimitZones.Zone<LeakyBuckets> zone = limits[i].zone();
      String key = zone.key().evaluate(exchange);
      if (key.isEmpty() || zone.isTooLong(exchange, key, LONGEST_KEY)) {
        continue;
      }
      asked = true;
      // the last may count at once: if it lets the request pass, all do
      LeakyBuckets.Visit visit =
          i == limits.length - 1
              ? zone.content().take(key, zone.rate(), limits[i].burst(), now)
              : zone.content().ask(key, zone.rate(), limits[i].burst(), now);
      visits[i] = visit;
      tellAsked(exchange, i, visit);
      if (visit.answer() != LeakyBuckets.Answer.PASSES) {
        giveBack(visits);
        return refused(exchange, zone, visit);
      }
    }
    return asked ? passed(exchange, visits, now) : Verdict.CONTINUE;
  }

  private static void tellAsked(Exchange exchange, int i, LeakyBuckets.Visit visit) {
    exchange.log(
        Level.DEBUG,
        () -> "limit_req[" + i + "]: " + visit.answer() + " " + requests(visit.excess()));
  }

  private static void giveBack(LeakyBuckets.@Nullable Visit[] visits) {
    for (LeakyBuckets.Visit visit : visits) {
      if (visit != null) {
        visit.giveBack();
      }
    }
  }

  private Verdict refused(
      Exchange exchange, LimitZones.Zone<LeakyBuckets> zone, LeakyBuckets.Visit visit) {
    if (visit.answer() == LeakyBuckets.Answer.NO_ROOM) {
      exchange.log(
          Level.ALERT, "could not allocate node in limit_req zone \"" + zone.name() + "\"");
    } else {
      exchange.log(
          refusalLevel,
          () ->
              "limiting requests"
                  + (dryRun ? ", dry run" : "")
                  + ", excess: "
                  + requests(visit.excess())
                  + " by zone \""
                  + zone.name()
                  + "\"");
    }
    if (dryRun) {
      count(exchange, zone, LimitOutcome.REJECTED_DRY_RUN);
      exchange.main().put(outcomeSlot, LimitOutcome.REJECTED_DRY_RUN);
      return Verdict.CONTINUE;
    }
    count(exchange, zone, LimitOutcome.REJECTED);
    exchange.main().put(outcomeSlot, LimitOutcome.REJECTED);
    exchange.finish(status);
    return Verdict.RESPONDED;
  }

  private static void count(
      Exchange exchange, LimitZones.Zone<LeakyBuckets> zone, LimitOutcome outcome) {
    zone.content().outcomes().count(exchange.worker().index(), outcome);
  }

  private Verdict passed(Exchange exchange, LeakyBuckets.@Nullable Visit[] visits, long now) {
    long longest = 0;
    long excess = 0;
    int strictest = -1;
    for (int i = limits.length - 1; i >= 0; i--) {
      LeakyBuckets.Visit visit = visits[i];
      if (visit != null) {
        visit.count(now);
        long wait = limits[i].millisFor(visit.excess());
        if (wait > longest) {
          longest = wait;
          excess = visit.excess();
          strictest = i;
        }
      }
    }
    for (int i = 0; i < limits.length; i++) {
      if (visits[i] != null && i != strictest) {
        count(exchange, limits[i].zone(), LimitOutcome.PASSED);
      }
    }
    if (strictest < 0) {
      exchange.main().put(outcomeSlot, LimitOutcome.PASSED);
      return Verdict.CONTINUE;
    }
    return delayed(exchange, longest, excess, limits[strictest].zone());
  }

  private Verdict delayed(
      Exchange exchange, long millis, long excess, LimitZones.Zone<LeakyBuckets> zone) {
    exchange.log(
        delayLevel,
        () ->
            "delaying request"
                + (dryRun ? ", dry run" : "")
                + ", excess: "
                + requests(excess)
                + ", by zone \""
                + zone.name()
                + "\"");
    if (dryRun) {
      count(exchange, zone, LimitOutcome.DELAYED_DRY_RUN);
      exchange.main().put(outcomeSlot, LimitOutcome.DELAYED_DRY_RUN);
      return Verdict.CONTINUE;
    }
    count(exchange, zone, LimitOutcome.DELAYED);
    exchange.main().put(outcomeSlot, LimitOutcome.DELAYED);
    exchange.resumeAfter(millis);
    return Verdict.SUSPENDED;
  }

  private static String requests(long thousandths) {
    long rest = thousandths % 1000;
    return thousandths / 1000 + "." + rest / 100 + rest / 10 % 10 + rest % 10;
  }
}
