package dev.turnout.admin.prometheus;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.metrics.TrafficZone;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExpositionTest {
  private static String text(Exposition exposition) {
    return new String(exposition.end(), StandardCharsets.UTF_8);
  }

  private static Exposition exposition(Format format) {
    return new Exposition(format, Set.of());
  }

  @Test
  void aMetricHasItsHelpItsTypeAndItsSamples() {
    Exposition exposition = exposition(Format.TEXT);

    Exposition.Family family = exposition.counter("a_total", "What \"it\" is: \\ and\nmore");
    family.sample(1, Labels.of("x", "1"));
    family.sample(2.5, Labels.of("x", "2").and("y", "3"));
    exposition.gauge("b", "Never seen");

    assertThat(text(exposition))
        .isEqualTo(
            """
            # HELP a_total What "it" is: \\\\ and\\nmore
            # TYPE a_total counter
            a_total{x="1"} 1
            a_total{x="2",y="3"} 2.5
            """);
  }

  @Test
  void openMetricsNamesCountersWithoutTheirSuffixAndKnowsNoOthers() {
    Exposition exposition = exposition(Format.OPEN_METRICS);

    exposition.counter("a_total", "\"A\"").sample(1, Labels.NONE);
    exposition.counter("b", "B").sample(2, Labels.NONE);

    assertThat(text(exposition))
        .isEqualTo(
            """
            # HELP a \\"A\\"
            # TYPE a counter
            a_total 1
            # HELP b B
            # TYPE b unknown
            b 2
            # EOF
            """);
  }

  @Test
  void labelsAreEscapedAndAlwaysUtf8() {
    String wire = new String("ü".getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);

    assertThat(Labels.of("a", "q\"b\\n\n" + wire).text()).isEqualTo("a=\"q\\\"b\\\\n\\nü\"");
    assertThat(Labels.of("a", "broken \u00ff").text()).isEqualTo("a=\"broken \ufffd\"");
  }

  @Test
  void aHistogramIsCumulative() {
    TrafficZone zone = new TrafficZone("z");
    zone.on(0).responded(200, 0, 0, 400_000);
    zone.on(0).responded(200, 0, 0, 3_000_000);
    zone.on(0).responded(200, 0, 0, 20_000_000_000L);
    Exposition exposition = exposition(Format.TEXT);

    exposition.histogram("h", "H").sample(zone.traffic().durations(), Labels.of("z", "z"));

    Scrape scrape = Scrape.of(text(exposition), false);
    assertThat(scrape.value("h_bucket", "z", "z", "le", "0.0005")).isEqualTo(1);
    assertThat(scrape.value("h_bucket", "z", "z", "le", "0.0025")).isEqualTo(1);
    assertThat(scrape.value("h_bucket", "z", "z", "le", "0.005")).isEqualTo(2);
    assertThat(scrape.value("h_bucket", "z", "z", "le", "1.0")).isEqualTo(2);
    assertThat(scrape.value("h_bucket", "z", "z", "le", "10.0")).isEqualTo(2);
    assertThat(scrape.value("h_bucket", "z", "z", "le", "+Inf")).isEqualTo(3);
    assertThat(scrape.value("h_count", "z", "z")).isEqualTo(3);
    assertThat(scrape.value("h_sum", "z", "z")).isEqualTo(20.0034);
  }

  @Test
  void onlyWhatIsWantedIsTold() {
    Exposition exposition = new Exposition(Format.TEXT, Set.of("b"));

    exposition.gauge("a", "A").sample(1, Labels.NONE);
    exposition.gauge("b", "B").sample(2, Labels.NONE);

    assertThat(text(exposition)).isEqualTo("# HELP b B\n# TYPE b gauge\nb 2\n");
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "none",
      delimiter = '|',
      value = {
        "none | TEXT",
        "*/* | TEXT",
        "text/html | TEXT",
        "text/plain;version=0.0.4 | TEXT",
        "application/openmetrics-text | OPEN_METRICS",
        "application/openmetrics-text; version=1.0.0; q=0.8, text/plain; q=0.9 | TEXT",
        "application/openmetrics-text;q=0 | TEXT",
        "application/openmetrics-text;q=nonsense | TEXT",
        "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1"
            + ";q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1 | OPEN_METRICS",
      })
  void theFormatIsWhatTheScraperLikesBest(String accept, Format format) {
    assertThat(Format.accepted(accept)).isEqualTo(format);
  }
}
