package dev.turnout.scale;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.cluster.Origin;
import dev.turnout.control.StoreStatus;
import dev.turnout.testkit.Eventually;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RedisServer;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// `autoscale_switch` over a zone that two nodes share by a store.
@Timeout(120)
class HostSwitchCohortIT {
  private static final Duration BOUND = Duration.ofSeconds(40);

  private RedisServer redis;
  private FakeUpstream small;
  private FakeUpstream large;
  private final List<TestProxy> nodes = new ArrayList<>();
  private TestProxy one;
  private TestProxy two;

  @BeforeEach
  void start() throws Exception {
    redis = RedisServer.start();
    small = FakeUpstream.answering("small");
    large = FakeUpstream.answering("large");
    one = node("one");
    askUntilSwitched(one); // it acts: there is nobody else
    awaitServedBy("small", one);
    two = node("two");
  }

  @AfterEach
  void stop() {
    nodes.forEach(TestProxy::close);
    small.close();
    large.close();
    redis.close();
  }

  private TestProxy node(String name) throws Exception {
    TestProxy node =
        TestProxy.start(
            """
            error_log logs/error.log notice;
            state_store redis://%s node=%s;
            keyval_zone zone=switch:1m store;
            keyval $looked $serving zone=switch default=small;
            keyval $host $ups zone=switch default=small;
            upstream small { server %s; }
            upstream large { server %s; }
            server {
              listen 127.0.0.1:0;
              server_name shop.test;
              autoscale_switch shop.test zone=switch groups=small,large steps=5 t_wait=300ms
                               interval=100ms;
              location / { proxy_pass http://$ups; }
            }
            server { # another host, whose requests do not count
              listen 127.0.0.1:0;
              server_name look.test;
              set $looked shop.test;
              return 200 $serving;
            }
            """
                .formatted(redis.address(), name, small.address(), large.address()));
    nodes.add(node);
    Eventually.until(
        BOUND,
        () -> node.control().sharing().status().link() == StoreStatus.Link.UP,
        () -> node.control().sharing().status().toString());
    return node;
  }

  /// Which group a node sends the host to.
  private static String serving(TestProxy node) throws IOException {
    return RawClient.get(node.port(), "look.test", "/").body();
  }

  private static void askUntilSwitched(TestProxy node) throws IOException {
    long end = System.nanoTime() + BOUND.toNanos();
    while (!get(node).equals("large")) {
      assertThat(System.nanoTime() - end).as("the host was not switched in time").isNegative();
    }
  }

  private static void awaitServedBy(String group, TestProxy node) throws Exception {
    Eventually.until(BOUND, () -> serving(node).equals(group), () -> "not switched to " + group);
  }

  private static String get(TestProxy node) throws IOException {
    return RawClient.get(node.port(), "shop.test", "/").body();
  }

  private static boolean hasActed(TestProxy node) {
    return node.errorLog().contains("autoscale_switch \"shop.test\": ");
  }

  @Test
  void oneNodeActsForTheRequestsOfTheOtherAndBothFollow() throws Exception {
    askUntilSwitched(two); // which the first has none of

    awaitServedBy("large", one);
    awaitServedBy("small", one);
    awaitServedBy("small", two);
    assertThat(hasActed(one)).isTrue();
    assertThat(hasActed(two)).isFalse();
    Origin last = two.writer().history().last(1).getFirst().origin();
    assertThat(last.who()).isEqualTo("autoscaler");
    assertThat(last.from()).isEqualTo("node one");
    assertThat(last.why()).contains("enough for", "shop.test to small");
  }

  @Test
  void theOtherNodeActsWhenTheOneThatDidIsGone() throws Exception {
    nodes.remove(one);
    one.close();

    askUntilSwitched(two);

    awaitServedBy("small", two);
    assertThat(hasActed(two)).isTrue();
  }
}
