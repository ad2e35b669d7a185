package dev.turnout.admin.gate;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class VisitorsTest {
  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5); // it may wrap
  private final Visitors visitors = new Visitors(nanos::get);

  private void pass(long seconds) {
    nanos.addAndGet(TimeUnit.SECONDS.toNanos(seconds));
  }

  private void guess(String client, int times) {
    for (int i = 0; i < times; i++) {
      assertThat(visitors.begin(client)).isZero();
      visitors.ended(client, false);
    }
  }

  @Test
  void afterTenFailuresAClientWaitsOutItsMinute() {
    guess("a", 5);
    pass(40);
    guess("a", 5);

    assertThat(visitors.begin("a")).isEqualTo(20);
    assertThat(visitors.begin("b")).isZero();
    pass(20);
    assertThat(visitors.begin("a")).isZero();
  }

  @Test
  void whatIsRightDoesNotCount() {
    for (int i = 0; i < 1000; i++) {
      assertThat(visitors.begin("a")).isZero();
      visitors.ended("a", true);
    }
    assertThat(visitors.begin("a")).isZero();
  }

  @Test
  void whoTriesFiftyAtOnceWaitsForTheirOutcome() {
    for (int i = 0; i < 50; i++) {
      assertThat(visitors.begin("a")).isZero();
    }
    assertThat(visitors.begin("a")).isEqualTo(1);
    visitors.ended("a", true);
    assertThat(visitors.begin("a")).isZero();
  }

  @Test
  void triesThatWereGivenUpDoNotLockOutForEver() {
    for (int i = 0; i < 50; i++) {
      visitors.begin("a");
    }
    pass(60);
    assertThat(visitors.begin("a")).isZero();
  }

  @Test
  void theTableDoesNotGrowWithItsVisitors() {
    for (int i = 0; i < Visitors.MOST_CLIENTS + 100; i++) {
      visitors.tell("client " + i);
    }
    assertThat(visitors.count()).isEqualTo(Visitors.MOST_CLIENTS);
  }

  @Test
  void aClientIsToldOfOnceASecond() {
    assertThat(visitors.tell("a")).isZero();
    assertThat(visitors.tell("a")).isEqualTo(-1);
    assertThat(visitors.tell("a")).isEqualTo(-1);
    assertThat(visitors.tell("b")).isZero();
    pass(1);
    assertThat(visitors.tell("a")).isEqualTo(2);
  }

  @Test
  void aNetworkOfIpv6IsOneClient() {
    String one = Visitors.of(new InetSocketAddress(InetAddress.ofLiteral("2001:db8:1:2::1"), 1));
    String two = Visitors.of(new InetSocketAddress(InetAddress.ofLiteral("2001:db8:1:2:9::"), 2));
    String other = Visitors.of(new InetSocketAddress(InetAddress.ofLiteral("2001:db8:1:3::1"), 1));

    assertThat(one).isEqualTo(two).isNotEqualTo(other);
  }
}
