package dev.turnout.admin.plus;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CrossSiteTest {
  @ParameterizedTest
  @CsvSource({
    "http://a.test, a.test, true",
    "http://A.test, a.TEST, true",
    "http://a.test:80, a.test, true",
    "http://a.test, a.test:80, true",
    "https://a.test, a.test:443, true",
    "http://a.test:8080, a.test:8080, true",
    "http://[::1]:8080, [::1]:8080, true",
    "http://a.test:8080, a.test, false",
    "http://a.test, a.test:8080, false",
    "http://b.test, a.test, false",
    "http://a.test.b.test, a.test, false",
    "null, a.test, false",
    "a.test, a.test, false",
    "http://a.test, , false",
  })
  void anOriginIsOwnIfItIsTheHostThatWasAsked(String origin, String host, boolean own) {
    assertThat(CrossSite.isOwn(origin, host)).isEqualTo(own);
  }
}
