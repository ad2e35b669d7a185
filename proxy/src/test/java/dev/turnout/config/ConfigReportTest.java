package dev.turnout.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import org.junit.jupiter.api.Test;

class ConfigReportTest {
  @Test
  void nginxsLineComesFirstAndThenTheHelp() {
    assertThat(report("http {\n\tsever {\n\t}\n}\n"))
        .isEqualTo(
            """
            nginx: [emerg] unknown directive "sever" in f:2
                line 2, column 2:
                  \tsever {
                  \t^
                did you mean "server"?
            """);
  }

  @Test
  void furtherErrorsFollowWithTheirOwnHelp() {
    assertThat(
            report(
                """
                http {
                  satisfy nay;
                  gzip_comp_level 1 2;
                  gzip_comp_level 2;
                  daemon on;
                }
                """))
        .isEqualTo(
            """
            nginx: [emerg] invalid value "nay" in f:2
                line 2, column 11:
                    satisfy nay;
                            ^
                did you mean "any"?
                2 more errors:
                  invalid number of arguments in "gzip_comp_level" directive in f:3
                    line 3, column 3:
                        gzip_comp_level 1 2;
                        ^
                    it takes 1 argument
                  "daemon" directive is not allowed here in f:5
                    line 5, column 3:
                        daemon on;
                        ^
                    allowed in: main
            """);
  }

  @Test
  void valuesThatNothingIsNearToAreListed() {
    assertThat(report("http { satisfy all }"))
        .contains("\n    is there a \";\" missing before it?\n");
    assertThat(report("http { satisfy most; }")).contains("\n    one of: all, any\n");
  }

  @Test
  void theCaretStandsUnderTheCharOfUtf8() {
    String line = "\u00c3\u00a9\u00c3\u00a9 \"x\"y;";

    assertThat(report(line)).contains("column 9:\n      " + line + "\n            ^\n");
  }

  @Test
  void longLinesAreCutAroundTheColumn() {
    String report = report("daemon " + "x".repeat(2000) + "\"; foo; ");

    assertThat(report.lines().skip(2)).allMatch(line -> line.length() < 120);
    assertThat(report.lines().skip(1).findFirst()).contains("    line 1, column 8:");
  }

  @Test
  void controlCharactersDoNotReachTheTerminal() {
    assertThat(report("foo \u001b[2J;").lines().skip(2)).first().isEqualTo("      foo ?[2J;");
  }

  @Test
  void warningsComeBefore() {
    assertThat(report("http { proxy_next_upstream error error;\n foo; }"))
        .startsWith("nginx: [warn] duplicate value \"error\" in f:1\nnginx: [emerg] unknown");
  }

  @Test
  void nginxCutsItsWordsAt1024() {
    assertThat(report("x".repeat(1500) + ";"))
        .startsWith("nginx: [emerg] unknown directive \"" + "x".repeat(1005) + " in f:1\n");
  }

  private static String report(String text) {
    var failure =
        catchThrowableOfType(
            ConfigLoadException.class,
            () -> ConfigLoader.loadText("f", text, SampleDirectives.registry()));
    return ConfigReport.of(failure);
  }
}
