package dev.turnout.loadgen.backend;

import dev.turnout.autoscaler.command.Tool;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `turnout backend`: the command line of the small server.
@Command(
    name = "turnout backend",
    description = "A small server that says who it is, after some work: for trying things out.",
    sortOptions = false,
    usageHelpAutoWidth = true,
    mixinStandardHelpOptions = true)
public final class Main implements Callable<Integer> {
  private static final int COULD_NOT_LISTEN = 3;
  private static final Pattern STALL = Pattern.compile("([0-9]{1,9})(ms|s)/([0-9]{1,9})(ms|s|m)");

  @Spec private @Nullable CommandSpec spec;

  @Option(
      names = {"-p", "--port"},
      paramLabel = "PORT",
      split = ",",
      description =
          "Where to listen; several ports are several servers (default ${DEFAULT-VALUE}).")
  private List<Integer> ports = List.of(8080);

  @Option(
      names = "--address",
      paramLabel = "ADDRESS",
      description = "On which address (default ${DEFAULT-VALUE}).")
  private String address = "127.0.0.1";

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "The name in X-Backend and in the body (default: the port).")
  private String name = "";

  @Option(names = "--cpu", paramLabel = "MS", description = "CPU time of each request.")
  private double cpu;

  @Option(names = "--sleep", paramLabel = "MS", description = "Waiting of each request.")
  private double sleep;

  @Option(names = "--spread", description = "The times are exponential around these means.")
  private boolean spread;

  @Option(
      names = "--limit",
      paramLabel = "N",
      description = "Requests that are worked for at a time; others wait (default: no limit).")
  private int limit = Integer.MAX_VALUE;

  @Option(
      names = "--fail",
      paramLabel = "PERCENT",
      description = "Requests that are answered with --fail-status.")
  private double fail;

  @Option(
      names = "--fail-status",
      paramLabel = "STATUS",
      description = "What they are answered with (default ${DEFAULT-VALUE}).")
  private int failStatus = 500;

  @Option(
      names = "--drop",
      paramLabel = "PERCENT",
      description = "Requests whose connection is closed without an answer.")
  private double drop;

  @Option(
      names = "--stall",
      paramLabel = "TIME/TIME",
      description = "Stands still for so long, so often: 1s/60s.")
  private String stall = "";

  public static void main(String[] arguments) {
    System.exit(Tool.of(new Main()).execute(arguments));
  }

  @Override
  public Integer call() throws InterruptedException {
    CommandLine command = command();
    long stallMillis = 0;
    long everyMillis = 0;
    if (!stall.isEmpty()) {
      Matcher parts = STALL.matcher(stall);
      if (!parts.matches()) {
        throw new ParameterException(command, "not a standstill like 1s/60s: " + stall);
      }
      stallMillis = millis(parts.group(1), parts.group(2));
      everyMillis = millis(parts.group(3), parts.group(4));
    }
    try {
      checkBounds();
    } catch (IllegalArgumentException e) {
      throw new ParameterException(command, String.valueOf(e.getMessage()), e);
    }
    if (stallMillis > everyMillis) {
      throw new ParameterException(
          command, "it would stand still for longer than there is: " + stall);
    }
    Work work =
        new Work(cpu, sleep, spread, fail / 100, failStatus, drop / 100, stallMillis, everyMillis);
    List<Backend> servers = new ArrayList<>();
    for (int port : ports) {
      try {
        String own = name.isEmpty() ? Integer.toString(port) : name;
        Backend server = Backend.start(InetAddress.getByName(address), port, own, work, limit);
        servers.add(server);
        command.getOut().println(own + " listens on " + address + ":" + server.port());
      } catch (IOException e) {
        servers.forEach(Backend::close);
        command
            .getErr()
            .println("turnout backend: " + address + ":" + port + ": " + Tool.reason(e));
        return COULD_NOT_LISTEN;
      }
    }
    command.getOut().flush();
    new CountDownLatch(1).await(); // a signal ends it
    return 0;
  }

  private void checkBounds() {
    double most = Double.POSITIVE_INFINITY;
    ports.forEach(port -> Tool.within("--port", port, 0, 65_535));
    Tool.within("--limit", limit, 1, most);
    Tool.within("--cpu", cpu, 0, most);
    Tool.within("--sleep", sleep, 0, most);
    Tool.within("--fail", fail, 0, 100);
    Tool.within("--drop", drop, 0, 100);
    Tool.within("--fail and --drop together", fail + drop, 0, 100);
    Tool.within("--fail-status", failStatus, 200, 599);
  }

  private static long millis(@Nullable String number, @Nullable String unit) {
    long factor =
        switch (String.valueOf(unit)) {
          case "m" -> 60_000;
          case "s" -> 1000;
          default -> 1;
        };
    return Long.parseLong(String.valueOf(number)) * factor;
  }

  private CommandLine command() {
    if (spec == null) {
      throw new IllegalStateException("not started by picocli");
    }
    return spec.commandLine();
  }
}
