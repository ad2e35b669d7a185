package dev.turnout.http.health;

import dev.turnout.upstream.CheckSpec;
import dev.turnout.upstream.PeerAddress;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// Asks one server as Tengine's `check` says: whether it takes a connection, or how it answers.
final class TengineProbe implements Probe {
  private static final int LARGEST_HEAD = 64 * 1024;

  private final CheckSpec check;
  private final PeerAddress address;
  private @Nullable ProbeSocket kept;
  private int keptRequests;
  private String stage = "";

  TengineProbe(CheckSpec check, PeerAddress address) {
    this.check = check;
    this.address = address;
  }

  @Override
  public Found run() throws InterruptedException {
    ProbeSocket idle = kept;
    kept = null;
    if (idle != null) {
      ProbeAnswer answer = new ProbeAnswer();
      try {
        idle.allWithin(check.timeoutMillis());
        return ask(idle, answer);
      } catch (ProbeSocket.Broken broken) {
        if (answer.hasBegun()) {
          return Found.broken(stage, broken.text());
        }
        // the server had closed it by then: that says nothing about it
      }
    }
    keptRequests = 0;
    try {
      stage = "connecting to upstream";
      long begun = System.nanoTime();
      ProbeSocket fresh = ProbeSocket.connect(address, check.timeoutMillis());
      long spent = (System.nanoTime() - begun) / 1_000_000;
      fresh.allWithin(Math.max(1, check.timeoutMillis() - spent));
      return switch (check.type()) {
        case TCP -> peek(fresh);
        case HTTP -> ask(fresh, new ProbeAnswer());
      };
    } catch (ProbeSocket.Broken broken) {
      return Found.broken(stage, broken.text());
    }
  }

  /// A connection that the server closes at once is none.
  private Found peek(ProbeSocket socket) throws ProbeSocket.Broken, InterruptedException {
    try (socket) {
      return socket.isClosedByPeer()
          ? Found.broken(stage, "upstream prematurely closed connection")
          : Found.passed(stage, "connected");
    }
  }

  private Found ask(ProbeSocket socket, ProbeAnswer answer)
      throws ProbeSocket.Broken, InterruptedException {
    boolean keep = false;
    try {
      stage = "sending request to upstream";
      socket.send(check.send().getBytes(StandardCharsets.ISO_8859_1));
      boolean more = ++keptRequests < check.keepaliveRequests();
      try {
        answer.readHead(socket, check.method(), LARGEST_HEAD, check.timeoutMillis(), true);
      } finally {
        stage = answer.stage();
      }
      keep = more && answer.leavesConnection(socket, check.timeoutMillis());
      stage = "checking status code";
      return check.alive().contains(answer.head().status() / 100)
          ? Found.passed(stage, answer.statusLine())
          : Found.mismatch(stage, answer.statusLine());
    } finally {
      if (keep) {
        socket.idle();
        kept = socket;
      } else {
        socket.close();
      }
    }
  }

  @Override
  public void close() {
    ProbeSocket idle = kept;
    if (idle != null) {
      kept = null;
      idle.close();
    }
  }
}
