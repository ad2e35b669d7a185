package dev.turnout.scale;

import dev.turnout.autoscaler.GroupChoice;
import dev.turnout.autoscaler.Limits;
import dev.turnout.autoscaler.Observation;
import dev.turnout.autoscaler.policy.Steps;
import dev.turnout.cluster.KeyvalChange;
import dev.turnout.cluster.KeyvalCondition;
import dev.turnout.cluster.KeyvalZone;
import dev.turnout.cluster.Origin;
import dev.turnout.control.ChangeRequest;
import dev.turnout.control.ChangeResult;
import dev.turnout.control.ControlPlane;
import dev.turnout.http.Upstreams;
import dev.turnout.log.Level;
import dev.turnout.metrics.Traffic;
import dev.turnout.metrics.TrafficZone;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Points one host at the smallest of its groups that is enough for its rate: a virtual thread that
/// looks, chooses and switches the key, once an interval. While somebody else has pointed the host
/// at something that is none of the groups, it does nothing.
final class HostSwitch {
  private final TrafficZone counters;
  private final Upstreams upstreams;
  private final ControlPlane control;
  private final Cohort.Seat seat;
  private final long startNanos = System.nanoTime();
  private HostRule rule; // guarded by this, as what follows
  private GroupChoice choice;
  private @Nullable Thread thread;
  private boolean stopped;

  // of the thread alone
  private @Nullable Traffic before;
  private long beforeNanos;
  private String told = "";

  HostSwitch(
      HostRule rule,
      TrafficZone counters,
      Upstreams upstreams,
      ControlPlane control,
      Cohort.Seat seat) {
    this.seat = seat;
    this.rule = rule;
    this.counters = counters;
    this.upstreams = upstreams;
    this.control = control;
    this.choice = choice(rule);
  }

  private static GroupChoice choice(HostRule rule) {
    return new GroupChoice(
        new Steps(rule.steps(), rule.waitMillis() / 1e3), // what is waited for is seen meanwhile
        rule.groups().size(),
        rule.waitMillis() / 1e3,
        Limits.USUAL_ERROR_SHARE);
  }

  synchronized void start() {
    thread = Thread.ofVirtual().name("autoscale-switch-" + rule.host()).start(this::run);
  }

  /// Goes over to what another configuration says.
  synchronized void follow(HostRule next) {
    if (!next.saysTheSame(rule)) {
      choice = choice(next);
    }
    rule = next;
  }

  /// Ends; the host stays where it is.
  synchronized void stop() {
    stopped = true;
    seat.leave();
    if (thread != null) {
      thread.interrupt();
    }
  }

  private synchronized HostRule rule() {
    return rule;
  }

  private synchronized boolean isStopped() {
    return stopped;
  }

  private void run() {
    try {
      while (!isStopped()) {
        TimeUnit.MILLISECONDS.sleep(rule().intervalMillis());
        lookSafely(rule());
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /// A bug must not end it: a host that nobody looks after keeps what it has.
  private void lookSafely(HostRule now) {
    try {
      look(now);
    } catch (RuntimeException e) {
      now.log().log(
          Level.ALERT, 0, "autoscale_switch \"" + now.host() + "\": unexpected failure", e);
    }
  }

  private void look(HostRule now) {
    Standing standing = seat.standing();
    Observation seen = observe(standing.others());
    KeyvalZone zone = now.table().zone();
    String key = zone.find(now.host(), System.currentTimeMillis());
    String serving = key == null ? now.otherwise() : key;
    int present = now.groups().indexOf(serving);
    if (present < 0 && key != null) {
      tell(now, now.host() + " was pointed at " + serving + ", which is none of its groups");
      return;
    }
    // where none of them serves yet, the largest is on the safe side
    GroupChoice.Chosen chosen = choose(seen, present < 0 ? now.groups().size() - 1 : present);
    if (!standing.leads()) {
      told = "";
      return;
    }
    String wanted = now.groups().get(chosen.group());
    if (chosen.group() == present) {
      told = "";
      return;
    }
    if (upstreams.find(wanted) == null) { // it was removed since the configuration was read
      tell(
          now,
          now.host()
              + " could not be pointed at "
              + wanted
              + ": there is no such upstream any more");
      return;
    }
    String text = chosen.text() + ": " + now.host() + " to " + wanted;
    if (now.dryRun()) {
      tell(now, text + " (dry run)");
      return;
    }
    KeyvalCondition asSeen =
        key == null
            ? new KeyvalCondition.Absent(now.host())
            : new KeyvalCondition.Holds(now.host(), key);
    Origin origin = new Origin(Scaler.DIALECT, Scaler.WHO, text);
    ChangeResult result =
        control
            .writer()
            .submit(
                ChangeRequest.of(origin, zone, new KeyvalChange.Put(now.host(), wanted))
                    .onlyIf(asSeen))
            .join();
    if (result instanceof ChangeResult.Applied) {
      tell(now, text);
    } else {
      String reason = result instanceof ChangeResult.Refused no ? no.message() : result.toString();
      tell(now, now.host() + " could not be pointed at " + wanted + ": " + reason);
    }
  }

  private synchronized GroupChoice.Chosen choose(Observation seen, int present) {
    return choice.choose(seen, present);
  }

  private Observation observe(Standing.Figures others) {
    Traffic total = counters.traffic();
    long nanos = System.nanoTime();
    Traffic last = before;
    double seconds = (nanos - beforeNanos) / 1e9;
    before = total;
    beforeNanos = nanos;
    Traffic since = last == null ? Traffic.NONE : total.since(last);
    long requests = since.responses().total() + since.discarded();
    Standing.Figures own =
        new Standing.Figures(
            last != null,
            0,
            last == null ? 0 : requests / seconds,
            requests == 0 ? 0 : (double) since.responses().ofClass(5) / requests,
            Set.of());
    seat.report(own);
    Standing.Figures all = own.plus(others);
    return new Observation(
        (nanos - startNanos) / 1e9,
        0,
        all.rate(),
        all.errorShare(),
        Double.NaN,
        all.complete(),
        0,
        List.of());
  }

  /// Says something once, until there is something else to say.
  private void tell(HostRule now, String text) {
    String kind = text.substring(text.lastIndexOf(": ") + 1);
    if (kind.equals(told)) {
      return;
    }
    told = kind;
    now.log().log(Level.NOTICE, "autoscale_switch \"" + now.host() + "\": " + text);
    Map<String, Object> fields = new HashMap<>();
    fields.put("host", now.host());
    fields.put("text", text);
    fields.put("dry_run", now.dryRun());
    control.events().publish(Scaler.DIALECT, fields);
  }
}
