package dev.turnout.systemtest;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;

/// The socket that a node has without being told to, as whoever started the node uses it.
class ManagementSocketIT {
  private static final String GROUP = "upstream app { server 127.0.0.1:1; server 127.0.0.1:2; }";

  @Test
  void ctlFindsTheNodeByItselfAndMayDoEverything() throws Exception {
    try (Turnout node = Turnout.start(GROUP)) {
      assertThat(Files.getPosixFilePermissions(node.socket()))
          .isEqualTo(PosixFilePermissions.fromString("rw-------"));
      assertThat(node.prefix().resolve("state/journal")).doesNotExist(); // nothing to remember
      Turnout.Ended removed = node.ctl("servers", "remove", "app", "1", "--why", "test");
      assertThat(removed.status()).as(removed.output()).isZero();

      node.reload(); // keeps it

      Object uid = Files.getAttribute(node.prefix(), "unix:uid");
      assertThat(node.ctl("history").output())
          .contains("control-api  uid:" + uid + "  \"test\"")
          .contains("app  - server 1 (127.0.0.1:2)");
      Path socket = node.socket();
      node.quit();
      assertThat(socket).doesNotExist();
      node.start();
      assertThat(node.ctl("history").output()).contains("\"test\"");
    }
  }

  @Test
  void whatAKilledNodeHasLeftIsRemovedByTheNext() throws Exception {
    try (Turnout node = Turnout.start(GROUP)) {
      Path left = node.socket();
      node.kill();
      assertThat(left).exists();

      node.start();

      assertThat(left).doesNotExist();
      assertThat(node.ctl("upstreams").output()).contains("app");
    }
  }
}
