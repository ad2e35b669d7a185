package dev.turnout.admin.plus;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.turnout.upstream.PeerAddress;
import java.nio.charset.StandardCharsets;

/// No body makes the API throw anything but a refusal.
class BodyFuzzTest {
  private static final PeerAddress HERE = new PeerAddress.Unix("/here");

  @FuzzTest(maxDuration = "60s")
  void anyBodyIsAServerOrRefused(byte[] input) {
    try {
      ServerFields.parse(new String(input, StandardCharsets.ISO_8859_1)).toSpec("x", HERE);
    } catch (Refusal refusal) {
      assertThat(refusal.status()).isBetween(400, 499);
      assertThat(refusal.text()).isNotEmpty();
    }
  }
}
