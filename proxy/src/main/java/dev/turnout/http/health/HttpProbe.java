package dev.turnout.http.health;

import dev.turnout.http.Regex;
import dev.turnout.http.proxy.ProbeTarget;
import dev.turnout.upstream.PeerAddress;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Asks one server over HTTP, as a `health_check` says, and compares its answers with `match`.
final class HttpProbe implements Probe {
  private static final int MOST_SEEN = 200;

  private final HttpCheck check;
  private final PeerAddress address;
  private final ProbeExchange exchange;
  private @Nullable ProbeSocket kept;
  private long keptSince;
  private String stage = "";

  HttpProbe(HttpCheck check, PeerAddress address, ProbeExchange exchange) {
    this.check = check;
    this.address = address;
    this.exchange = exchange;
  }

  private boolean keepsAlive() {
    return check.keepaliveMillis() > 0;
  }

  @Override
  public Found run() throws InterruptedException {
    byte[] request = exchange.requestHead(check.uri(), keepsAlive());
    ProbeSocket idle = takeKept();
    if (idle != null) {
      ProbeAnswer answer = new ProbeAnswer();
      try {
        return ask(idle, request, answer);
      } catch (ProbeSocket.Broken broken) {
        if (answer.hasBegun()) {
          return Found.broken(stage, broken.text());
        }
        // the server had closed it by then: that says nothing about it
      }
    }
    try {
      stage = "connecting to upstream";
      ProbeSocket fresh = ProbeSocket.connect(address, check.target().connectTimeout());
      keptSince = System.nanoTime();
      return ask(fresh, request, new ProbeAnswer());
    } catch (ProbeSocket.Broken broken) {
      return Found.broken(stage, broken.text());
    }
  }

  private @Nullable ProbeSocket takeKept() {
    ProbeSocket idle = kept;
    kept = null;
    if (idle != null
        && System.nanoTime() - keptSince
            >= TimeUnit.MILLISECONDS.toNanos(check.keepaliveMillis())) {
      idle.close();
      return null;
    }
    return idle;
  }

  private Found ask(ProbeSocket socket, byte[] request, ProbeAnswer answer)
      throws ProbeSocket.Broken, InterruptedException {
    boolean keep = false;
    try {
      ProbeTarget target = check.target();
      stage = "sending request to upstream";
      socket.within(target.sendTimeout());
      socket.send(request);
      stage = answer.stage();
      try {
        answer.readHead(socket, "GET", target.bufferSize(), target.readTimeout(), false);
        if (check.match().wantsBody()) {
          answer.readBody(socket, target.readTimeout(), Match.MOST_BODY);
        }
      } finally {
        stage = answer.stage();
      }
      Found found = judge(answer);
      keep = keepsAlive() && answer.leavesConnection(socket, target.readTimeout());
      return found;
    } finally {
      if (keep) {
        socket.idle();
        kept = socket;
      } else {
        socket.close();
      }
    }
  }

  private Found judge(ProbeAnswer answer) throws InterruptedException {
    Match match = check.match();
    String line = answer.statusLine();
    String last = "reading response header from upstream";
    if (match.status().isPresent()) {
      last = "checking status code";
      if (!match.status().get().holds(answer.head().status())) {
        return Found.mismatch(last, line);
      }
    }
    try {
      if (!match.headers().isEmpty()) {
        last = "checking header";
        if (!match.headersHold(answer.head())) {
          return Found.mismatch(last, line);
        }
      }
      if (match.wantsBody()) {
        last = "checking body";
        String body = answer.body();
        if (!match.bodies().stream().allMatch(test -> test.holds(body))) {
          return Found.mismatch(last, body.substring(0, Math.min(MOST_SEEN, body.length())));
        }
      }
    } catch (Regex.TooManySteps e) {
      return Found.broken(last, String.valueOf(e.getMessage()));
    }
    if (!match.required().isEmpty()) {
      last = "checking variables";
      if (!exchange.areSet(match.required(), answer.head())) {
        return Found.mismatch(last, line);
      }
    }
    return Found.passed(last, line);
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
