package dev.turnout.loadgen;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.autoscaler.command.Tool;
import dev.turnout.autoscaler.simulation.Simulate;
import dev.turnout.loadgen.demo.Demo;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/// What all tools have in common on the command line.
class ToolsTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private static Stream<Callable<Integer>> tools() {
    return Stream.of(
        new Main(),
        new dev.turnout.loadgen.backend.Main(),
        new Demo(),
        new Simulate(),
        new dev.turnout.autoscaler.remote.Main());
  }

  @ParameterizedTest
  @MethodSource("tools")
  void helpIsHelpAndNothingElse(Callable<Integer> tool) {
    PrintStream before = System.err;
    ByteArrayOutputStream warnings = new ByteArrayOutputStream();
    System.setErr(
        new PrintStream(warnings, true, StandardCharsets.UTF_8)); // where picocli complains
    try {
      assertThat(run(tool, "--help")).isZero();
    } finally {
      System.setErr(before);
    }
    assertThat(out.toString()).startsWith("Usage: turnout ");
    assertThat(warnings.toString(StandardCharsets.UTF_8)).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("tools")
  void whatIsWrongIsNotBuriedUnderTheHelp(Callable<Integer> tool) {
    assertThat(run(tool, "--nothing-of-the-kind")).isEqualTo(2);
    assertThat(err.toString()).startsWith("turnout ").contains("--help tells what there is");
    assertThat(err.toString().lines().count()).isLessThanOrEqualTo(3);
  }

  @ParameterizedTest
  @CsvSource({
    "--port=99999, '--port is from 0 to 65535, not 99999'",
    "--fail=200, '--fail is from 0 to 100, not 200'",
    "--limit=0, '--limit is at least 1, not 0'",
    "--sleep=-0.5, '--sleep is at least 0, not -0.5'"
  })
  void aNumberThatCannotBeIsToldWithItsBounds(String option, String words) {
    assertThat(run(new dev.turnout.loadgen.backend.Main(), option)).isEqualTo(2);
    assertThat(err.toString()).contains("turnout backend: " + words);
  }

  @Test
  void aTraceThatIsNotThereIsToldAsSuch() {
    assertThat(run(new Simulate(), "--trace=missing.csv", "--policy=always_on")).isEqualTo(3);
    assertThat(err.toString()).isEqualTo("turnout simulate: missing.csv: no such file\n");
  }

  @Test
  void anApiThatIsNotThereIsToldAsSuch() {
    var tool = new dev.turnout.autoscaler.remote.Main();

    assertThat(run(tool, "http://127.0.0.1:1/api/9", "app", "--for=0.05", "--interval=0.1"))
        .isEqualTo(3);
    assertThat(err.toString())
        .isEqualTo(
            "turnout autoscale: no connection to http://127.0.0.1:1/api/9/http/upstreams/app\n");
  }

  @Test
  void aGroupThatIsNoPartOfAnAddressIsRefused() {
    var tool = new dev.turnout.autoscaler.remote.Main();

    assertThat(run(tool, "http://127.0.0.1:1/api/9", "my app", "--for=0.05")).isEqualTo(2);
    assertThat(err.toString()).contains("/http/upstreams/my app");
  }

  private int run(Callable<Integer> tool, String... arguments) {
    return Tool.of(tool)
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(arguments);
  }
}
