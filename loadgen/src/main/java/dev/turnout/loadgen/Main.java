package dev.turnout.loadgen;

import dev.turnout.autoscaler.command.Tool;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.LongConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/// `turnout load`: the command line of the load generator.
@Command(
    name = "turnout load",
    description = "Sends HTTP/1.1 requests at a rate (open loop) or as fast as they are answered.",
    sortOptions = false,
    usageHelpAutoWidth = true,
    mixinStandardHelpOptions = true,
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {
      "0:done, and every --assert holds",
      "1:an --assert does not hold",
      "2:wrong arguments",
      "3:no connection could be opened, or a file could not be written"
    })
public final class Main implements Callable<Integer> {
  private static final int NOT_AS_ASSERTED = 1;
  private static final int COULD_NOT_RUN = 3;

  @Spec private @Nullable CommandSpec spec;

  @Parameters(paramLabel = "URL", description = "Where to: http://host:port/path")
  private String url = "";

  @ArgGroup(exclusive = true, multiplicity = "1")
  private Loop loop = new Loop();

  /// The open or the closed loop: one of them must be chosen.
  static final class Loop {
    @Option(
        names = {"-r", "--rate"},
        paramLabel = "RATE",
        description =
            "Open loop: so many requests per second are due, whatever the server does; latency counts from the due time. A number, or constant:N, ramp:A-B, steps:A,B,C, sine:A-B[/TIME] (a day), spike:A-B@TIME/TIME, trace:FILE[*FACTOR][/TIME] with lines of second,rate.")
    String rate = "";

    @Option(
        names = "--closed",
        description = "Closed loop: each connection sends when its last request was answered.")
    boolean closed;
  }

  @Option(names = "--poisson", description = "With --rate: due at random instead of evenly.")
  private boolean poisson;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Of --poisson (default ${DEFAULT-VALUE}): the same seed, the same times.")
  private long seed = 1;

  @Option(
      names = {"-c", "--connections"},
      paramLabel = "N",
      description = "Keep-alive connections (default ${DEFAULT-VALUE}).")
  private int connections = 64;

  @Option(
      names = {"-d", "--duration"},
      paramLabel = "TIME",
      converter = Time.class,
      description = "The measured window, as 500ms, 10s or 2m (default 10s).")
  private Duration duration = Duration.ofSeconds(10);

  @Option(
      names = {"-w", "--warmup"},
      paramLabel = "TIME",
      converter = Time.class,
      description = "The same load before it, not measured (default 2s).")
  private Duration warmup = Duration.ofSeconds(2);

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      converter = Time.class,
      description = "Give a request up, and wait for the last answers, this long (default 10s).")
  private Duration timeout = Duration.ofSeconds(10);

  @Option(
      names = {"-X", "--method"},
      paramLabel = "NAME",
      description = "The method (default ${DEFAULT-VALUE}).")
  private String method = "GET";

  @Option(
      names = {"-H", "--header"},
      paramLabel = "'NAME: VALUE'",
      description = "A field of the request; may be repeated.")
  private List<String> fields = List.of();

  @Option(names = "--body", paramLabel = "TEXT", description = "The body of the request.")
  private String body = "";

  @Option(
      names = "--count-by",
      paramLabel = "HEADER",
      description = "Count the answers by this field of the response: who answered.")
  private String countBy = "";

  @Option(
      names = "--assert",
      paramLabel = "LIST",
      description =
          "Conditions for exit code 0, as 'p99<20ms,errors=0'. Times: pNN, max, mean, and uncorrected.pNN. Numbers: errors, requests, rate, 2xx to 5xx, status.NNN.")
  private String conditions = "";

  @Option(
      names = "--mix",
      paramLabel = "FILE",
      description = "What is sent: lines of weight, method, path and body, as 3 GET /search?q=a.")
  private @Nullable Path mix;

  @Option(
      names = "--html",
      paramLabel = "FILE",
      description = "Write the report as a page with plots.")
  private @Nullable Path html;

  @Option(
      names = "--live",
      paramLabel = "HOW",
      description =
          "How the run is shown while it lasts: terminal, plain (a line each ten seconds), off, or auto (default).")
  private Live live = Live.auto;

  /// How a run is shown while it lasts.
  enum Live {
    auto,
    terminal,
    plain,
    off
  }

  @Option(names = "--json", paramLabel = "FILE", description = "Write the report as JSON.")
  private @Nullable Path json;

  @Option(
      names = "--hlog",
      paramLabel = "FILE",
      description = "Write a latency histogram a second, in HdrHistogram's log format.")
  private @Nullable Path hlog;

  public static void main(String[] arguments) {
    System.exit(Tool.of(new Main()).execute(arguments));
  }

  @Override
  public Integer call() {
    List<Expectation> expectations;
    Plan plan;
    try {
      expectations = conditions.isEmpty() ? List.of() : Expectation.list(conditions);
      plan = plan();
    } catch (IllegalArgumentException e) {
      throw new ParameterException(command(), String.valueOf(e.getMessage()), e);
    } catch (IOException e) {
      command().getErr().println("turnout load: cannot read " + Tool.reason(e));
      return COULD_NOT_RUN;
    }
    Report report;
    try {
      Tool.mayWrite(html); // not when the minutes of the run are lost
      Tool.mayWrite(json);
      Tool.mayWrite(hlog);
      report = run(plan);
      if (json != null) {
        Files.writeString(json, JsonReport.of(report));
      }
    } catch (IOException e) {
      command().getErr().println("turnout load: " + Tool.reason(e));
      return COULD_NOT_RUN;
    }
    out().print(Summary.of(report));
    int failed = 0;
    for (Expectation expectation : expectations) {
      if (!expectation.holds(report)) {
        failed++;
        out()
            .printf(
                "FAILED      %s: it is %s%n", expectation.text(), expectation.measuredText(report));
      }
    }
    out().flush();
    return failed == 0 ? 0 : NOT_AS_ASSERTED;
  }

  private Report run(Plan plan) throws IOException {
    LiveView view = new LiveView(plan, System.err, isTerminal());
    boolean shown = live != Live.off;
    boolean timed = shown || html != null;
    try (IntervalLog intervals = hlog == null ? null : new IntervalLog(hlog);
        Timeline timeline = timed ? new Timeline(shown ? view::show : _ -> {}) : null) {
      LongConsumer log = intervals == null ? _ -> {} : intervals;
      LongConsumer seen = timeline == null ? log : log.andThen(timeline);
      Report report = new LoadRun(plan, seen).run();
      view.end();
      if (html != null && timeline != null) {
        Files.writeString(html, HtmlReport.of(report, timeline.seconds()));
      }
      return report;
    }
  }

  @SuppressWarnings("SystemConsoleNull") // as the JDK may be set up
  private boolean isTerminal() {
    return switch (live) {
      case terminal -> true;
      case plain, off -> false;
      case auto -> System.console() != null && System.console().isTerminal();
    };
  }

  private Plan plan() throws IOException {
    check(connections > 0, "--connections must be above 0");
    check(duration.isPositive(), "--duration must be above 0");
    check(timeout.isPositive(), "--timeout must be above 0");
    check(!loop.closed || !poisson, "--poisson goes with --rate");
    for (String field : fields) {
      check(field.indexOf(':') > 0 && field.indexOf('\n') < 0, "not a header field: " + field);
    }
    Plan plan = onePlan();
    return mix == null ? plan : plan.withMix(Mix.read(mix, plan.target(), fields));
  }

  private Plan onePlan() throws IOException {
    return new Plan(
        Target.of(url),
        method,
        fields,
        body,
        pacing(),
        connections,
        warmup,
        duration,
        timeout,
        countBy);
  }

  private Pacing pacing() throws IOException {
    if (loop.closed) {
      return new Pacing.Closed();
    }
    if (loop.rate.matches("[0-9]+(\\.[0-9]+)?")) {
      double rate = Double.parseDouble(loop.rate);
      check(rate > 0, "--rate must be above 0");
      return poisson ? new Pacing.Poisson(rate, seed) : new Pacing.Constant(rate);
    }
    double seconds = warmup.plus(duration).toNanos() / 1e9;
    RateShape shape = RateShape.parse(loop.rate, seconds);
    check(shape.peak() > 0, "--rate must be above 0");
    return new Pacing.Varying(shape, seconds, poisson, seed);
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

  /// Times as people write them: 500ms, 10s, 2m; a bare number is seconds.
  static final class Time implements ITypeConverter<Duration> {
    private static final Pattern FORM = Pattern.compile("([0-9]+(?:\\.[0-9]+)?)(ms|s|m|)");

    @Override
    public Duration convert(String text) {
      Matcher parts = FORM.matcher(text);
      if (!parts.matches()) {
        throw new TypeConversionException("not a time like 500ms, 10s or 2m: " + text);
      }
      double seconds =
          switch (String.valueOf(parts.group(2))) {
            case "ms" -> 1e-3;
            case "m" -> 60;
            default -> 1;
          };
      return Duration.ofNanos(Math.round(Double.parseDouble(parts.group(1)) * seconds * 1e9));
    }
  }
}
