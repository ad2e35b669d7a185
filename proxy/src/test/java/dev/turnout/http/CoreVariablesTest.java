package dev.turnout.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CoreVariablesTest {
  @ParameterizedTest
  @CsvSource({
    "a=1&b=2, a, 1",
    "a=1&b=2, b, 2",
    "A=1, a, 1",
    "ba=1&a=2, a, 2",
    "a=1&a=2, a, 1",
    "a=, a, ''",
    "a&a=5, a, 5",
    "a=b=c, a, b=c",
    "b=1, a, ",
    "a, a, ",
    "'', a, "
  })
  void anArgumentIsFoundByItsName(String args, String name, String value) {
    assertThat(CoreVariables.argument(args, name)).isEqualTo(value);
  }

  @ParameterizedTest
  @CsvSource({
    "a=1; b=2, a, 1",
    "a=1; b=2, b, 2",
    "a=1;b=2, b, 2",
    "ab=1; A = 2 , a, '2'",
    "'a=1, b=2; c=3', a, '1, b=2'",
    "'a=1, b=2; c=3', b, ",
    "b=1, a, ",
    "a, a, "
  })
  void aCookieIsFoundByItsName(String field, String name, String value) {
    assertThat(CoreVariables.cookie(field, name)).isEqualTo(value);
  }

  @ParameterizedTest
  @CsvSource({
    "a=1, a, 1",
    "A = 1; Path=/, a, 1",
    "a= ;x, a, ''",
    "a==1;b, a, =1",
    "b=1; a=2, a, ",
    "ab=1, a, ",
    "a, a, "
  })
  void aCookieThatIsSetIsFoundByItsName(String field, String name, String value) {
    assertThat(CoreVariables.cookieSet(field, name)).isEqualTo(value);
  }

  @ParameterizedTest
  @CsvSource({
    "Basic dXNlcjpwYXNz, user",
    "basic dXNlcjpwYXNz, user",
    "Basic dXNlcg==, ",
    "Bearer dXNlcjpwYXNz, ",
    "Basic !!!, "
  })
  void theUserIsTakenFromBasicCredentials(String credentials, String user) {
    assertThat(CoreVariables.basicUser(credentials)).isEqualTo(user);
  }

  @ParameterizedTest
  @CsvSource({
    "/a.txt, txt",
    "/a.TXT, txt",
    "/a.tar.gz, gz",
    "/.htaccess, ''",
    "/a.d/file, ''",
    "/a., ''",
    "/, ''"
  })
  void theExtensionFollowsTheLastDotOfTheLastSegment(String path, String extension) {
    assertThat(RequestFile.extension(path)).isEqualTo(extension);
  }
}
