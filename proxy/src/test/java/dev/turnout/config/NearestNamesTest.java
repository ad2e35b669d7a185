package dev.turnout.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class NearestNamesTest {
  private static final List<String> NAMES =
      List.of("on", "off", "listen", "proxy_pass", "proxy_read_timeout", "proxy_send_timeout");

  @Test
  void aSlipIsFound() {
    assertThat(NearestNames.of("proxy_paas", NAMES)).containsExactly("\"proxy_pass\"");
    assertThat(NearestNames.of("lsiten", NAMES)).containsExactly("\"listen\"");
    assertThat(NearestNames.of("Listen", NAMES)).containsExactly("\"listen\"");
    assertThat(NearestNames.of("proxy_red_timeout", NAMES))
        .containsExactly("\"proxy_read_timeout\"");
  }

  @Test
  void anotherWordIsNot() {
    assertThat(NearestNames.of("no", NAMES)).isEmpty();
    assertThat(NearestNames.of("keepalive", NAMES)).isEmpty();
    assertThat(NearestNames.of("x".repeat(5000), NAMES)).isEmpty();
  }

  @Test
  void namesThatAreEquallyNearAreAllGiven() {
    assertThat(
            NearestNames.of(
                "proxy_eead_timeout", List.of("proxy_read_timeout", "proxy_head_timeout")))
        .containsExactly("\"proxy_read_timeout\"", "\"proxy_head_timeout\"");
  }
}
