package dev.turnout.lua.regex;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// PCRE's syntax over bytes.
class PerlRegexTest {
  private static final String FLAGS = "aimsxuUd";

  /// What no search here comes near, on the busiest machine.
  private static final long NO_HURRY = 1_000_000_000;

  private static int flags(String letters) {
    int flags = 0;
    for (int i = 0; i < letters.length(); i++) {
      flags |=
          switch (FLAGS.indexOf(letters.charAt(i))) {
            case 0 -> PerlRegex.ANCHORED;
            case 1 -> PerlRegex.CASELESS;
            case 2 -> PerlRegex.MULTILINE;
            case 3 -> PerlRegex.DOTALL;
            case 4 -> PerlRegex.EXTENDED;
            case 5 -> PerlRegex.UTF8;
            case 6 -> PerlRegex.UTF8 | PerlRegex.UNCHECKED;
            case 7 -> PerlRegex.LONGEST;
            default -> throw new IllegalArgumentException(letters);
          };
    }
    return flags;
  }

  /// Begin and end of the match and its groups, `-` if there is none.
  private static String found(String pattern, String letters, String subject, int from) {
    PerlRegex regex = PerlRegex.compile(pattern, flags(letters), NO_HURRY);
    byte[] text = subject.getBytes(StandardCharsets.ISO_8859_1);
    PerlRegex.Places places = new PerlRegex.Places();
    int count = regex.search(text, text.length, from, places);
    return count < 0
        ? (count == PerlRegex.NO_MATCH ? "-" : Integer.toString(count))
        : Arrays.toString(Arrays.copyOf(places.array(), count)).replaceAll("[\\[\\] ]", "");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '!',
      quoteCharacter = '`',
      value = {
        "b+!!abbc!1,3",
        "(a)(x)?!!a!0,1,0,1,-1,-1",
        "(?<y>\\d+)-(?P<m>\\d+)!!on 12-34!3,8,3,5,6,8",
        "(?'q'[`\"]).*?\\k<q>!!x\"a\"y!1,4,1,2",
        "(?<a>.)\\k{a}\\g{a}\\g1!!zzzz!0,4,0,1",
        "(?P<a>.)(?P=a)!!abb!1,3,1,2",
        "\\Qa.b\\E+!!aabbb a.bb!6,10",
        "^b$!m!a~b~c!2,3",
        "^b$!!a~b!-",
        "c$!!abc~!2,3",
        "a.c!!a~c!-",
        "a.c!s!a~c!0,3",
        "a b # c~ c!x!abc!0,3",
        "ABC!i!xabc!1,4",
        "<.+>!d!a <b> <c> d!2,9",
        "(<).+(>)!d!a <b> <c> d!2,9",
        "b!a!ab!-",
        "foo|foobar!d!foobar!0,6",
        "(a|ab)(c|bcd)!d!xabcd!1,5",
        "[[:digit:]]+[^[:space:]]!!ab12c d!2,5",
        "[]x]+!!a]x]!1,4",
        "[^]a]!!a]b!2,3",
        "a++b!!aaab!0,4",
        "a++ab!!aaab!-",
        "(?>a+)b!!aab!0,3",
        "(?<=a)b!!bab!2,3",
        "(a)?(?(1)b|c)!!ab!0,2,0,1",
        "(a)?(?(1)b|c)!!xc!1,2,-1,-1",
        "foo\\Kbar!!foobar!3,6",
        "\\((?:[^()]|(?R))*\\)!!x(a(b)c)!1,8",
        "(\\((?:[^()]|(?1))*\\))!!x(a(b)c)!1,8,1,8",
        "(?i:A)b!!ab aB!0,2",
        "(?m)^b!!a~b!2,3",
        "\\x41\\x{42}!!AB!0,2",
        "a\\hb!!a\tb!0,3",
        "(?#no)a!!a!0,1",
        "a{2,3}!!aaaa!0,3",
        "a{,3}!!a{,3}!0,5",
        "\\bfoo\\b!!a foo!2,5",
        "\\d+$|x!!1x!1,2",
        "(*FAIL)|a!!a!0,1",
        "\\w!!\u00e9!-",
        "\\w!u!\u00c3\u00a9!-",
        ".!u!\u00c3\u00a9!0,2",
        ".!!\u00c3\u00a9!0,1",
        "\\x{e9}!u!x\u00c3\u00a9!1,3",
        "\u00c3\u00a9+$!u!\u00c3\u00a9\u00c3\u00a9!0,4",
      })
  void itIsFoundWherePcreFindsIt(String pattern, String flags, String subject, String expected) {
    String lines = subject.replace('~', '\n');

    assertThat(found(pattern.replace('~', '\n'), flags == null ? "" : flags, lines, 0))
        .isEqualTo(expected);
  }

  @Test
  void whatIsBeforeTheBeginningCountsForWhatLooksBehind() {
    assertThat(found("(?<=a)b", "", "ab", 1)).isEqualTo("1,2");
    assertThat(found("(?<!a)b", "", "abb", 1)).isEqualTo("2,3");
    assertThat(found("^b", "", "ab", 1)).isEqualTo("-");
    assertThat(found("b", "a", "ab", 1)).isEqualTo("1,2");
    assertThat(found("", "", "ab", 2)).isEqualTo("2,2");
    assertThat(found("", "", "ab", 3)).isEqualTo("-");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '!',
      value = {
        "(abc!missing closing parenthesis",
        "abc)!unmatched closing parenthesis",
        "[abc!missing terminating ] for character class",
        "*a!quantifier does not follow a repeatable item",
        "\\k<none>!reference to non-existent subpattern",
        "(*COMMIT)a!(*COMMIT) is not supported",
        "\\x{100}!character code point value in \\x{} or \\o{} is too large",
      })
  void whatIsNoPatternIsToldInPcresWords(String pattern, String message) {
    assertThatThrownBy(() -> PerlRegex.compile(pattern, 0, 0))
        .isInstanceOf(PerlRegex.Invalid.class)
        .hasMessage(message);
  }

  @Test
  void aSearchThatWouldNeverEndIsEnded() {
    PerlRegex regex = PerlRegex.compile("(a+)+$b", 0, 100_000);
    byte[] text = "a".repeat(64).getBytes(StandardCharsets.US_ASCII);

    assertThat(regex.search(text, text.length, 0, new PerlRegex.Places()))
        .isEqualTo(PerlRegex.LIMIT);
  }

  @Test
  void aLongSubjectTakesNoStack() {
    assertThat(found("(?:a|b)*c", "", "ab".repeat(500_000) + "c", 0)).isEqualTo("0,1000001");
  }

  @ParameterizedTest
  @CsvSource({
    "c3a9, 0",
    "f09f9880, 0",
    "ff, -23",
    "80, -22",
    "c3, -3",
    "e282, -3",
    "e2, -4",
    "c328, -8",
    "e28228, -9",
    "c0af, -17",
    "e09f80, -18",
    "eda080, -16",
    "f4908080, -15"
  })
  void whatIsNotUtf8IsToldInPcresNumbers(String hex, int expected) {
    byte[] bytes = java.util.HexFormat.of().parseHex(hex);
    PerlRegex regex = PerlRegex.compile(".", PerlRegex.UTF8, 0);

    assertThat(regex.check(bytes, bytes.length)).isEqualTo(expected);
    assertThat(
            PerlRegex.compile(".", PerlRegex.UTF8 | PerlRegex.UNCHECKED, 0)
                .check(bytes, bytes.length))
        .isZero();
  }
}
