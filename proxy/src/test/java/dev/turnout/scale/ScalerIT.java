package dev.turnout.scale;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.turnout.app.TestProxy;
import dev.turnout.cluster.JournalEntry;
import dev.turnout.cluster.Origin;
import dev.turnout.config.ConfigLoadException;
import dev.turnout.control.ChangeRequest;
import dev.turnout.testkit.Answers;
import dev.turnout.testkit.ClosedPort;
import dev.turnout.testkit.Eventually;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.upstream.PeerPatch;
import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.UpstreamChange;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ScalerIT {
  private static final String FAILURE = "HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n";

  private final Semaphore arrived = new Semaphore(0);
  private final Semaphore allowed = new Semaphore(0);
  private final List<FakeUpstream> backends = new ArrayList<>();
  private final List<RawClient> clients = new ArrayList<>();
  private final BlockingQueue<JournalEntry> changes = new LinkedBlockingQueue<>();
  private @Nullable TestProxy started;

  @AfterEach
  void stop() throws IOException {
    allowed.release(1000);
    for (RawClient client : clients) {
      client.close();
    }
    if (started != null) {
      started.close();
    }
    backends.forEach(FakeUpstream::close);
  }

  private FakeUpstream backend() {
    FakeUpstream made =
        FakeUpstream.each((_, connection) -> {
          arrived.release();
          allowed.acquire();
          connection.send(Answers.ok("done"));
        });
    backends.add(made);
    return made;
  }

  /// One server that is on, and two that are off.
  private void start(String directives) throws Exception {
    start(
        "server %s; server %s down; server %s down;"
            .formatted(backend().address(), backend().address(), backend().address()),
        directives);
  }

  private void start(String servers, String directives) throws Exception {
    started =
        TestProxy.start(
            """
            upstream app { %s pack 2; %s }
            server {
              listen 127.0.0.1:0;
              server_name localhost;
              location /control { control_api write=on; }
              location /metrics { prometheus; }
              location / { proxy_pass http://app; }
            }
            """
                .formatted(servers, directives));
    proxy().writer().watch(changes::add);
    Eventually.until(
        Duration.ofSeconds(20),
        () -> get("/control/autoscale/app").contains("\"complete\":true"),
        () -> "nobody has looked yet");
  }

  private void hold(int requests) throws IOException {
    for (int i = 0; i < requests; i++) {
      RawClient client = RawClient.connect(proxy().port());
      clients.add(client);
      client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
      arrived.acquireUninterruptibly();
    }
  }

  private TestProxy proxy() {
    return Objects.requireNonNull(started);
  }

  private PeerSpec server(int index) {
    return Objects.requireNonNull(proxy().upstreams().find("app"))
        .current()
        .spec()
        .servers()
        .get(index);
  }

  /// The first change that fits; what came before it is passed over.
  private JournalEntry await(Predicate<JournalEntry> fits) throws InterruptedException {
    while (true) {
      JournalEntry entry = changes.poll(30, TimeUnit.SECONDS);
      assertThat(entry).as("the change that is waited for").isNotNull();
      if (fits.test(entry)) {
        return entry;
      }
    }
  }

  private String get(String path) throws IOException {
    return RawClient.get(proxy().port(), "localhost", path).body() + "";
  }

  @Test
  void serversFollowTheLoadAndTheHistorySaysWhy() throws Exception {
    start("autoscale just_enough packing=2 spares=0 t_wait=200ms interval=100ms;");

    hold(4);
    JournalEntry up = await(_ -> !server(1).down());

    assertThat(up.origin().dialect()).isEqualTo("autoscale");
    assertThat(up.origin().who()).isEqualTo("autoscaler");
    assertThat(up.origin().why()).contains("in system", "starting " + server(1).server(), "ready");

    allowed.release(1000);
    JournalEntry drained = await(_ -> server(1).drain() || server(1).down());
    assertThat(drained.origin().why()).contains("surplus", "draining");
    await(_ -> server(1).down() && !server(1).drain());
    assertThat(server(0).down()).isFalse();
    assertThat(get("/control/autoscale/app"))
        .contains("\"policy\":\"just_enough\"", "\"do\":\"start\"", "\"do\":\"drain\"")
        .as("of decisions that do nothing in a row there is one")
        .doesNotContainPattern(
            "\"actions\":\\[\\],\"revision\":null\\},\\{[^{}]*\"actions\":\\[\\],");
  }

  @Test
  void aServerWhoseStartFailsIsLeftAsideAndAnotherIsStarted(@TempDir Path directory)
      throws Exception {
    Path told = directory.resolve("told");
    Path script = directory.resolve("start");
    Files.writeString(script, "#!/bin/sh\necho $1 $TURNOUT_ACTION >> " + told + "\n[ $1 != 1 ]\n");
    assertThat(script.toFile().setExecutable(true)).isTrue();
    start(
        "autoscale just_enough packing=2 spares=0 t_wait=1h interval=100ms; autoscale_start "
            + script
            + " $id retries=1 timeout=10s;");

    hold(4);
    await(_ -> !server(2).down());

    assertThat(server(1).down()).isTrue();
    assertThat(Files.readAllLines(told)).contains("1 start", "2 start");
    assertThat(proxy().errorLog()).contains("could not be started", "ended with status 1");
    assertThat(get("/control/autoscale")).contains("\"hook_failures\":1");
  }

  @Test
  void aHookThatHangsIsGivenUp() throws Exception {
    start(
        "autoscale just_enough packing=2 spares=0 t_wait=1h interval=100ms;"
            + " autoscale_start /bin/sleep 1000 timeout=200ms retries=0;");
    BlockingQueue<Long> told = new LinkedBlockingQueue<>();
    proxy().control().events().watch(() -> told.add(proxy().control().events().last()));

    hold(4);
    while (!proxy().errorLog().contains("could not be started")) {
      assertThat(told.poll(20, TimeUnit.SECONDS)).isNotNull();
      TimeUnit.MILLISECONDS.sleep(20);
    }

    assertThat(proxy().errorLog()).contains("/bin/sleep took longer than 200 ms");
    assertThat(server(0).down()).isFalse();
    assertThat(changes).as("a start that came to nothing changes nothing").isEmpty();
    assertThat(get("/control/autoscale/app")).contains("\"do\":\"start\"");
  }

  @Test
  void aServerWhoseStopFailsIsOutOfUseAllTheSame() throws Exception {
    start(
        "autoscale just_enough packing=2 spares=0 t_wait=200ms interval=100ms;"
            + " autoscale_stop /bin/false retries=0;");
    hold(4);
    await(_ -> !server(1).down());

    allowed.release(4);
    JournalEntry drained = await(_ -> server(1).drain() || server(1).down());
    JournalEntry off = await(_ -> server(1).down() && !server(1).drain());

    assertThat(drained.origin().why()).contains("surplus", "draining");
    assertThat(off.origin().who()).isEqualTo("autoscaler");
    Eventually.until(
        Duration.ofSeconds(20),
        () -> get("/control/autoscale/app").contains("\"hook_failures\":1"),
        () -> proxy().errorLog());
    assertThat(proxy().errorLog()).contains("could not be stopped: /bin/false ended with status 1");
    hold(4); // and it can be started again
    await(_ -> !server(1).down());
  }

  @Test
  void aServerThatIsNotReadyTakesNoRequests() throws Exception {
    try (ClosedPort closed = new ClosedPort()) {
      start(
          "server %s; server %s down; server %s down;"
              .formatted(backend().address(), closed.address(), backend().address()),
          "autoscale just_enough packing=2 spares=0 t_wait=1h interval=100ms;"
              + " autoscale_ready timeout=300ms;");

      hold(4);
      await(_ -> !server(2).down());

      assertThat(server(1).down()).isTrue();
      assertThat(proxy().errorLog()).contains("it was not ready in 300 ms");
    }
  }

  @Test
  void serversThatDieAtThePeakAreReplaced() throws Exception {
    start("autoscale just_enough packing=2 spares=0 t_wait=1h interval=100ms;");
    hold(4);
    await(_ -> !server(1).down());

    backends.get(1).close();
    // requests that meet the dead server go on to the next; its failures take it out
    for (int i = 0; i < 3; i++) {
      RawClient client = RawClient.connect(proxy().port());
      clients.add(client);
      client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    }
    JournalEntry replaced = await(_ -> !server(2).down());

    assertThat(server(0).down()).isFalse();
    assertThat(replaced.origin().who()).isEqualTo("autoscaler");
    assertThat(replaced.origin().why()).contains("starting " + server(2).server());
    // what is dead is no capacity, and it is not switched off by the way
    assertThat(server(1).down()).isFalse();
    assertThat(get("/control/autoscale/app")).contains("\"state\":\"failing\"");
  }

  @Test
  void aServerThatAnswersFastWithFailuresIsNoLowLoad() throws Exception {
    FakeUpstream broken = FakeUpstream.each((_, connection) -> connection.send(FAILURE));
    backends.add(broken);
    start(
        "server %s max_fails=0; server %s max_fails=0;"
            .formatted(broken.address(), broken.address()),
        "autoscale just_enough packing=2 spares=0 t_wait=2s interval=100ms;");

    // nothing but failures, and not one request in the system for long
    Set<String> looks = new HashSet<>();
    boolean failing = false;
    while (looks.size() < 40) {
      get("/");
      String view = get("/control/autoscale/app");
      looks.add(view.substring(view.indexOf("\"now\":"), view.indexOf("\"complete\":")));
      failing |= view.contains("\"error_share\":1.0");
    }

    assertThat(failing).isTrue();
    assertThat(changes).isEmpty();
  }

  @Test
  void whatSomebodyElseDrainsIsLeftAlone() throws Exception {
    start("autoscale just_enough packing=2 spares=0 t_wait=1h interval=100ms;");
    proxy()
        .writer()
        .submit(
            ChangeRequest.of(
                new Origin("test", "alice", "maintenance"),
                "app",
                new UpstreamChange.Update(1, PeerPatch.NOTHING.withDown(false).withDrain(true))))
        .join();

    hold(4);
    await(_ -> !server(2).down());

    assertThat(server(1).drain()).isTrue();
  }

  @Test
  void aDryRunOnlyTells() throws Exception {
    start("autoscale just_enough packing=2 spares=0 t_wait=1h interval=100ms dry_run;");
    BlockingQueue<Long> told = new LinkedBlockingQueue<>();
    proxy().control().events().watch(() -> told.add(proxy().control().events().last()));

    hold(4);
    assertThat(told.poll(20, TimeUnit.SECONDS)).isNotNull();

    assertThat(get("/control/autoscale/app")).contains("\"dry_run\":true", "\"do\":\"start\"");
    assertThat(changes).isEmpty();
  }

  @Test
  void byHandSoManyServersAreOnForATime() throws Exception {
    start("autoscale just_enough packing=2 spares=0 t_wait=1h interval=100ms;");
    String body = "{\"servers\":3,\"for\":\"1m\"}";
    try (RawClient client = RawClient.connect(proxy().port())) {
      client.send(
          "PUT /control/autoscale/app/override?why=sale HTTP/1.1\r\nHost: localhost\r\n"
              + "Content-Type: application/json\r\nContent-Length: "
              + body.length()
              + "\r\n\r\n"
              + body);
      assertThat(client.readResponse().body() + "").contains("\"override\":{\"servers\":3", "sale");
    }

    await(_ -> !server(1).down() && !server(2).down());

    assertThat(get("/metrics")).contains("turnout_autoscale_target{upstream=\"app\"} 3");
  }

  @Test
  void whatIsWrongInItIsToldWithThePlace() {
    assertThatThrownBy(() -> start("autoscale just_enugh;"))
        .hasMessageContaining("just_enugh")
        .isInstanceOfSatisfying(
            ConfigLoadException.class,
            e ->
                assertThat(e.errors().getFirst().help())
                    .isEqualTo("did you mean \"just_enough\"?"));
    assertThatThrownBy(() -> start("autoscale hpa min=3 max=2;"))
        .hasMessageContaining("\"min\" is 3 and \"max\" is 2");
    assertThatThrownBy(() -> start("autoscale hpa spairs=1;")).hasMessageContaining("spairs=1");
    assertThatThrownBy(() -> start("autoscale steps;")).hasMessageContaining("steps=rate");
    assertThatThrownBy(() -> start("autoscale hpa; autoscale_start http://wake_up:8080/;"))
        .hasMessageContaining("invalid URL \"http://wake_up:8080/\"");
    assertThatThrownBy(() -> start("autoscale hpa; autoscale_ready uri=x;"))
        .hasMessageContaining("uri=x");
  }
}
