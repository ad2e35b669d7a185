package dev.turnout.net.resolve;

import java.util.concurrent.atomic.LongAdder;

/// How often a resolver was asked and what came of it (`status_zone`). Written by loops, read by
/// anyone.
///
/// A request is one name that name servers were asked for; answers from the cache are none. Each
/// request ends as one response, but for those whose response cannot be used: they are counted
/// besides.
public final class ResolverStats {
  private final LongAdder names = new LongAdder();
  private final LongAdder services = new LongAdder();
  private final LongAdder noError = new LongAdder();
  private final LongAdder formatErrors = new LongAdder();
  private final LongAdder failures = new LongAdder();
  private final LongAdder notFound = new LongAdder();
  private final LongAdder unimplemented = new LongAdder();
  private final LongAdder refusals = new LongAdder();
  private final LongAdder timeouts = new LongAdder();
  private final LongAdder unknown = new LongAdder();

  /// The counts at one moment, under the names that nginx's API has for them.
  ///
  /// @param addr names asked for by address: this program never does
  public record Counts(
      long name,
      long srv,
      long addr,
      long noerror,
      long formerr,
      long servfail,
      long nxdomain,
      long notimp,
      long refused,
      long timedout,
      long unknown) {}

  public Counts counts() {
    return new Counts(
        names.sum(),
        services.sum(),
        0,
        noError.sum(),
        formatErrors.sum(),
        failures.sum(),
        notFound.sum(),
        unimplemented.sum(),
        refusals.sum(),
        timeouts.sum(),
        unknown.sum());
  }

  /// Counts from 0 again.
  public void reset() {
    for (LongAdder count :
        new LongAdder[] {
          names,
          services,
          noError,
          formatErrors,
          failures,
          notFound,
          unimplemented,
          refusals,
          timeouts,
          unknown
        }) {
      count.reset();
    }
  }

  void askedForName() {
    names.increment();
  }

  void askedForService() {
    services.increment();
  }

  void found() {
    noError.increment();
  }

  void unusable() {
    unknown.increment();
  }

  void failed(Trouble trouble) {
    switch (trouble) {
      case FORMERR -> formatErrors.increment();
      case SERVFAIL -> failures.increment();
      case NXDOMAIN -> notFound.increment();
      case NOTIMP -> unimplemented.increment();
      case REFUSED -> refusals.increment();
      case TIMED_OUT -> timeouts.increment();
    }
  }
}
