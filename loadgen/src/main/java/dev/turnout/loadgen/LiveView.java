package dev.turnout.loadgen;

import java.io.PrintStream;
import java.util.Locale;

/// Says once a second how a run is going: in one line that is written over in a terminal, or in one
/// line each ten seconds elsewhere.
final class LiveView {
  private static final int BAR = 24;
  private static final int PLAIN_EVERY = 10;

  private final PrintStream out;
  private final boolean terminal;
  private final Pacing pacing;
  private final double seconds;
  private final double warmup;
  private boolean open;

  LiveView(Plan plan, PrintStream out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
    this.pacing = plan.pacing();
    this.warmup = plan.warmup().toNanos() / 1e9;
    this.seconds = warmup + plan.duration().toNanos() / 1e9;
  }

  void show(Timeline.Second now) {
    if (!terminal && now.second() % PLAIN_EVERY != 0) {
      return;
    }
    String wanted =
        switch (pacing) {
          case Pacing.Closed() -> "";
          case Pacing.Constant(double rate) -> String.format(Locale.ROOT, " of %.0f", rate);
          case Pacing.Poisson(double rate, _) -> String.format(Locale.ROOT, " of %.0f", rate);
          case Pacing.Varying(RateShape shape, _, _, _) ->
              String.format(Locale.ROOT, " of %.0f", shape.at(now.second() - 0.5));
        };
    String figures =
        now.second() <= warmup
            ? "warming up"
            : String.format(
                Locale.ROOT,
                "%d/s%s  p50 %.1f  p99 %.1f  max %.1f ms",
                now.ended(),
                wanted,
                now.p50Millis(),
                now.p99Millis(),
                now.maxMillis());
    String line = String.format(Locale.ROOT, "%4d s  %s", now.second(), figures);
    if (!terminal) {
      out.println(line);
      return;
    }
    int filled = (int) Math.min(BAR, now.second() / seconds * BAR);
    out.printf("\r\u001b[K[%s%s] %s", "#".repeat(filled), ".".repeat(BAR - filled), line);
    out.flush();
    open = true;
  }

  /// The run is over: what comes next begins a line.
  void end() {
    if (open) {
      out.print("\r\u001b[K");
      out.flush();
    }
  }
}
