package dev.turnout.cluster.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GroupTextTest {
  private static final String GROUP =
      "{\"name\":\"app\",\"method\":\"round_robin\",%s\"next\":2,"
          + "\"servers\":[{\"id\":1,\"server\":\"127.0.0.1:80\"%s}]}";

  @Test
  void aGroupIsReadAsItWasWritten() {
    GroupText group = GroupText.parse(GROUP.formatted("", ",\"weight\":7"));

    assertThat(GroupText.parse(group.text())).isEqualTo(group);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "\"keepalive\":[1], | | null where a whole number should be",
        "\"queue\":5, | | 5 where a list should be",
        "\"max_ejected\":99999999999, | | 99999999999 where a number of 32 bits should be",
        "\"methods\":\"x\", | | nothing is known of a member \"methods\"",
        " | ,\"weight\":99999999999 | 99999999999 where a number of 32 bits should be",
        " | ,\"weight\":\"5\" | \"5\" where a whole number should be",
        " | ,\"canary\":[] | null where a whole number should be",
        " | ,\"id\":2 | it is not JSON: the name \"id\" is there twice at line 1, column 90",
      })
  void whatIsNoGroupIsRefusedAndSaysWhy(String group, String server, String why) {
    String text = GROUP.formatted(group == null ? "" : group, server == null ? "" : server);

    assertThatIllegalArgumentException().isThrownBy(() -> GroupText.parse(text)).withMessage(why);
  }

  /// It comes from a store that others write to: nothing that it holds may end the thread that
  /// reads it.
  @FuzzTest(maxDuration = "60s")
  void anyTextIsAGroupOrRefused(byte[] input) {
    try {
      GroupText group = GroupText.parse(new String(input, StandardCharsets.ISO_8859_1));
      assertThat(GroupText.parse(group.text())).isEqualTo(group);
    } catch (IllegalArgumentException refused) {
      assertThat(refused).hasMessageMatching("(?s).+");
    }
  }
}
