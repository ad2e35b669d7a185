package dev.turnout.ctl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodesTest {
  @TempDir private Path run;

  private ServerSocketChannel node(String name) throws IOException {
    ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    channel.bind(UnixDomainSocketAddress.of(run.resolve(name)));
    return channel;
  }

  private Map<String, String> environment() {
    return Map.of("TURNOUT_RUN_DIR", run.toString());
  }

  @Test
  void theOnlyNodeIsFound() throws IOException {
    node("1.sock").close(); // it was killed
    try (ServerSocketChannel alive = node("2.sock")) {
      assertThat(alive.isOpen()).isTrue();
      assertThat(Nodes.find(environment(), null)).isEqualTo("unix:" + run.resolve("2.sock"));
    }
    assertThat(Nodes.find(environment(), null)).isNull();
  }

  @Test
  void ofSeveralOneIsToBeNamed() throws IOException {
    String self = Long.toString(ProcessHandle.current().pid());
    try (ServerSocketChannel one = node(self + ".sock");
        ServerSocketChannel other = node("by-hand.sock")) {
      assertThat(one.isOpen() && other.isOpen()).isTrue();

      assertThatThrownBy(() -> Nodes.find(environment(), null))
          .isInstanceOfSatisfying(
              CtlException.class,
              e -> {
                assertThat(e.exit()).isEqualTo(Exit.USAGE);
                assertThat(e.text())
                    .contains("several nodes run", "--node " + self + "  turnout")
                    .contains("--url unix:" + run.resolve("by-hand.sock"));
              });
      assertThat(Nodes.find(environment(), 77L)).isEqualTo("unix:" + run.resolve("77.sock"));
    }
  }
}
