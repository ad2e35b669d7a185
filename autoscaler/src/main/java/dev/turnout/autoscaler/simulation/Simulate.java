package dev.turnout.autoscaler.simulation;

import dev.turnout.autoscaler.command.Tool;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `turnout simulate`: policies against traces.
@Command(
    name = "turnout simulate",
    description =
        "Replays a trace of requests against a model of servers, for one or more policies.",
    sortOptions = false,
    usageHelpAutoWidth = true,
    mixinStandardHelpOptions = true,
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {
      "0:done; with --targets: every figure is reached",
      "1:with --targets: some figure is not reached",
      "2:wrong arguments",
      "3:a file could not be read or written"
    })
public final class Simulate implements Callable<Integer> {
  private static final int NOT_REACHED = 1;
  private static final int FILES = 3;
  private static final List<String> USUAL =
      List.of("always_on", "reactive", "hpa", "autoscale--", "autoscale", "just_enough", "optimum");

  @Spec private @Nullable CommandSpec spec;

  @Option(
      names = {"-t", "--trace"},
      paramLabel = "FILE|NAME",
      split = ",",
      description =
          "Lines of second,rate; or one of the built-in shapes: slowly, quickly, spike, dual, large, tri. May be repeated; without it all six shapes.")
  private List<String> traces = List.of();

  @Option(
      names = {"-p", "--policy"},
      paramLabel = "NAME",
      split = ",",
      description =
          "One or more of: always_on, reactive, hpa, target_tracking, steps, autoscale--, autoscale, just_enough, forecast, no_setup, optimum.")
  private List<String> policies = USUAL;

  @Option(
      names = "--setup",
      paramLabel = "SECONDS",
      description = "How long a server takes to start (default ${DEFAULT-VALUE}).")
  private double setup = 260;

  @Option(
      names = "--size",
      paramLabel = "FACTOR",
      description =
          "Requests of this many times the work, which no policy is told of; there are as many times fewer of them (default ${DEFAULT-VALUE}).")
  private double size = 1;

  @Option(
      names = "--peak",
      paramLabel = "N",
      description = "Scales the trace to this many requests/s at its peak.")
  private @Nullable Double peak;

  @Option(
      names = "--servers",
      paramLabel = "N",
      description = "How many there are (default ${DEFAULT-VALUE}).")
  private int servers = 28;

  @Option(
      names = "--per-server",
      paramLabel = "N",
      description =
          "Requests/s that one server carries: what policies go by that count requests (default ${DEFAULT-VALUE}).")
  private double perServer = 60;

  @Option(
      names = "--packing",
      paramLabel = "N",
      description = "Requests at once that one server carries (default ${DEFAULT-VALUE}).")
  private double packing = 16;

  @Option(
      names = "--t-wait",
      paramLabel = "SECONDS",
      description =
          "How long a server is surplus before it goes, for a setup of 260 s; scaled with it (default ${DEFAULT-VALUE}).")
  private double wait = 120;

  @Option(
      names = "--spares",
      paramLabel = "N",
      description = "Hot spares of just_enough and forecast (default ${DEFAULT-VALUE}).")
  private int spares = 1;

  @Option(
      names = "--service",
      paramLabel = "MS",
      split = ",",
      arity = "1",
      description = "Mean, least and largest size of a request (default 120,15,300).")
  private List<Double> service = List.of();

  @Option(
      names = "--slowing",
      paramLabel = "N",
      description =
          "Requests at a server at which it is half as fast for each as for one alone (default 25.7).")
  private @Nullable Double slowing;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "What a server does at most, in seconds of work a second (default 16).")
  private @Nullable Double threads;

  @Option(
      names = "--power",
      paramLabel = "WATTS",
      split = ",",
      arity = "1",
      description = "Idle, busy and starting (default 140,200,200).")
  private List<Double> power = List.of();

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Of chance (default ${DEFAULT-VALUE}): the same seed, the same figures.")
  private long seed = 1;

  @Option(names = "--html", paramLabel = "FILE", description = "Write a page with plots.")
  private @Nullable Path html;

  @Option(
      names = "--targets",
      description =
          "Run the three cases that the controller is judged by (260 s of setup; twice the work; 10 s of setup), and say for each whether it is reached.")
  private boolean targets;

  public static void main(String[] arguments) {
    System.exit(Tool.of(new Simulate()).execute(arguments));
  }

  @Override
  public Integer call() {
    try {
      Tool.mayWrite(html);
      if (targets) {
        return judge();
      }
      List<Outcome> outcomes = run(model(), size);
      out().print(Tables.of(outcomes));
      write(outcomes);
      out().flush();
      return 0;
    } catch (IOException e) {
      err().println("turnout simulate: " + Tool.reason(e));
      return FILES;
    } catch (IllegalArgumentException e) {
      throw new ParameterException(command(), String.valueOf(e.getMessage()), e);
    }
  }

  private Integer judge() throws IOException {
    Model machines = Model.paper();
    out().println("== Setup of 260 s\n");
    List<Outcome> slow = run(machines, 1);
    out().print(Tables.of(slow));
    out().println("\n== Requests of twice the work, half as many, nothing retuned\n");
    List<Outcome> large = run(machines, 2);
    out().print(Tables.of(large));
    out().println("\n== Setup of 10 s\n");
    List<Outcome> quick = run(machines.withSetup(10), 1);
    out().print(Tables.of(quick));
    out().println("\n== just_enough against what is wanted");
    boolean reached = verdict("260 s of setup, all traces: power saved", saving(slow), 0.44, true);
    reached &= verdict("260 s of setup, all traces: T95", worst(slow), 500, false);
    reached &= verdict("twice the work, all traces: T95", worst(large), 730, false);
    reached &= verdict("10 s of setup, all traces: power saved", saving(quick), 0.5, true);
    write(slow);
    out().flush();
    return reached ? 0 : NOT_REACHED;
  }

  private static double saving(List<Outcome> outcomes) {
    return Tables.Mean.of(Tables.byTrace(outcomes), "just_enough").saving();
  }

  private static double worst(List<Outcome> outcomes) {
    return Tables.Mean.of(Tables.byTrace(outcomes), "just_enough").worst();
  }

  private boolean verdict(String what, double value, double wanted, boolean atLeast) {
    boolean holds = atLeast ? value >= wanted : value <= wanted;
    String figure =
        atLeast
            ? String.format(
                Locale.ROOT, "%.1f %%, wanted at least %.0f %%", value * 100, wanted * 100)
            : String.format(Locale.ROOT, "%.0f ms at worst, wanted at most %.0f ms", value, wanted);
    out().printf("  %-42s %s: %s%n", what, figure, holds ? "reached" : "NOT REACHED");
    return holds;
  }

  private void write(List<Outcome> outcomes) throws IOException {
    if (html != null) {
      Files.writeString(html, HtmlPlot.of(outcomes));
    }
  }

  /// Every policy on every trace; each pair is a run of its own, so they share the cores.
  private List<Outcome> run(Model machines, double work) throws IOException {
    check(servers > 0 && perServer > 0 && packing > 0 && work > 0, "a number is not above 0");
    check(setup >= 0 && wait >= 0 && spares >= 0, "a number is below 0");
    Policies all = new Policies(servers, perServer, packing, wait, spares);
    record Pair(Trace trace, String policy) {}
    List<Pair> pairs = new ArrayList<>();
    for (Trace trace : traces()) {
      double most = (peak == null ? trace.peak() : peak) / work;
      for (String policy : policies) {
        if (!Policies.NAMES.contains(policy)) {
          throw new IllegalArgumentException(
              "there is no policy \""
                  + policy
                  + "\"; there are "
                  + String.join(", ", Policies.NAMES));
        }
        pairs.add(new Pair(trace.withPeak(most), policy));
      }
    }
    return pairs.parallelStream()
        .map(pair -> all.run(pair.policy, pair.trace, machines.withSize(work), work, seed))
        .toList();
  }

  private List<Trace> traces() throws IOException {
    if (traces.isEmpty()) {
      return PaperTraces.all();
    }
    List<Trace> found = new ArrayList<>();
    Map<String, Trace> known = PaperTraces.byName();
    for (String name : traces) {
      Trace shape = known.get(name);
      found.add(shape != null ? shape : Trace.read(Path.of(name)));
    }
    return found;
  }

  private Model model() {
    Model usual = Model.paper();
    check(service.isEmpty() || service.size() == 3, "--service is mean,least,largest");
    check(power.isEmpty() || power.size() == 3, "--power is idle,busy,starting");
    return new Model(
        service.isEmpty() ? usual.meanMillis() : service.get(0),
        service.isEmpty() ? usual.smallestMillis() : service.get(1),
        service.isEmpty() ? usual.largestMillis() : service.get(2),
        slowing == null ? usual.slowing() : slowing,
        threads == null ? usual.most() : threads,
        usual.cores(),
        setup,
        power.isEmpty() ? usual.idleWatts() : power.get(0),
        power.isEmpty() ? usual.busyWatts() : power.get(1),
        power.isEmpty() ? usual.setupWatts() : power.get(2),
        usual.slowMillis());
  }

  private static void check(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalArgumentException(otherwise);
    }
  }

  private CommandLine command() {
    if (spec == null) {
      throw new IllegalStateException("not started by picocli");
    }
    return spec.commandLine();
  }

  private PrintWriter out() {
    return command().getOut();
  }

  private PrintWriter err() {
    return command().getErr();
  }
}
