package dev.turnout.http.health;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GrpcCallTest {
  private static final GrpcCall WHOLE = new GrpcCall("", 0);

  private static byte[] bytes(String hex) {
    return HexFormat.of().parseHex(hex);
  }

  @Test
  void theServiceIsTheOneFieldOfTheRequest() {
    assertThat(WHOLE.request()).containsExactly(bytes("0000000000"));
    assertThat(new GrpcCall("ab", 0).request()).containsExactly(bytes("0000000004" + "0a026162"));

    byte[] longName = new GrpcCall("a".repeat(300), 0).request();
    assertThat(Arrays.copyOf(longName, 8)).containsExactly(bytes("000000012f" + "0aac02"));
    assertThat(longName).hasSize(5 + 3 + 300);
  }

  @ParameterizedTest
  @CsvSource({
    "00000000020801, true, SERVING",
    "00000000020802, false, NOT_SERVING",
    "0000000000, false, UNKNOWN", // zero is left out
    "00000000021001, false, UNKNOWN", // another field
    "00000000050802080108, false, no HealthCheckResponse", // cut within a field
    "00000000021207, false, no HealthCheckResponse", // longer than the message
    "0000000003080180, false, no HealthCheckResponse",
    "01000000020801, false, no HealthCheckResponse", // compressed
    "0000000009, false, no HealthCheckResponse", // no message
    "ffffffffff, false, no HealthCheckResponse",
    "'', false, no HealthCheckResponse",
  })
  void theMessageIsReadWithCare(String body, boolean passed, String saw) {
    Found found = WHOLE.judge("0", bytes(body));

    assertThat(found.passed()).as(found.toString()).isEqualTo(passed);
    assertThat(found.saw()).isEqualTo(saw);
  }

  @Test
  void fieldsThatAreNotKnownAreSkipped() {
    String text = "1203616263";
    String eightBytes = "190000000000000000";
    String fourBytes = "2500000000";
    byte[] body = bytes("0000000015" + text + eightBytes + fourBytes + "0801");

    assertThat(WHOLE.judge("0", body).saw()).isEqualTo("SERVING");
  }

  @Test
  void theStatusOfTheCallCountsBeforeItsMessage() {
    byte[] serving = bytes("00000000020801");

    assertThat(WHOLE.judge("5", serving).passed()).isFalse();
    assertThat(WHOLE.judge("", serving).saw()).isEqualTo("grpc-status is missing");
    assertThat(new GrpcCall("", 12).judge("12", new byte[0]).passed()).isTrue();
    assertThat(new GrpcCall("", 12).judge("0", serving).passed()).isTrue();
    assertThat(new GrpcCall("", 12).judge("13", serving).passed()).isFalse();
  }
}
