package dev.turnout.autoscaler.simulation;

import dev.turnout.autoscaler.Controller;
import dev.turnout.autoscaler.Limits;
import dev.turnout.autoscaler.policy.AlwaysOn;
import dev.turnout.autoscaler.policy.AutoScale;
import dev.turnout.autoscaler.policy.AutoScaleBasic;
import dev.turnout.autoscaler.policy.Forecast;
import dev.turnout.autoscaler.policy.JustEnough;
import dev.turnout.autoscaler.policy.KubernetesRule;
import dev.turnout.autoscaler.policy.LoadCurve;
import dev.turnout.autoscaler.policy.Packing;
import dev.turnout.autoscaler.policy.Reactive;
import dev.turnout.autoscaler.policy.Steps;
import dev.turnout.autoscaler.policy.TargetTracking;
import java.util.List;
import java.util.stream.IntStream;

/// The policies by the names they have on the command line, each set up as its authors did.
///
/// @param servers how many there are
/// @param perServer requests per second that one carries at the paper's 400 ms
/// @param packing requests at one server at which 95 of 100 answers are just in time (500 ms)
/// @param waitSeconds `t_wait` for a setup of 260 s; it is scaled with the setup time, as in the
///   paper
/// @param spares hot spares of just_enough
public record Policies(
    int servers, double perServer, double packing, double waitSeconds, int spares) {
  /// The packing factor of the paper: what meets 400 ms.
  private static final double PAPER_PACKING = 10;

  private static final double PAPER_SETUP = 260;
  private static final double PAPER_SAMPLING = 20;
  private static final double LEAST_WAIT = 10;

  /// What just_enough keeps of its packing factor at least when answers are slow.
  private static final double LEAST_PACKING = 0.33;

  /// All names, in the order of the tables.
  static final List<String> NAMES =
      List.of(
          "always_on",
          "reactive",
          "hpa",
          "target_tracking",
          "steps",
          "autoscale--",
          "autoscale",
          "just_enough",
          "forecast",
          "no_setup",
          "optimum");

  /// Runs one policy on one trace.
  ///
  /// @throws IllegalArgumentException if there is none of this name
  public Outcome run(String name, Trace trace, Model model, double size, long seed) {
    double carried = perServer / size; // who knows the trace knows the size of its requests, too
    int peak = (int) Math.ceil(trace.peak() / carried - 1e-9);
    int first = Math.clamp((int) Math.ceil(trace.rate(0) / carried), 1, servers);
    double scale = model.setupSeconds() / PAPER_SETUP;
    double wait = Math.max(LEAST_WAIT, waitSeconds * scale);
    Limits plain = Limits.between(1, servers, 0);
    Limits waiting = Limits.between(1, servers, Math.max(1, 120 * scale));
    Limits spare = new Limits(1, servers, spares, 0, wait, 0, 0, Limits.USUAL_ERROR_SHARE);
    Dispatch shortest = new Dispatch.ShortestQueue();
    Dispatch packed = new Dispatch.Pack(() -> PAPER_PACKING);
    double slowing = model.slowing() + 1; // of averages, where requests come at random
    LoadCurve curve = new LoadCurve(PAPER_PACKING, slowing);
    Packing learned = Packing.learned(packing, packing * LEAST_PACKING, packing);
    JustEnough justEnough = new JustEnough(learned, slowing);
    Controller controller =
        switch (name) {
          case "always_on" -> new Controller(new AlwaysOn(peak), plain);
          case "reactive" -> new Controller(new Reactive(perServer, PAPER_SAMPLING), plain);
          case "no_setup" -> new Controller(new Reactive(carried, PAPER_SAMPLING), plain);
          case "hpa" -> new Controller(new KubernetesRule(PAPER_PACKING), plain);
          case "target_tracking" -> new Controller(new TargetTracking(PAPER_PACKING), plain);
          case "steps" ->
              new Controller(
                  new Steps(IntStream.range(1, servers).mapToObj(i -> i * perServer).toList()),
                  plain);
          case "autoscale--" ->
              new Controller(new AutoScaleBasic(perServer, PAPER_SAMPLING), waiting);
          case "autoscale" -> new Controller(new AutoScale(curve, PAPER_SAMPLING), waiting);
          case "just_enough" -> new Controller(justEnough, spare);
          case "forecast" ->
              new Controller(new Forecast(justEnough, trace.seconds() / 2.0, 20), spare);
          case "optimum" ->
              new Controller(new Optimum(trace, model, carried * curve.load(packing)), plain);
          default ->
              throw new IllegalArgumentException(
                  "there is no policy \"" + name + "\"; there are " + String.join(", ", NAMES));
        };
    Dispatch dispatch =
        switch (name) {
          case "autoscale--", "autoscale" -> packed;
          case "just_enough", "forecast" -> new Dispatch.Pack(learned::value);
          default -> shortest;
        };
    int on = name.equals("always_on") ? peak : first;
    Model machines = name.equals("no_setup") ? model.withSetup(0) : model;
    Outcome outcome =
        new Simulation(trace, machines, controller, dispatch, servers, on, seed).run();
    return outcome.named(name);
  }
}
