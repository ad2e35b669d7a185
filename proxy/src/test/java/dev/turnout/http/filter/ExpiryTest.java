package dev.turnout.http.filter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.ZoneId;
import java.time.ZonedDateTime;
import org.junit.jupiter.api.Test;

class ExpiryTest {
  @Test
  void aTimeMayHaveASignOrBeADailyOne() {
    assertThat(Expiry.parse("1h", false)).isEqualTo(new Expiry.FromNow(3600));
    assertThat(Expiry.parse("+1h", true)).isEqualTo(new Expiry.FromModified(3600));
    assertThat(Expiry.parse("-1", false)).isEqualTo(new Expiry.FromNow(-1));
    assertThat(Expiry.parse("@15h30m", false)).isEqualTo(new Expiry.Daily(15 * 3600 + 30 * 60));
    assertThat(Expiry.parse("max", false)).isEqualTo(new Expiry.Max());
  }

  @Test
  void whatIsNoTimeIsRefusedInNginxsWords() {
    assertThatThrownBy(() -> Expiry.parse("@25h", false))
        .hasMessage("daily time value must be less than 24 hours");
    assertThatThrownBy(() -> Expiry.parse("@1h", true))
        .hasMessage("daily time cannot be used with \"modified\" parameter");
    assertThatThrownBy(() -> Expiry.parse("epoch", true)).hasMessage("invalid value");
  }

  @Test
  void aDailyTimeIsTheNextOneInItsZone() {
    ZoneId zone = ZoneId.of("Europe/Berlin");
    ZonedDateTime noon = ZonedDateTime.of(2026, 11, 22, 12, 0, 0, 0, zone);

    assertThat(Expiry.next(13 * 3600, noon.toEpochSecond(), zone))
        .isEqualTo(noon.plusHours(1).toEpochSecond());
    assertThat(Expiry.next(12 * 3600, noon.toEpochSecond(), zone))
        .isEqualTo(noon.plusDays(1).toEpochSecond());
  }
}
