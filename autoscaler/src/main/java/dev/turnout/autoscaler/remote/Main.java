package dev.turnout.autoscaler.remote;

import dev.turnout.autoscaler.Action;
import dev.turnout.autoscaler.Controller;
import dev.turnout.autoscaler.Decision;
import dev.turnout.autoscaler.Limits;
import dev.turnout.autoscaler.Observation;
import dev.turnout.autoscaler.Policy;
import dev.turnout.autoscaler.ServerSeen;
import dev.turnout.autoscaler.ServerState;
import dev.turnout.autoscaler.command.Tool;
import dev.turnout.autoscaler.policy.AutoScale;
import dev.turnout.autoscaler.policy.JustEnough;
import dev.turnout.autoscaler.policy.KubernetesRule;
import dev.turnout.autoscaler.policy.LoadCurve;
import dev.turnout.autoscaler.policy.Packing;
import dev.turnout.autoscaler.policy.Reactive;
import dev.turnout.autoscaler.policy.TargetTracking;
import java.io.IOException;
import java.net.URI;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `turnout autoscale`: the autoscaler beside a proxy instead of in it.
///
/// Servers that are `down` are what it starts servers from; it drains them, and sets them `down`
/// when their last request is over. What switches machines is for the autoscaler in a node, or for
/// whoever follows these states.
@Command(
    name = "turnout autoscale",
    description =
        "Keeps as many servers of a group on as its requests need, through the API of NGINX Plus: of any node, or of NGINX Plus itself.",
    sortOptions = false,
    usageHelpAutoWidth = true,
    mixinStandardHelpOptions = true,
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {
      "0:the time given by --for is over",
      "2:wrong arguments",
      "3:the API was never reached"
    })
public final class Main implements Callable<Integer> {
  private static final int NOT_REACHED = 3;

  @Spec private @Nullable CommandSpec spec;

  @Parameters(
      index = "0",
      paramLabel = "API",
      description = "Where the API is, with its version: http://127.0.0.1:8080/api/9")
  private String api = "";

  @Parameters(index = "1", paramLabel = "UPSTREAM", description = "The group.")
  private String upstream = "";

  @Option(
      names = {"-p", "--policy"},
      paramLabel = "NAME",
      description =
          "just_enough, autoscale, target_tracking, hpa or reactive (default ${DEFAULT-VALUE}).")
  private String policy = "just_enough";

  @Option(names = "--min", paramLabel = "N", description = "Servers that stay on (default 1).")
  private int min = 1;

  @Option(names = "--max", paramLabel = "N", description = "Servers that are on at most.")
  private int max = 100_000;

  @Option(names = "--spares", paramLabel = "N", description = "Hot spares (default 1).")
  private int spares = 1;

  @Option(
      names = "--packing",
      paramLabel = "N",
      description = "Requests a server carries at once (default ${DEFAULT-VALUE}).")
  private double packing = 10;

  @Option(
      names = "--per-server",
      paramLabel = "N",
      description = "Of reactive: requests/s a server carries (default ${DEFAULT-VALUE}).")
  private double perServer = 60;

  @Option(
      names = "--t-wait",
      paramLabel = "SECONDS",
      description = "How long a server is surplus before it is drained (default ${DEFAULT-VALUE}).")
  private double wait = 120;

  @Option(
      names = "--interval",
      paramLabel = "SECONDS",
      description = "Between two looks (default ${DEFAULT-VALUE}).")
  private double interval = 1;

  @Option(names = "--dry-run", description = "Say what would be done, and do nothing.")
  private boolean dryRun;

  @Option(names = "--for", paramLabel = "SECONDS", description = "End after so long.")
  private double length = Double.POSITIVE_INFINITY;

  private final Map<Long, PlusGroup.Server> before = new HashMap<>();
  private final Set<Long> draining = new HashSet<>();
  private String lastTrouble = "";

  public static void main(String[] arguments) {
    System.exit(Tool.of(new Main()).execute(arguments));
  }

  @Override
  public Integer call() throws InterruptedException {
    Controller controller;
    try {
      URI.create(PlusGroup.address(api, upstream));
      controller =
          new Controller(
              policy(), new Limits(min, max, spares, 0, wait, 0, 0, Limits.USUAL_ERROR_SHARE));
      if (!api.startsWith("http://") && !api.startsWith("https://")) {
        throw new IllegalArgumentException("an http:// URL is wanted: " + api);
      }
      if (!(interval >= 0.1)) {
        throw new IllegalArgumentException("--interval is at least 0.1");
      }
    } catch (IllegalArgumentException e) {
      throw new ParameterException(command(), String.valueOf(e.getMessage()), e);
    }
    boolean reached = false;
    try (PlusGroup group = new PlusGroup(api, upstream)) {
      long begin = System.nanoTime();
      double now = 0;
      double last = 0;
      while (now < length) {
        reached |= look(group, controller, now, now - last);
        last = now;
        TimeUnit.NANOSECONDS.sleep(Math.round(interval * 1e9));
        now = (System.nanoTime() - begin) / 1e9;
      }
    }
    return reached ? 0 : NOT_REACHED;
  }

  private Policy policy() {
    return switch (policy) {
      case "just_enough" -> JustEnough.of(Packing.fixed(packing));
      case "autoscale" -> new AutoScale(LoadCurve.of(packing), 20);
      case "target_tracking" -> new TargetTracking(packing);
      case "hpa" -> new KubernetesRule(packing);
      case "reactive" -> new Reactive(perServer, 20);
      default -> throw new IllegalArgumentException("there is no policy \"" + policy + "\"");
    };
  }

  /// One look and what comes of it; false if the API could not be reached.
  private boolean look(PlusGroup group, Controller controller, double now, double passed)
      throws InterruptedException {
    PlusGroup.Seen seen;
    try {
      seen = group.look();
    } catch (IOException e) {
      trouble(Tool.reason(e));
      return false;
    }
    List<PlusGroup.Server> servers =
        seen.servers().stream().filter(server -> !server.backup()).toList();
    Observation observation = observe(seen, servers, now, passed);
    Decision decision = controller.decide(observation);
    boolean done = dryRun;
    if (!dryRun) {
      try {
        finishDrains(group, servers);
        act(group, servers, decision);
        done = true;
        lastTrouble = "";
      } catch (IOException e) {
        trouble(Tool.reason(e));
      }
    }
    if (done && !decision.actions().isEmpty()) {
      say(decision.text());
    }
    return true;
  }

  private Observation observe(
      PlusGroup.Seen seen, List<PlusGroup.Server> servers, double now, double passed) {
    double inSystem = seen.queued();
    long requests = 0;
    long answers = 0;
    long failures = 0;
    boolean complete = passed > 0;
    List<ServerSeen> states = new ArrayList<>();
    for (PlusGroup.Server server : seen.servers()) {
      inSystem += server.active();
      PlusGroup.Server last = before.put(server.id(), server);
      complete &= last != null && server.requests() >= last.requests();
      long came = last == null ? 0 : server.requests() - last.requests();
      requests += came;
      answers += last == null ? 0 : server.answers() - last.answers();
      failures += last == null ? 0 : server.failures() - last.failures();
      if (servers.contains(server)) {
        states.add(
            new ServerSeen(
                server.address(),
                state(server),
                server.state().equals("up"),
                came == 0 && server.active() == 0));
      }
    }
    double share = answers <= 0 ? 0 : Math.clamp((double) failures / answers, 0, 1);
    double rate = passed > 0 ? requests / passed : 0;
    return new Observation(now, inSystem, rate, share, Double.NaN, complete, 0, states);
  }

  private ServerState state(PlusGroup.Server server) {
    return switch (server.state()) {
      case "down" -> ServerState.OFF;
      case "draining" -> draining.contains(server.id()) ? ServerState.DRAINING : ServerState.ASIDE;
      default -> ServerState.ON;
    };
  }

  /// What has drained is taken out of use.
  private void finishDrains(PlusGroup group, List<PlusGroup.Server> servers)
      throws IOException, InterruptedException {
    for (PlusGroup.Server server : servers) {
      if (draining.contains(server.id())
          && server.state().equals("draining")
          && server.active() == 0) {
        group.change(server.id(), "{\"down\":true}");
        draining.remove(server.id());
        say(server.address() + " is off");
      }
    }
  }

  private void act(PlusGroup group, List<PlusGroup.Server> servers, Decision decision)
      throws IOException, InterruptedException {
    for (Action action : decision.actions()) {
      PlusGroup.Server server = servers.get(action.server());
      switch (action) {
        case Action.Start _ -> group.change(server.id(), "{\"down\":false,\"drain\":false}");
        case Action.TakeBack _ -> {
          group.change(server.id(), "{\"drain\":false}");
          draining.remove(server.id());
        }
        case Action.Drain _ -> {
          group.change(server.id(), "{\"drain\":true}");
          draining.add(server.id());
        }
        case Action.GiveUp _ -> {
          // nothing is ever starting here
        }
      }
    }
  }

  private void trouble(String text) {
    if (!text.equals(lastTrouble)) {
      lastTrouble = text;
      command().getErr().println("turnout autoscale: " + text);
      command().getErr().flush();
    }
  }

  private void say(String text) {
    LocalTime now = LocalTime.now(ZoneId.systemDefault()).truncatedTo(ChronoUnit.SECONDS);
    command().getOut().println(now + " " + text + (dryRun ? " (dry run)" : ""));
    command().getOut().flush();
  }

  private CommandLine command() {
    if (spec == null) {
      throw new IllegalStateException("not started by picocli");
    }
    return spec.commandLine();
  }
}
