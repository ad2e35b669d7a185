package dev.turnout.loadgen.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class DecisionsTest {
  @Test
  void decisionsAreReadWithWhatTheyDid() throws Exception {
    assertThat(
            Decisions.read(
                """
                {"upstream":"a","servers":[{"id":0,"text":"x"}],
                 "decisions":[
                  {"time":"2026-01-01T00:00:01Z","text":"a \\"hook\\" failed","actions":[],"revision":null},
                  {"time":"2026-01-01T00:00:02Z","text":"draining b3","on":2,
                   "actions":[{"do":"drain","server":2},{"do":"start","server":1}]}]}
                """))
        .containsExactly(
            new Decisions.Decision("2026-01-01T00:00:01Z", "a \"hook\" failed", false),
            new Decisions.Decision("2026-01-01T00:00:02Z", "draining b3", true));
  }

  @Test
  void anythingElseIsAnError() {
    assertThatThrownBy(() -> Decisions.read("<html>")).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> Decisions.read("{\"error\":{}}"))
        .isInstanceOf(IOException.class)
        .hasMessage("not what an autoscaler tells: \"decisions\" is missing");
  }
}
