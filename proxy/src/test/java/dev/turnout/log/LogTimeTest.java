package dev.turnout.log;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.log.LogTime.Form;
import java.time.Instant;
import java.util.TimeZone;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class LogTimeTest {
  private final AtomicLong millis =
      new AtomicLong(Instant.parse("2026-11-02T13:40:05.999Z").toEpochMilli());

  @Test
  void eachFormIsTheOneNginxWrites() {
    LogTime time = timeIn("UTC");

    assertThat(time.text(Form.ERROR_LOG)).isEqualTo("2026/11/02 13:40:05");
    assertThat(time.text(Form.LOCAL)).isEqualTo("02/Nov/2026:13:40:05 +0000");
    assertThat(time.text(Form.ISO8601)).isEqualTo("2026-11-02T13:40:05+00:00");
    assertThat(time.text(Form.HTTP)).isEqualTo("Mon, 02 Nov 2026 13:40:05 GMT");
    assertThat(time.text(Form.SYSLOG)).isEqualTo("Nov  2 13:40:05");
  }

  @Test
  void localFormsFollowTheZoneAndHttpDatesDoNot() {
    LogTime time = timeIn("America/St_Johns");

    assertThat(time.text(Form.LOCAL)).isEqualTo("02/Nov/2026:10:10:05 -0330");
    assertThat(time.text(Form.ISO8601)).isEqualTo("2026-11-02T10:10:05-03:30");
    assertThat(time.text(Form.HTTP)).isEqualTo("Mon, 02 Nov 2026 13:40:05 GMT");
  }

  @Test
  void summerTimeIsFollowedAtItsMoment() {
    millis.set(Instant.parse("2026-03-29T00:59:59Z").toEpochMilli());
    LogTime time = timeIn("Europe/Berlin");

    assertThat(time.text(Form.LOCAL)).isEqualTo("29/Mar/2026:01:59:59 +0100");
    millis.addAndGet(1000);
    assertThat(time.text(Form.LOCAL)).isEqualTo("29/Mar/2026:03:00:00 +0200");
    assertThat(time.text(Form.HTTP)).isEqualTo("Sun, 29 Mar 2026 01:00:00 GMT");
  }

  @Test
  void aSecondIsRenderedOnceAndTheNextOneAnew() {
    LogTime time = timeIn("UTC");

    String first = time.text(Form.LOCAL);
    millis.addAndGet(-900);
    assertThat(time.text(Form.LOCAL)).isSameAs(first);
    millis.addAndGet(1000);
    assertThat(time.text(Form.LOCAL)).isEqualTo("02/Nov/2026:13:40:06 +0000");
  }

  @Test
  void appendingReturnsThePositionBehindTheText() {
    LogTime time = timeIn("UTC");
    byte[] line = new byte[40];

    int end = time.append(Form.HTTP, line, 3);

    assertThat(end).isEqualTo(3 + time.length(Form.HTTP));
    assertThat(new String(line, 3, end - 3, ISO_8859_1)).isEqualTo(time.text(Form.HTTP));
  }

  private LogTime timeIn(String zone) {
    return new LogTime(() -> Instant.ofEpochMilli(millis.get()), TimeZone.getTimeZone(zone));
  }
}
