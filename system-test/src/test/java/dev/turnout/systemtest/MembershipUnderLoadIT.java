package dev.turnout.systemtest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Servers come, go, are weighted and drained, and groups come and go under load: no request fails,
/// and none that begins after a removal or a drain was answered reaches that server.
class MembershipUnderLoadIT {
  private static final int CONNECTIONS = 64;
  private static final int BACKENDS = 5;
  private static final int CHANGES = Campaign.size("changes", 600, 6_000);
  private static final long PAUSE_NANOS = 10_000_000; // a hundred changes a second
  private static final int WARM_UP = Campaign.size("warmup", 2_000, 300_000);
  private static final String SERVERS = "/api/9/http/upstreams/app/servers/";
  private static final Pattern ID = Pattern.compile("\"id\":(\\d+)");

  // Of each backend: odd while it is away, by what was answered.
  private final AtomicLongArray away = new AtomicLongArray(BACKENDS);
  private boolean grouped;
  private final long[] ids = new long[BACKENDS];
  private final List<FakeUpstream> backends = new ArrayList<>();
  private final List<Long> changeMicros = new ArrayList<>();

  @AfterEach
  void closeBackends() {
    backends.forEach(FakeUpstream::close);
  }

  @Test
  void noRequestFailsAndNoneReachesAServerThatIsGone() throws Exception {
    Random random = Campaign.random("membership under load");
    long requests;
    List<String> failures;
    try (Turnout turnout = start();
        var load = ClosedLoop.start(turnout.port(), CONNECTIONS, this::ask);
        var operator = RawClient.connect(turnout.port())) {
      load.awaitMore(CONNECTIONS);
      while (changeMicros.size() < CHANGES) {
        change(operator, random);
      }
      load.awaitMore(CONNECTIONS);
      requests = load.done();
      failures = load.failures();
    }

    Campaign.report(
        "membership under load",
        "%s; %d requests, %s failed or stale".formatted(changes(), requests, counted(failures)));
    assertThat(failures).isEmpty();
  }

  /// The same by the clock, at 70 % of what the node can do: a while without changes and a while
  /// with a hundred a second, in turn.
  @Test
  void whatRequestsNoticeOfChanges() throws Exception {
    Random random = Campaign.random("latency under changes");
    int rounds = Campaign.size("rounds", 1, 12);
    int seconds = Campaign.size("slice", 1, 5);
    List<OpenLoop.Run> quiet = new ArrayList<>();
    List<OpenLoop.Run> changing = new ArrayList<>();
    int rate;
    try (Turnout turnout = start();
        var operator = RawClient.connect(turnout.port())) {
      rate = Integer.getInteger("turnout.rate", (int) (0.7 * capacity(turnout, seconds)));
      var load = new OpenLoop(turnout.port(), CONNECTIONS, rate, this::ask);
      for (int n = 0; n < rounds; n++) {
        quiet.add(load.run(seconds));
        AtomicBoolean over = new AtomicBoolean();
        FutureTask<Void> changer =
            new FutureTask<>(() -> {
              while (!over.get()) {
                change(operator, random);
              }
              return null;
            });
        Thread.ofPlatform().name("operator").start(changer);
        try {
          changing.add(load.run(seconds));
        } finally {
          over.set(true);
          changer.get();
        }
      }
    }

    List<String> failures =
        Stream.concat(quiet.stream(), changing.stream())
            .flatMap(run -> run.failures().stream())
            .toList();
    Campaign.report(
        "latency under changes",
        "%d requests/s: quiet %s; with %s: %s; %s failed or stale"
            .formatted(rate, medians(quiet), changes(), medians(changing), counted(failures)));
    assertThat(failures).isEmpty();
  }

  private Turnout start() throws Exception {
    StringBuilder servers = new StringBuilder();
    for (int i = 0; i < BACKENDS; i++) {
      backends.add(FakeUpstream.namedForLoad(Integer.toString(i)));
      ids[i] = i;
      servers.append("server ").append(backends.get(i).address()).append(";\n");
    }
    return Turnout.startForLoad(
        """
        keepalive_requests 1000000000;
        upstream app {
          zone app 256k;
          %s
        }
        server {
          listen 127.0.0.1:@PORT@;
          location /api { api write=on; allow 127.0.0.1; deny all; }
          location /control { control_api write=on; }
          location / { proxy_pass http://app; }
        }
        """
            .formatted(servers));
  }

  /// Requests a second that are answered when clients ask as fast as they can.
  private double capacity(Turnout turnout, int seconds) throws Exception {
    try (var load = ClosedLoop.start(turnout.port(), CONNECTIONS, this::ask)) {
      load.awaitMore(WARM_UP);
      long before = load.done();
      long start = System.nanoTime();
      LockSupport.parkNanos(seconds * 1_000_000_000L);
      return (load.done() - before) * 1e9 / (System.nanoTime() - start);
    }
  }

  /// The median over the runs of each percentile.
  private static String medians(List<OpenLoop.Run> runs) {
    return Stream.of(0.5, 0.9, 0.99, 0.999)
        .map(p -> {
          int[] all = runs.stream().mapToInt(run -> run.percentile(p)).sorted().toArray();
          return "p%s %d us"
              .formatted(
                  BigDecimal.valueOf(p * 100).stripTrailingZeros().toPlainString(),
                  all[all.length / 2]);
        })
        .collect(Collectors.joining(", "));
  }

  private static String counted(List<String> failures) {
    return failures.isEmpty() ? "0" : failures.toString();
  }

  private String changes() {
    long[] all = changeMicros.stream().mapToLong(Long::longValue).sorted().toArray();
    return "%d changes (p50 %d us, p99 %d us)"
        .formatted(all.length, all[all.length / 2], all[all.length * 99 / 100]);
  }

  private void ask(RawClient client) throws Exception {
    long[] before = new long[BACKENDS];
    for (int i = 0; i < BACKENDS; i++) {
      before[i] = away.get(i);
    }
    RawResponse response = client.get("app.test", "/");
    if (response.status() != 200) {
      throw new AssertionError(response.raw());
    }
    int by = Integer.parseInt(response.body());
    if (before[by] % 2 == 1 && away.get(by) == before[by]) {
      throw new AssertionError("answered by " + by + ", which was away all the time");
    }
  }

  /// One change, and the rest of its hundredth of a second.
  private void change(RawClient operator, Random random) throws IOException {
    long start = System.nanoTime();
    changeAny(operator, random);
    long took = System.nanoTime() - start;
    changeMicros.add(took / 1000);
    LockSupport.parkNanos(Math.max(0, PAUSE_NANOS - took));
  }

  /// The first server stays, so that there is always one.
  private void changeAny(RawClient operator, Random random) throws IOException {
    int which = 1 + random.nextInt(BACKENDS - 1);
    boolean isAway = away.get(which) % 2 == 1;
    switch (random.nextInt(5)) {
      case 4 -> group(operator);
      case 0 ->
          patch(operator, random.nextInt(BACKENDS), "{\"weight\":" + (1 + random.nextInt(9)) + "}");
      case 1 -> {
        if (isAway) {
          comeBack(operator, which);
        } else {
          patch(operator, which, "{\"drain\":true}");
          away.incrementAndGet(which);
        }
      }
      default -> {
        if (isAway) {
          comeBack(operator, which);
        } else {
          expect(200, operator.send(request("DELETE", SERVERS + ids[which], "")).readResponse());
          ids[which] = -1;
          away.incrementAndGet(which);
        }
      }
    }
  }

  /// Another group comes, or goes.
  private void group(RawClient operator) throws IOException {
    String kind = grouped ? "delete_upstream" : "create_upstream";
    String servers =
        grouped ? "" : ",\"servers\":[{\"server\":\"" + backends.getFirst().address() + "\"}]";
    String body =
        "{\"operations\":[{\"op\":\"" + kind + "\",\"upstream\":\"other\"" + servers + "}]}";
    expect(200, operator.send(request("POST", "/control/changes", body)).readResponse());
    grouped = !grouped;
  }

  private void comeBack(RawClient operator, int which) throws IOException {
    away.incrementAndGet(which); // from the moment it is asked for
    if (ids[which] >= 0) {
      patch(operator, which, "{\"drain\":false}");
      return;
    }
    String body = "{\"server\":\"" + backends.get(which).address() + "\"}";
    RawResponse answer = operator.send(request("POST", SERVERS, body)).readResponse();
    expect(201, answer);
    Matcher id = ID.matcher(answer.body());
    assertThat(id.find()).as(answer.body()).isTrue();
    ids[which] = Long.parseLong(id.group(1));
  }

  private void patch(RawClient operator, int which, String body) throws IOException {
    if (ids[which] >= 0) {
      expect(200, operator.send(request("PATCH", SERVERS + ids[which], body)).readResponse());
    }
  }

  private static void expect(int status, RawResponse answer) {
    assertThat(answer.status()).as(answer.raw()).isEqualTo(status);
  }

  private static String request(String method, String target, String body) {
    return method
        + " "
        + target
        + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
        + body.length()
        + "\r\n\r\n"
        + body;
  }
}
