package dev.turnout.admin.gate;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.NullAndEmptySource;
import org.junit.jupiter.params.provider.ValueSource;

class HygieneTest {
  @ParameterizedTest
  @CsvSource({
    "GET, false, true",
    "HEAD, false, false",
    "OPTIONS, false, false",
    "TRACE, false, false",
    "POST, true, true",
    "PUT, true, true",
    "PATCH, true, true",
    "DELETE, true, true",
    "get, true, true"
  })
  void whatOnlyLooksChangesNothingButWhereThatIsTheDialectsForm(
      String method, boolean usually, boolean byItsForm) {
    Dialect usual = Dialect.of("api");

    assertThat(Hygiene.changes(usual, method)).isEqualTo(usually);
    assertThat(Hygiene.changes(usual.takingJson(), method)).isEqualTo(usually);
    assertThat(Hygiene.changes(usual.changingByGet(), method)).isEqualTo(byItsForm);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "application/json",
        "Application/JSON",
        "application/json;charset=utf-8",
        "application/json ; charset=utf-8"
      })
  void jsonSaysThatItIs(String type) {
    assertThat(Hygiene.isJson(type)).isTrue();
  }

  @ParameterizedTest
  @NullAndEmptySource
  @ValueSource(
      strings = {
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=application/json",
        "text/plain; application/json",
        "application/jsonp",
        "application/json, text/plain"
      })
  void whatAFormOfAnotherSiteCanSendIsNoJson(@Nullable String type) {
    assertThat(Hygiene.isJson(type)).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "http://a.test, a.test, 0, true",
    "https://a.test, a.test, 0, true",
    "https://a.test, a.test, 443, true",
    "http://a.test, a.test, 443, false",
    "http://[::1]:8080, [::1], 8080, true",
    "http://[::1], [::1], 0, true",
    "http://[::1], [::1], 8080, false",
    "http://b.test, a.test, 0, false",
    "http://a.test:, a.test, 0, false",
    "http://user@a.test, a.test, 0, false",
    "chrome-extension://a.test, a.test, 80, false",
    "null, a.test, 0, false",
    "a.test, a.test, 0, false"
  })
  void anOriginIsOursByHostAndPort(String origin, String host, int port, boolean own) {
    assertThat(Hygiene.isOwn(origin, host, port)).isEqualTo(own);
  }
}
