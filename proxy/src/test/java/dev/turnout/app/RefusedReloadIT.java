package dev.turnout.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class RefusedReloadIT {
  private static final String SERVER = "server { listen 127.0.0.1:0; %s }";

  @Test
  void aConfigurationThatIsRefusedLeavesNothingOpen() throws Exception {
    try (TestProxy proxy = TestProxy.start("access_log logs/kept.log; " + SERVER.formatted(""))) {
      boolean taken =
          proxy.reload(
              "access_log logs/kept.log; access_log logs/other.log; "
                  + SERVER.formatted("no_such_directive;"));

      assertThat(taken).isFalse();
      assertThat(openIn(proxy.directory())).contains("kept.log").doesNotContain("other.log");

      assertThat(proxy.reload(SERVER.formatted(""))).isTrue();
      while (openIn(proxy.directory()).contains("kept.log")) {
        Thread.onSpinWait(); // until the configuration before is retired
      }
    }
  }

  /// The names of the files of a directory that this process has open.
  private static List<String> openIn(Path directory) throws IOException {
    List<String> names = new ArrayList<>();
    Path logs = directory.toRealPath().resolve("logs");
    try (var all = Files.list(Path.of("/proc/self/fd"))) {
      for (Path one : all.toList()) {
        try {
          Path file = Files.readSymbolicLink(one);
          if (logs.equals(file.getParent())) {
            names.add(file.getFileName().toString());
          }
        } catch (IOException _) {
          // closed meanwhile
        }
      }
    }
    return names;
  }
}
