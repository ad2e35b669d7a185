package dev.turnout.loadgen.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.loadgen.backend.Work;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SiteTest {
  @TempDir Path directory;

  private static Machine machine(String name) throws IOException {
    return new Machine(name, new Work(0, 1, true, 0, 1, 0, 0, 0), 1, 0);
  }

  /// Else a switch to such a group would send everything to the few that happen to be on.
  @Test
  void noGroupThatAHostIsSwitchedToHasAServerThatTheAutoscalerTurnsOff() throws Exception {
    List<Machine> scaled = List.of(machine("b1"), machine("b2"));
    List<Machine> alwaysOn = List.of(machine("f1"), machine("f2"));

    Site.write(directory, 8000, scaled, alwaysOn, 9000, 10, "2s");

    String text = Files.readString(directory.resolve("nginx.conf"));
    int begin = text.indexOf("upstream energyaware_servers_2");
    int end = text.indexOf("server {", begin);
    assertThat(begin).isPositive();
    assertThat(text.substring(begin, end))
        .contains("127.0.0.1:" + alwaysOn.get(0).port(), "127.0.0.1:" + alwaysOn.get(1).port())
        .doesNotContain("127.0.0.1:" + scaled.get(0).port(), "127.0.0.1:" + scaled.get(1).port());
  }
}
