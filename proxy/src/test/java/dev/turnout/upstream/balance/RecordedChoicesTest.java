package dev.turnout.upstream.balance;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.upstream.BalancingMethod;
import dev.turnout.upstream.Keepalive;
import dev.turnout.upstream.Outcome;
import dev.turnout.upstream.Peer;
import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.Request;
import dev.turnout.upstream.Servers;
import dev.turnout.upstream.Upstream;
import dev.turnout.upstream.UpstreamSpec;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// Every choice that a real nginx was recorded to make, in the same order.
class RecordedChoicesTest {
  private static final int FIRST_ALIVE = 19301;
  private static final int FIRST_DEAD = 19321;
  private static final long NOW = 1_000_000;

  private record Recording(String name, String upstream, List<String> requests) {}

  @TestFactory
  Stream<DynamicTest> choosesAsNginxDid() throws IOException {
    return recordings().stream()
        .map(it -> DynamicTest.dynamicTest(it.name() + ": " + it.upstream(), () -> replay(it)));
  }

  @Test
  void theRecordingsCoverEveryMethodThatIsNotRandom() throws IOException {
    assertThat(recordings()).hasSizeGreaterThan(40);
    assertThat(recordings().stream().map(it -> spec(it).method()).distinct())
        .contains(
            new BalancingMethod.RoundRobin(),
            new BalancingMethod.LeastConnections(),
            new BalancingMethod.IpHash(),
            new BalancingMethod.Hash("$arg_k", false),
            new BalancingMethod.Hash("$arg_k", true));
  }

  private static void replay(Recording recording) throws UnknownHostException {
    Upstream upstream = Servers.upstream(spec(recording));
    List<String> chosen = new ArrayList<>();
    for (String recorded : recording.requests()) {
      int equals = recorded.indexOf('=');
      String seen = recorded.substring(0, equals + 1);
      Request request = Request.at(NOW);
      if (equals > 0) {
        String key = recorded.substring(0, equals);
        if (spec(recording).method() instanceof BalancingMethod.IpHash) {
          request.from(InetAddress.getByName(key).getAddress());
        } else {
          request.withKey(key);
        }
      }
      chosen.add(seen + serve(upstream, request));
    }

    assertThat(chosen).isEqualTo(recording.requests());
  }

  private static String serve(Upstream upstream, Request request) {
    List<String> tried = new ArrayList<>();
    do {
      Peer peer = upstream.pick(request);
      if (peer == null) {
        tried.add(upstream.name());
        break;
      }
      boolean dead = Servers.port(peer) >= FIRST_DEAD;
      tried.add(
          dead ? "x" + (Servers.port(peer) - FIRST_DEAD) : "" + (Servers.port(peer) - FIRST_ALIVE));
      upstream.released(request, peer, dead ? Outcome.FAILURE : Outcome.SUCCESS);
      if (!dead) {
        break;
      }
    } while (upstream.triesLeft(request) > 0);
    return String.join(">", tried);
  }

  private static UpstreamSpec spec(Recording recording) {
    BalancingMethod method = new BalancingMethod.RoundRobin();
    List<PeerSpec> servers = new ArrayList<>();
    for (String directive : recording.upstream().split("; *", -1)) {
      List<String> words = List.of(directive.split(" +", -1));
      switch (words.getFirst()) {
        case "" -> {} // after the last semicolon
        case "least_conn" -> method = new BalancingMethod.LeastConnections();
        case "ip_hash" -> method = new BalancingMethod.IpHash();
        case "hash" -> method = new BalancingMethod.Hash(words.get(1), words.size() > 2);
        case "server" -> servers.add(server(words));
        default -> throw new AssertionError(directive);
      }
    }
    return UpstreamSpec.of(recording.name(), servers, method, Keepalive.DEFAULT);
  }

  private static PeerSpec server(List<String> words) {
    String address = words.get(1);
    PeerSpec server = Servers.server(Integer.parseInt(address.substring(address.indexOf(':') + 1)));
    for (String word : words.subList(2, words.size())) {
      String[] parameter = word.split("=", -1);
      server =
          switch (parameter[0]) {
            case "weight" -> server.withWeight(Integer.parseInt(parameter[1]));
            case "max_fails" -> server.withFailures(Integer.parseInt(parameter[1]), 60_000);
            case "fail_timeout" -> server;
            case "backup" -> server.withBackup(true);
            case "down" -> server.withDown(true);
            default -> throw new AssertionError(word);
          };
    }
    return server;
  }

  private static List<Recording> recordings() throws IOException {
    try (InputStream in = RecordedChoicesTest.class.getResourceAsStream("nginx-choices.txt")) {
      if (in == null) {
        throw new AssertionError("nginx-choices.txt is missing");
      }
      List<String> lines =
          new String(in.readAllBytes(), UTF_8)
              .lines()
              .filter(line -> !line.startsWith("#"))
              .map(String::strip)
              .toList();
      List<Recording> recordings = new ArrayList<>();
      for (int i = 0; i + 2 < lines.size(); i += 3) {
        recordings.add(
            new Recording(
                lines.get(i), lines.get(i + 1), Arrays.asList(lines.get(i + 2).split(" ", -1))));
      }
      return recordings;
    }
  }
}
