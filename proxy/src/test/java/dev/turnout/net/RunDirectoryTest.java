package dev.turnout.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunDirectoryTest {
  @TempDir private Path temporary;
  private RunDirectory directory;

  @BeforeEach
  void name() throws IOException {
    directory = RunDirectory.of(Map.of("TURNOUT_RUN_DIR", temporary.resolve("run").toString()));
  }

  static ServerSocketChannel listening(Path socket) throws IOException {
    ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    channel.bind(UnixDomainSocketAddress.of(socket));
    return channel;
  }

  @Test
  void itIsMadeForItsUserAlone() throws IOException {
    assertThat(directory.sockets()).isEmpty();

    directory.prepare();

    assertThat(Files.getPosixFilePermissions(directory.path()))
        .isEqualTo(PosixFilePermissions.fromString("rwx------"));
  }

  @Test
  void whatNobodyListensOnIsRemovedAndNothingElse() throws IOException {
    directory.prepare();
    listening(directory.socket(1)).close(); // its process was killed
    Files.writeString(directory.socket(2), "no socket");
    Path other = directory.path().resolve("by-hand.sock");
    listening(other).close();
    try (ServerSocketChannel alive = listening(directory.socket(3))) {
      assertThat(alive.isOpen()).isTrue();

      directory.prepare();

      assertThat(directory.sockets())
          .containsExactlyInAnyOrder(directory.socket(2), directory.socket(3), other);
    }
  }

  @Test
  void oneThatOthersMayWriteToIsNotBelieved() throws IOException {
    directory.prepare();
    Files.setPosixFilePermissions(directory.path(), PosixFilePermissions.fromString("rwxrwx---"));

    assertThatThrownBy(directory::prepare).hasMessageContaining("can be written by other users");
    assertThatThrownBy(directory::sockets).hasMessageContaining("can be written by other users");
  }

  @Test
  void aLinkIsNoDirectory() throws IOException {
    Files.createSymbolicLink(directory.path(), Files.createDirectory(temporary.resolve("there")));

    assertThatThrownBy(directory::prepare).hasMessageContaining("is no directory");
  }

  @Test
  void theNameTellsWhoseSocketItIs() {
    assertThat(RunDirectory.pid(directory.socket(4711))).isEqualTo(4711);
    assertThat(RunDirectory.pid(Path.of("/run/x/main.sock"))).isNegative();
    assertThat(RunDirectory.pid(Path.of("/run/x/4711"))).isNegative();
  }
}
