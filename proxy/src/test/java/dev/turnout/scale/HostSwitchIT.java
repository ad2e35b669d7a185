package dev.turnout.scale;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.turnout.app.TestProxy;
import dev.turnout.cluster.JournalEntry;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class HostSwitchIT {
  private static final String USUAL =
      "autoscale_switch Shop.test zone=switch groups=one,two,three steps=50,100000 t_wait=300ms"
          + " interval=100ms;";

  private final BlockingQueue<JournalEntry> changes = new LinkedBlockingQueue<>();
  private FakeUpstream one;
  private FakeUpstream two;
  private @Nullable TestProxy started;

  @BeforeEach
  void answer() {
    one = FakeUpstream.answering("one");
    two = FakeUpstream.answering("two");
  }

  @AfterEach
  void stop() {
    if (started != null) {
      started.close();
    }
    one.close();
    two.close();
  }

  private void start(String directives) {
    started =
        TestProxy.start(
            """
            error_log logs/error.log notice;
            keyval_zone zone=switch:1m;
            keyval $host $ups zone=switch default=one;
            upstream one { server %s; }
            upstream two { server %s; }
            upstream three { server %s; }
            server {
              listen 127.0.0.1:0;
              server_name localhost *.test;
              %s
              location /switch { upstream_switch zone=switch; }
              location /control { control_api write=on; }
              location / { proxy_pass http://$ups; }
            }
            """
                .formatted(one.address(), two.address(), two.address(), directives));
    proxy().writer().watch(changes::add);
  }

  private static String dry(String directive) {
    return directive.replace(";", " dry_run;");
  }

  private TestProxy proxy() {
    return Objects.requireNonNull(started);
  }

  private String get(String host) throws IOException {
    return RawClient.get(proxy().port(), host, "/").body();
  }

  /// Asks under this host until it was switched; returns the change.
  private JournalEntry askUntilSwitched(String host) throws Exception {
    JournalEntry change = null;
    while (change == null) {
      get(host);
      change = changes.poll();
    }
    return change;
  }

  @Test
  void theRateOfAHostChoosesItsGroupAndTheHistorySaysWhy() throws Exception {
    start(USUAL);

    JournalEntry up = askUntilSwitched("shop.test");

    assertThat(up.origin().who()).isEqualTo("autoscaler");
    assertThat(up.origin().dialect()).isEqualTo("autoscale");
    assertThat(up.origin().why()).contains("/s is step 2: shop.test to two");
    assertThat(get("shop.test")).isEqualTo("two");

    JournalEntry down = changes.poll(40, TimeUnit.SECONDS);

    assertThat(down).isNotNull();
    assertThat(down.origin().why()).contains("step 1", "enough for", "shop.test to one");
    assertThat(get("shop.test")).isEqualTo("one");
  }

  @Test
  void onlyRequestsToTheHostCount() throws Exception {
    start(dry(USUAL) + dry(USUAL.replace("Shop", "mall")));

    while (!proxy().errorLog().contains("mall.test to two (dry run)")) {
      get("mall.test");
    }

    assertThat(proxy().errorLog()).doesNotContain("shop.test to");
  }

  @Test
  void aHostThatSomebodyPointedElsewhereIsLeftAlone() throws Exception {
    start("upstream_switch_allow 127.0.0.1; " + USUAL);
    RawClient.get(proxy().port(), "shop.test", "/switch?ups=" + two.address());
    assertThat(changes.take().origin().who()).isNotEqualTo("autoscaler");

    while (!proxy().errorLog().contains("none of its groups")) {
      get("shop.test");
    }

    assertThat(changes).isEmpty();
  }

  @Test
  void noHostIsPointedAtAGroupThatWasRemoved() throws Exception {
    start(USUAL);
    try (RawClient client = RawClient.connect(proxy().port())) {
      client.send("DELETE /control/upstreams/two HTTP/1.1\r\nHost: localhost\r\n\r\n");
      assertThat(client.readResponse().status()).isEqualTo(200);
    }
    changes.take();

    while (!proxy().errorLog().contains("shop.test could not be pointed at two")) {
      get("shop.test");
    }

    assertThat(changes).isEmpty();
    assertThat(get("shop.test")).isEqualTo("one");
  }

  @Test
  void aDryRunOnlyTells() throws Exception {
    start(dry(USUAL));

    while (!proxy().errorLog().contains("shop.test to two (dry run)")) {
      get("shop.test");
    }

    assertThat(changes).isEmpty();
    assertThat(get("shop.test")).isEqualTo("one");
  }

  @Test
  void whatIsWrongInItIsToldWithThePlace() {
    assertThatThrownBy(() -> start("autoscale_switch a.test zone=switch groups=one,two steps=5,9;"))
        .hasMessageContaining("2 groups need steps=rate,... of 1");
    assertThatThrownBy(() -> start("autoscale_switch a.test zone=switch groups=one,tow steps=5;"))
        .hasMessageContaining("there is no upstream \"tow\"");
    assertThatThrownBy(() -> start("autoscale_switch a.test zone=swich groups=one,two steps=5;"))
        .hasMessageContaining("zone \"swich\" is not defined");
    assertThatThrownBy(() -> start(USUAL + USUAL)).hasMessageContaining("duplicate");
    assertThatThrownBy(
            () -> start("autoscale_switch a.test zone=switch groups=one,two steps=5 t_wiat=1s;"))
        .hasMessageContaining("t_wiat");
  }
}
