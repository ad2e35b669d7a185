package dev.turnout.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UriPathTest {
  private static UriPath path(String target) {
    UriPath path = UriPath.of(target, true);
    assertThat(path).as(target).isNotNull();
    return path;
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        "/, /, -",
        "/a/b.c, /a/b.c, -",
        "/a?, /a, -",
        "/a?b=c%20d//..?e, /a, b=c%20d//..?e",
        "/a%20b, /a b, -",
        "/%41%7e%2e, /A~., -",
        "//a///b//, /a/b/, -",
        "/a/./b, /a/b, -",
        "/a/., /a/, -",
        "/a/.., /, -",
        "/a/../b, /b, -",
        "/a/b/../../c, /c, -",
        "/a/b/.., /a/, -",
        "/a/b/..?x, /a/, x",
        "/a/b/..#x, /a/, -",
        "/a/.b/..c/.../d., /a/.b/..c/.../d., -",
        "/a/%2e%2E/b, /b, -",
        "/a/.%2e%2fb, /b, -",
        "/a%2fb, /a/b, -",
        "/a%2f%2fb, /a/b, -",
        "/%25, /%, -",
        "/%2541, /%41, -",
        "/a%3fb?c, /a?b, c",
        "/a%23b#c, /a#b, -",
        "/./..a, /..a, -",
        "/a//../b, /b, -",
        "?a, /, a",
        "/a?b#c, /a, b"
      })
  void isNormalisedAsInNginx(String target, String path, String args) {
    assertThat(path(target).path()).isEqualTo(path);
    assertThat(path(target).args()).isEqualTo(args);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/..",
        "/../a",
        "/a/../..",
        "/a/../../b",
        "/%2e%2e",
        "/a/..%2f..%2fetc",
        "/./../",
        "/%00",
        "/a%00",
        "/%",
        "/%1",
        "/%zz",
        "/%1g",
        "/%g1",
        "/a%?b",
        "/a%1?b",
        "//.."
      })
  void aWayOutOrAWrongEscapeIsRefused(String target) {
    assertThat(UriPath.of(target, true)).isNull();
  }

  @Test
  void slashesAreMergedOnlyIfWanted() {
    UriPath kept = UriPath.of("//a///b/..//c", false);

    assertThat(kept).isEqualTo(new UriPath("//a////c", null, false, false));
    assertThat(UriPath.of("//..", false)).isEqualTo(new UriPath("/", null, false, false));
    assertThat(UriPath.of("/a//b", false)).isEqualTo(new UriPath("/a//b", null, true, false));
  }

  @Test
  void itSaysWhatHasChanged() {
    assertThat(path("/a.b/c?d")).isEqualTo(new UriPath("/a.b/c", "d", true, false));
    assertThat(path("/.a")).isEqualTo(new UriPath("/.a", null, true, false));
    assertThat(path("/%61")).isEqualTo(new UriPath("/a", null, false, true));
    assertThat(path("/a//b")).isEqualTo(new UriPath("/a/b", null, false, false));
  }

  @Test
  void whatIsNormalStaysAsItIs() {
    Random random = new Random(7);
    String alphabet = "/.a%25?é";
    for (int i = 0; i < 20_000; i++) {
      StringBuilder target = new StringBuilder("/");
      for (int n = random.nextInt(14); n > 0; n--) {
        target.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      UriPath once = UriPath.of(target.toString(), true);
      if (once == null) {
        continue;
      }

      UriPath twice = UriPath.of(UriEscape.URI.escape(once.path()), true);

      assertThat(twice).as(target.toString()).isNotNull();
      assertThat(twice.path()).as(target.toString()).isEqualTo(once.path());
      assertThat(once.path()).startsWith("/").doesNotContain("//", "/./", "/../");
    }
  }
}
