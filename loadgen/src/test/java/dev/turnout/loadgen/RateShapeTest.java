package dev.turnout.loadgen;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RateShapeTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "constant:50        | 0 | 50",
        "ramp:10-110        | 50 | 60",
        "ramp:10-110        | 200 | 110",
        "steps:10,20,40     | 0 | 10",
        "steps:10,20,40     | 33 | 10",
        "steps:10,20,40     | 34 | 20",
        "steps:10,20,40     | 99 | 40",
        "sine:10-110        | 0 | 10",
        "sine:10-110        | 50 | 110",
        "sine:10-110/50s    | 25 | 110",
        "spike:5-500@30s/10s | 29.9 | 5",
        "spike:5-500@30s/10s | 35 | 500",
        "spike:5-500@30s/10s | 40.1 | 5",
      })
  void aRateIsWhatWasWritten(String text, double second, double rate) throws IOException {
    assertThat(RateShape.parse(text, 100).at(second)).isCloseTo(rate, within(0.1));
  }

  @Test
  void aTraceIsReadScaledAndCompressed(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("day.csv");
    Files.writeString(file, "second,rate\n# night\n0,10\n3600,100\n7200,10\n");

    RateShape shape = RateShape.parse("trace:" + file + "*2/60s", 60);

    assertThat(shape.at(30)).isCloseTo(200, within(1e-6));
    assertThat(shape.at(15)).isCloseTo(110, within(1e-6));
  }

  @Test
  void whatIsWrongIsSaid(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("bad.csv");
    Files.writeString(file, "0,10\n5,ten\n");

    assertThatThrownBy(() -> RateShape.parse("trace:" + file, 10))
        .hasMessageContaining("bad.csv:2");
    Path moment = directory.resolve("moment.csv");
    Files.writeString(moment, "5,10\n5,20\n");
    assertThatThrownBy(() -> RateShape.parse("trace:" + moment + "/60s", 10))
        .hasMessageContaining("at one moment");
    assertThatThrownBy(() -> RateShape.parse("sine:1-2/0s", 10)).hasMessageContaining("100 ms");
    assertThatThrownBy(() -> RateShape.parse("wave:1-2", 10)).hasMessageContaining("not a rate");
    assertThatThrownBy(() -> RateShape.parse("ramp:1", 10)).hasMessageContaining("two rates");
    assertThatThrownBy(() -> RateShape.parse("spike:1-2@x/1s", 10)).hasMessageContaining("no time");
  }

  @ParameterizedTest
  @CsvSource({"false", "true"})
  void asManyAreDueAsTheAreaUnderTheRateSays(boolean random) throws IOException {
    RateShape shape = RateShape.parse("sine:100-2000", 60);
    Pacing.Schedule schedule = new Pacing.Varying(shape, 60, random, 3).schedule();
    int due = 0;
    int inTheMiddle = 0;
    long last = 0;
    for (long at = schedule.next(); at < 60_000_000_000L; at = schedule.next()) {
      assertThat(at).isGreaterThanOrEqualTo(last);
      last = at;
      due++;
      inTheMiddle += at >= 29_000_000_000L && at < 31_000_000_000L ? 1 : 0;
    }

    assertThat((double) due).isCloseTo(shape.mean(60) * 60, within(random ? 1000.0 : 20.0));
    assertThat((double) inTheMiddle).isCloseTo(4000, within(random ? 250.0 : 15.0));
  }

  @Test
  void aRateThatEndsInNothingEnds() throws IOException {
    Pacing.Schedule schedule =
        new Pacing.Varying(RateShape.parse("ramp:1-0", 1), 1, false, 1).schedule();
    long at = 0;
    for (int i = 0; i < 10 && at != Long.MAX_VALUE; i++) {
      at = schedule.next();
    }

    assertThat(at).isEqualTo(Long.MAX_VALUE);
  }
}
