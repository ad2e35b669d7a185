package dev.turnout.autoscaler.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.turnout.autoscaler.Controller;
import dev.turnout.autoscaler.Limits;
import dev.turnout.autoscaler.policy.AlwaysOn;
import dev.turnout.autoscaler.policy.JustEnough;
import dev.turnout.autoscaler.policy.Packing;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

final class SimulationTest {
  private static Trace constant(double rate, int seconds) {
    return Trace.of("constant", List.of(new double[] {0, rate}, new double[] {seconds, rate}));
  }

  private static Outcome oneServer(double rate) {
    return new Simulation(
            constant(rate, 3000),
            Model.paper(),
            new Controller(new AlwaysOn(1), Limits.between(1, 1, 0)),
            new Dispatch.ShortestQueue(),
            1,
            1,
            1)
        .run();
  }

  @Test
  void aServerBehavesAsThePaperMeasuredIt() {
    // Little's law turns the mean time into the mean number of requests at the server
    Outcome usual = oneServer(7 / 0.120);
    Outcome doubled = oneServer(14 / 0.120);

    assertThat(usual.meanMillis() / 1000 * 7 / 0.120).isCloseTo(10, within(0.3));
    assertThat(doubled.meanMillis() / 1000 * 14 / 0.120).isCloseTo(32, within(2.0));
    assertThat(usual.p95Millis()).isBetween(340.0, 400.0);
    assertThat(usual.watts()).isBetween(190.0, 200.0);
  }

  @Test
  void sizesHaveTheMeanAndTheBoundsThatWereAskedFor() {
    Sizes sizes = new Sizes(0.12, 0.015, 0.3);
    SplittableRandom random = new SplittableRandom(3);
    double sum = 0;
    for (int i = 0; i < 100_000; i++) {
      double size = sizes.next(random);
      assertThat(size).isBetween(0.015, 0.3);
      sum += size;
    }

    assertThat(sum / 100_000).isCloseTo(0.12, within(0.001));
  }

  @Test
  void everyRequestThatComesIsCountedOnce() {
    Outcome outcome = oneServer(50);

    assertThat((double) outcome.requests()).isCloseTo(150_000, within(1500.0));
    assertThat(outcome.serverSeconds()).isCloseTo(3000, within(1e-6));
  }

  @Test
  void theSameSeedIsTheSameRun() {
    assertThat(oneServer(30)).isEqualTo(oneServer(30));
  }

  @Test
  void theDecisionsOfASwellAreTheseLines() throws IOException {
    Trace swell =
        Trace.of(
            "swell",
            List.of(
                new double[] {0, 40},
                new double[] {100, 40},
                new double[] {160, 180},
                new double[] {300, 180},
                new double[] {360, 40},
                new double[] {600, 40}));
    List<String> lines = new ArrayList<>();
    Packing packing = Packing.fixed(10);
    new Simulation(
            swell,
            Model.paper().withSetup(10),
            new Controller(JustEnough.of(packing), Limits.between(1, 5, 60)),
            new Dispatch.Pack(packing::value),
            5,
            1,
            1,
            (seen, decision) -> {
              if (!decision.actions().isEmpty()) {
                lines.add(Math.round(seen.seconds()) + " " + decision.text());
              }
            })
        .run();

    assertThat(String.join("\n", lines) + "\n")
        .isEqualTo(
            new String(
                SimulationTest.class.getResourceAsStream("swell.txt").readAllBytes(),
                java.nio.charset.StandardCharsets.UTF_8));
  }

  @Test
  void theOptimumNeverHasFewerServersThanTheLoadNeeds() {
    Trace trace = PaperTraces.all().get(3).within(1800);
    Model model = Model.paper();
    Optimum optimum = new Optimum(trace, model, 60);
    for (int second = 0; second < trace.seconds(); second++) {
      int wanted =
          optimum
              .wish(
                  new dev.turnout.autoscaler.Observation(
                      second, 0, 0, 0, Double.NaN, true, 260, List.of()))
              .least();
      assertThat(wanted).isGreaterThanOrEqualTo((int) Math.ceil(trace.rate(second) / 60));
    }
  }

  @Test
  void theShapesAreTwoHoursWithTheirPeakAt800() {
    assertThat(PaperTraces.all()).hasSize(6);
    for (Trace trace : PaperTraces.all()) {
      assertThat(trace.seconds()).isEqualTo(7200);
      assertThat(trace.peak()).isCloseTo(800, within(1e-6));
    }
  }

  @Test
  void justEnoughSavesPowerAndKeepsItsTimeOnASharedTrace() {
    Trace trace = PaperTraces.all().getFirst();
    Policies policies = new Policies(28, 60, 16, 120, 1);

    Outcome always = policies.run("always_on", trace, Model.paper(), 1, 1);
    Outcome enough = policies.run("just_enough", trace, Model.paper(), 1, 1);

    assertThat(enough.savingAgainst(always)).isGreaterThan(0.5);
    assertThat(enough.p95Millis()).isLessThan(500);
  }

  @Test
  void theCommandComparesPoliciesOnAFile(@TempDir Path directory) throws IOException {
    Path trace = directory.resolve("day.csv");
    Files.writeString(trace, "second,rate\n0,30\n100,120\n200,30\n");
    Path page = directory.resolve("plot.html");
    StringWriter out = new StringWriter();

    int status =
        new CommandLine(new Simulate())
            .setOut(new PrintWriter(out))
            .execute(
                "--trace",
                trace.toString(),
                "-p",
                "always_on,just_enough",
                "--setup",
                "5",
                "--html",
                page.toString());

    assertThat(status).isZero();
    assertThat(out.toString()).contains("day.csv", "always_on", "just_enough", "T95 ms");
    assertThat(Files.readString(page)).contains("<svg", "just_enough").doesNotContain("http");
  }

  @Test
  void whatIsWrongIsSaidWithTheLine(@TempDir Path directory) throws IOException {
    Path trace = directory.resolve("bad.csv");
    Files.writeString(trace, "0,30\n5,x\n");
    StringWriter err = new StringWriter();
    CommandLine command =
        new CommandLine(new Simulate())
            .setOut(new PrintWriter(new StringWriter()))
            .setErr(new PrintWriter(err));

    assertThat(command.execute("--trace", trace.toString())).isEqualTo(3);
    assertThat(err.toString()).contains("bad.csv:2", "5,x");
    assertThat(command.execute("-p", "nonsense")).isEqualTo(2);
    assertThat(err.toString()).contains("there is no policy \"nonsense\"");
  }
}
