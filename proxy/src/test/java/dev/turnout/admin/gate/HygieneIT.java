package dev.turnout.admin.gate;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What a request must be like to switch, from a machine that may.
class HygieneIT {
  private final SwitchSite site = SwitchSite.with("");

  @BeforeEach
  void nothingIsSwitched() throws IOException {
    assertThat(site.which("a.test")).isEqualTo("blue");
  }

  @AfterEach
  void stop() {
    site.close();
  }

  private int switchedAs(String host) throws IOException {
    return site.ask("GET /switch?ups=green&host=a.test HTTP/1.1\r\nHost: " + host, "").status();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a.test",
        "A.Test:8080",
        "a.test.",
        "x.example.com",
        "x.y.example.com",
        "r7.test",
        "127.0.0.1",
        "127.8.8.8:99",
        "[::1]:80",
        "localhost:3000"
      })
  void aChangeIsTakenUnderANameOfTheServerOrOfThisMachine(String host) throws IOException {
    assertThat(switchedAs(host)).isEqualTo(200);
    assertThat(site.which("a.test")).isEqualTo("green");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "evil.test",
        "example.com",
        "a.test.evil.test",
        "127.0.0.1.evil.test",
        "localhost.evil.test",
        "10.0.0.1",
        "0.0.0.0",
        "[::2]",
        "r7.test.evil",
        "2130706433"
      })
  void aNameThatSomebodyElseLedHereChangesNothing(String host) throws IOException {
    assertThat(switchedAs(host)).isEqualTo(403);
    assertThat(site.which("a.test")).isEqualTo("blue");
  }

  @Test
  void withoutAHostNothingIsChanged() throws IOException {
    assertThat(site.ask("GET /switch?ups=green&host=a.test HTTP/1.0", "").status()).isEqualTo(403);
    assertThat(site.which("a.test")).isEqualTo("blue");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Site: same-site",
        "Sec-Fetch-Site: CROSS-SITE",
        "Sec-Fetch-Site: ",
        "Origin: http://evil.test",
        "Origin: null",
        "Origin: http://a.test.evil.test",
        "Origin: http://evil.test@a.test.evil",
        "Origin: http://a.test:8081",
        "Referer: http://evil.test/page",
        "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Site: cross-site",
        "Origin: http://a.test\r\nOrigin: http://evil.test"
      })
  void aPageOfAnotherSiteSwitchesNothing(String fields) throws IOException {
    assertThat(site.get("/switch?ups=green", fields).status()).isEqualTo(403);
    assertThat(site.which("a.test")).isEqualTo("blue");
  }

  @ParameterizedTest
  @ValueSource(strings = {"Origin: http://evil.test", "Sec-Fetch-Site: cross-site", "Origin: null"})
  void aFormOfAnotherSiteSwitchesNothing(String fields) throws IOException {
    String form = "Content-Type: application/x-www-form-urlencoded";
    assertThat(site.post("/switch", "ups=green", form, fields).status()).isEqualTo(403);
    assertThat(site.which("a.test")).isEqualTo("blue");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Sec-Fetch-Site: same-origin",
        "Sec-Fetch-Site: none",
        "Sec-Fetch-Mode: cors",
        "Origin: http://a.test",
        "Origin: HTTP://A.TEST:80",
        "Origin: https://a.test",
        "Referer: http://a.test/dashboard"
      })
  void theSitesOwnPagesAndClientsThatAreNoBrowsersSwitch(String fields) throws IOException {
    assertThat(site.get("/switch?ups=green", fields).status()).isEqualTo(200);
    assertThat(site.which("a.test")).isEqualTo("green");
  }

  @Test
  void thePortIsPartOfTheSite() throws IOException {
    String head = "GET /switch?ups=green HTTP/1.1\r\nHost: a.test:8080";

    assertThat(site.ask(head, "", "Origin: http://a.test").status()).isEqualTo(403);
    assertThat(site.ask(head, "", "Origin: http://a.test:8080").status()).isEqualTo(200);
  }

  @ParameterizedTest
  @CsvSource({"HEAD,405", "PUT,405", "DELETE,405", "OPTIONS,405", "PATCH,405"})
  void otherMethodsThanTheArticlesSwitchNothing(String method, int status) throws IOException {
    String head = method + " /switch?ups=green HTTP/1.1\r\nHost: a.test";
    assertThat(site.ask(head, "").status()).isEqualTo(status);
    assertThat(site.which("a.test")).isEqualTo("blue");
  }

  @Test
  void aPreflightGetsNoPermission() throws IOException {
    SwitchSite.Answer answer =
        site.ask(
            "OPTIONS /switch HTTP/1.1\r\nHost: a.test",
            "",
            "Origin: http://evil.test",
            "Access-Control-Request-Method: POST");

    assertThat(answer.status()).isEqualTo(405);
    assertThat(answer.has("Access-Control-")).isFalse();
  }

  @Test
  void aChangeWithAnUpgradeIsRefused() throws IOException {
    String target = "/switch?ups=green";
    assertThat(site.get(target, "Upgrade: h2c", "Connection: Upgrade").status()).isEqualTo(400);
    assertThat(site.which("a.test")).isEqualTo("blue");
  }

  @Test
  void aBodyWithoutALengthIsRefused() throws IOException {
    String head = "POST /switch HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked";
    assertThat(site.ask(head, "9\r\nups=green\r\n0\r\n\r\n").status()).isEqualTo(411);
    assertThat(site.which("a.test")).isEqualTo("blue");
  }

  @Test
  void aBodyLargerThanAnyChangeIsRefused() throws IOException {
    String large = "ups=green&x=" + "x".repeat(BoundedBody.USUAL);
    assertThat(site.post("/switch", large).status()).isEqualTo(413);
    assertThat(site.which("a.test")).isEqualTo("blue");
  }

  @Test
  void aFormSwitches() throws IOException {
    assertThat(site.post("/switch", "ups=green").status()).isEqualTo(200);
    assertThat(site.which("a.test")).isEqualTo("green");
  }

  @Test
  void noAnswerIsKeptOrGuessedAt() throws IOException {
    for (String target : new String[] {"/switch", "/switch?ups=green", "/switch?ups=none"}) {
      SwitchSite.Answer answer = site.get(target);
      assertThat(answer.has("Cache-Control: no-store")).as(target).isTrue();
      assertThat(answer.has("X-Content-Type-Options: nosniff")).as(target).isTrue();
    }
    SwitchSite.Answer refused = site.get("/switch?ups=green", "Origin: null");
    assertThat(refused.has("Cache-Control: no-store")).isTrue();
    assertThat(refused.has("X-Content-Type-Options: nosniff")).isTrue();
    assertThat(refused.has("Access-Control-")).isFalse();
  }

  @Test
  void otherLocationsAnswerAsBefore() throws IOException {
    assertThat(site.get("/which").has("Cache-Control")).isFalse();
    assertThat(site.get("/which", "Origin: http://evil.test").status()).isEqualTo(200);
  }

  @Test
  void anUnknownHostInTheRequestStoresNothing() throws IOException {
    for (int i = 0; i < 100; i++) {
      site.ask("GET /switch?ups=green HTTP/1.1\r\nHost: h" + i + ".evil.test", "");
    }
    assertThat(site.proxy().writer().history().revision()).isZero();
  }

  @Test
  void aTargetWithControlBytesReachesNeitherLogNorZone() throws IOException {
    SwitchSite.Answer answer = site.get("/switch?ups=green%0d%0aSet-Cookie:%20x=1&host=a.test");

    assertThat(answer.status()).isIn(400, 404);
    assertThat(answer.has("Set-Cookie")).isFalse();
    assertThat(site.proxy().errorLog().lines()).noneMatch(line -> line.startsWith("Set-Cookie"));
  }
}
