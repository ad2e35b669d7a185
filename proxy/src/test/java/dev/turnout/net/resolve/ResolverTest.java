package dev.turnout.net.resolve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.log.ErrorLog;
import dev.turnout.log.LogFiles;
import dev.turnout.net.Transport;
import dev.turnout.net.Workers;
import dev.turnout.testkit.DnsRecord;
import dev.turnout.testkit.FakeDns;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// A resolver against a real name server, with a clock that the test moves.
class ResolverTest {
  private static final long PATIENCE = 10_000;
  private static final String NAME = "app.example.com";

  private long resendMillis = PATIENCE;
  private final AtomicLong clock = new AtomicLong(1_000_000);
  private final ResolverStats stats = new ResolverStats();
  private final FakeDns dns = FakeDns.start();
  private final LogFiles logs = new LogFiles();
  private Workers workers = Workers.start(Transport.choose(null), 1);
  private Resolver resolver = resolver(0, true, true, dns);

  @BeforeEach
  void open() {
    resolver.open();
  }

  @AfterEach
  void close() {
    resolver.close();
    workers.close();
    dns.close();
    logs.close();
  }

  private Resolver resolver(long validMillis, boolean ipv4, boolean ipv6, FakeDns... servers) {
    List<InetSocketAddress> addresses =
        Arrays.stream(servers)
            .map(one -> new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), one.port()))
            .toList();
    return new Resolver(
        new ResolverSpec(addresses, validMillis, ipv4, ipv6),
        stats,
        workers.all().getFirst(),
        new ErrorLog(logs, List.of()),
        clock::get,
        resendMillis);
  }

  private void replace(Resolver other) {
    resolver.close();
    resolver = other;
    resolver.open();
  }

  private CompletableFuture<NameAnswer> asking(String name, long timeoutMillis) {
    CompletableFuture<NameAnswer> answer = new CompletableFuture<>();
    resolver.resolve(name, timeoutMillis, answer::complete);
    return answer;
  }

  private NameAnswer ask(String name) throws Exception {
    return asking(name, PATIENCE).get(PATIENCE, TimeUnit.MILLISECONDS);
  }

  private List<String> addresses(String name) throws Exception {
    return switch (ask(name)) {
      case NameAnswer.Found(var addresses, _) ->
          addresses.stream().map(InetAddress::getHostAddress).toList();
      case NameAnswer.Failed(Trouble trouble, _) -> List.of(trouble.text());
    };
  }

  private ServiceAnswer askService(String service, String domain) throws Exception {
    CompletableFuture<ServiceAnswer> answer = new CompletableFuture<>();
    resolver.resolveService(service, domain, PATIENCE, answer::complete);
    return answer.get(PATIENCE, TimeUnit.MILLISECONDS);
  }

  @Test
  void bothKindsOfAddressAreAskedForAndFound() throws Exception {
    dns.addresses(NAME, 60, "127.0.0.2", "::2", "127.0.0.3");

    assertThat(addresses(NAME)).containsExactly("127.0.0.2", "127.0.0.3", "0:0:0:0:0:0:0:2");
    assertThat(dns.questions())
        .extracting(FakeDns.Question::type)
        .containsExactlyInAnyOrder("A", "AAAA");
  }

  @ParameterizedTest
  @CsvSource({"true, false, A, 127.0.0.2", "false, true, AAAA, 0:0:0:0:0:0:0:2"})
  void onlyTheWantedKindIsAskedFor(boolean ipv4, boolean ipv6, String type, String address)
      throws Exception {
    replace(resolver(0, ipv4, ipv6, dns));
    dns.addresses(NAME, 60, "127.0.0.2", "::2");

    assertThat(addresses(NAME)).containsExactly(address);
    assertThat(dns.questions()).extracting(FakeDns.Question::type).containsExactly(type);
  }

  @Test
  void anAnswerIsKnownUntilItsTimeToLiveIsOver() throws Exception {
    dns.addresses(NAME, 60, "127.0.0.2");
    addresses(NAME);
    dns.addresses(NAME, 60, "127.0.0.3");

    clock.addAndGet(59_999);
    assertThat(addresses("APP.example.com.")).containsExactly("127.0.0.2");
    assertThat(resolver.known(NAME)).isNotNull();

    clock.addAndGet(1);
    assertThat(resolver.known(NAME)).isNull();
    assertThat(addresses(NAME)).containsExactly("127.0.0.3");
  }

  @Test
  void validOverridesTheTimeToLive() throws Exception {
    replace(resolver(5_000, true, true, dns));
    dns.addresses(NAME, 0, "127.0.0.2");
    addresses(NAME);

    clock.addAndGet(4_999);
    assertThat(resolver.known(NAME)).isNotNull();
    clock.addAndGet(1);
    assertThat(resolver.known(NAME)).isNull();
  }

  @Test
  void theShortestLivedRecordDecides() throws Exception {
    dns.says(NAME, DnsRecord.address(60, "127.0.0.2"), DnsRecord.address(7, "::2"));

    assertThat(ask(NAME))
        .isInstanceOfSatisfying(
            NameAnswer.Found.class, found -> assertThat(found.validMillis()).isEqualTo(7_000));
  }

  @Test
  void manyWhoAskAtOnceShareOneQuestion() throws Exception {
    replace(resolver(0, true, false, dns));
    dns.addresses(NAME, 60, "127.0.0.2");

    List<CompletableFuture<NameAnswer>> all =
        Stream.generate(() -> asking(NAME, PATIENCE)).limit(20).toList();
    for (CompletableFuture<NameAnswer> one : all) {
      assertThat(one.get(PATIENCE, TimeUnit.MILLISECONDS)).isInstanceOf(NameAnswer.Found.class);
    }

    assertThat(dns.questionsFor(NAME)).isEqualTo(1);
    assertThat(stats.counts().name()).isEqualTo(1);
    assertThat(stats.counts().noerror()).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource(
      value = Trouble.class,
      names = {"SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"})
  void troubleIsToldAndNotRemembered(Trouble trouble) throws Exception {
    dns.fails(NAME, trouble.number());

    assertThat(addresses(NAME)).containsExactly(trouble.text());

    dns.addresses(NAME, 60, "127.0.0.2");
    assertThat(addresses(NAME)).containsExactly("127.0.0.2");
  }

  @Test
  void aNameWithoutAddressesIsNotFound() throws Exception {
    dns.says(NAME);

    assertThat(addresses(NAME)).containsExactly("3: Host not found");
    assertThat(stats.counts().nxdomain()).isEqualTo(1);
  }

  @Test
  void thereCanBeNoNameWithAnOverlongLabel() throws Exception {
    assertThat(addresses("x".repeat(64) + ".example.com")).containsExactly("3: Host not found");
    assertThat(addresses("a..example.com")).containsExactly("3: Host not found");
  }

  @Test
  void silenceTimesOut() throws Exception {
    dns.silentAbout(NAME);

    NameAnswer answer = asking(NAME, 20).get(PATIENCE, TimeUnit.MILLISECONDS);

    assertThat(answer).isEqualTo(new NameAnswer.Failed(Trouble.TIMED_OUT, 10_000));
    assertThat(stats.counts().timedout()).isEqualTo(1);
  }

  @Test
  void whenOneServerIsSilentTheNextIsAsked() throws Exception {
    try (FakeDns second = FakeDns.start()) {
      resendMillis = 50;
      replace(resolver(0, true, false, dns, second));
      dns.silentAbout(NAME);
      second.addresses(NAME, 60, "127.0.0.2");

      assertThat(addresses(NAME)).containsExactly("127.0.0.2");
      assertThat(dns.questionsFor(NAME)).isPositive();
    }
  }

  @Test
  void aResponseOfFormatErrorIsNoAnswer() throws Exception {
    resendMillis = 50;
    replace(resolver(0, true, false, dns));
    dns.fails(NAME, Trouble.FORMERR.number());
    CompletableFuture<NameAnswer> answer = asking(NAME, PATIENCE);
    dns.awaitQuestions(NAME, 1);

    dns.addresses(NAME, 60, "127.0.0.2");

    assertThat(answer.get(PATIENCE, TimeUnit.MILLISECONDS)).isInstanceOf(NameAnswer.Found.class);
    assertThat(stats.counts().formerr()).isGreaterThanOrEqualTo(1);
  }

  @Test
  void anAnswerCutShortIsAskedForOverTcp() throws Exception {
    replace(resolver(0, true, false, dns));
    dns.overTcpOnly(NAME, DnsRecord.address(60, "127.0.0.2"));

    assertThat(addresses(NAME)).containsExactly("127.0.0.2");
    assertThat(dns.questions()).extracting(FakeDns.Question::overTcp).containsExactly(false, true);
  }

  @Test
  void anAliasIsFollowedAndLivesForItsOwnTime() throws Exception {
    dns.says(NAME, DnsRecord.alias(10, "other.example.com"));
    dns.addresses("other.example.com", 60, "127.0.0.2");

    assertThat(addresses(NAME)).containsExactly("127.0.0.2");
    assertThat(resolver.known(NAME)).isNotNull();

    clock.addAndGet(10_000);
    assertThat(resolver.known(NAME)).isNull();
    assertThat(resolver.known("other.example.com")).isNotNull();
  }

  @Test
  void aliasesInACircleAreNotFound() throws Exception {
    dns.says(NAME, DnsRecord.alias(60, "other.example.com"));
    dns.says("other.example.com", DnsRecord.alias(60, NAME));

    assertThat(addresses(NAME)).containsExactly("3: Host not found");
    assertThat(resolver.known(NAME)).isNull();
  }

  @Test
  void aServiceIsItsRecordsWithTheAddressesOfTheirNames() throws Exception {
    dns.says(
        "_http._tcp.example.com",
        DnsRecord.service(60, 2, 5, 8081, "b.example.com"),
        DnsRecord.service(60, 1, 0, 8080, "a.example.com"),
        DnsRecord.service(60, 1, 7, 8082, "gone.example.com"));
    dns.addresses("a.example.com", 30, "127.0.0.2", "127.0.0.3");
    dns.addresses("b.example.com", 60, "127.0.0.4");

    ServiceAnswer answer = askService("http", "example.com");

    assertThat(answer)
        .isEqualTo(
            new ServiceAnswer.Found(
                List.of(
                    target("127.0.0.2", 8080, "a.example.com", 1, 1),
                    target("127.0.0.3", 8080, "a.example.com", 1, 1),
                    target("127.0.0.4", 8081, "b.example.com", 2, 5)),
                List.of(new ServiceAnswer.Missing("gone.example.com", Trouble.NXDOMAIN)),
                30_000));
    assertThat(stats.counts().srv()).isEqualTo(1);
    assertThat(stats.counts().name()).isEqualTo(3);
  }

  private static ServiceAnswer.Target target(
      String address, int port, String name, int priority, int weight) {
    return new ServiceAnswer.Target(InetAddress.ofLiteral(address), port, name, priority, weight);
  }

  @Test
  void aServiceWithADotIsTakenAsItIs() throws Exception {
    dns.says("_sip._udp.example.com", DnsRecord.service(60, 1, 1, 5060, "a.example.com"));
    dns.addresses("a.example.com", 60, "127.0.0.2");

    assertThat(askService("_sip._udp", "example.com")).isInstanceOf(ServiceAnswer.Found.class);
  }

  @Test
  void aServiceWhoseNamesHaveNoAddressesFails() throws Exception {
    dns.says("_http._tcp.example.com", DnsRecord.service(60, 1, 1, 80, "gone.example.com"));

    assertThat(askService("http", "example.com"))
        .isEqualTo(
            new ServiceAnswer.Failed(
                Trouble.NXDOMAIN,
                List.of(new ServiceAnswer.Missing("gone.example.com", Trouble.NXDOMAIN)),
                10_000));
  }
}
