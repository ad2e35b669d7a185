package dev.turnout.scale;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class HookTest {
  @Test
  void aServerWhoseNameMakesNoUrlIsATroubleLikeAnyOther() throws Exception {
    Hook hook = new Hook(List.of("http://127.0.0.1:1/start?server=$server"), 1000, 0);

    assertThat(hook.run(new Hook.About("app", 0, "unix:/run/my app", "start")))
        .isEqualTo(
            "http://127.0.0.1:1/start?server=unix:/run/my app is not a URL:"
                + " Illegal character in query");
  }

  @Test
  void aCommandThatIsNotThereIsATroubleToo() throws Exception {
    Hook hook = new Hook(List.of("/nowhere/wake", "$server"), 1000, 0);

    assertThat(hook.run(new Hook.About("app", 0, "127.0.0.1:80", "start")))
        .contains("/nowhere/wake");
  }
}
