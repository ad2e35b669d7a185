package dev.turnout.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.turnout.config.TemplateText.Capture;
import dev.turnout.config.TemplateText.Literal;
import dev.turnout.config.TemplateText.VariableName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TemplateTextTest {
  @Test
  void namesGoOnAsLongAsTheyCan() {
    assertThat(TemplateText.parse("http://$host:$server_port/a?$args").pieces())
        .containsExactly(
            new Literal("http://"),
            new VariableName("host"),
            new Literal(":"),
            new VariableName("server_port"),
            new Literal("/a?"),
            new VariableName("args"));
  }

  @Test
  void bracesPartANameFromWhatFollows() {
    assertThat(TemplateText.parse("${a}b$c").pieces())
        .containsExactly(new VariableName("a"), new Literal("b"), new VariableName("c"));
  }

  @Test
  void capturesAreOneDigit() {
    assertThat(TemplateText.parse("$1$23$0").pieces())
        .containsExactly(new Capture(1), new Capture(2), new Literal("3"), new VariableName("0"));
    assertThat(TemplateText.parse("${1}").pieces()).containsExactly(new VariableName("1"));
  }

  @Test
  void aTextWithoutVariablesIsLiteral() {
    assertThat(TemplateText.parse("").pieces()).isEmpty();
    assertThat(TemplateText.parse("").isLiteral()).isTrue();
    assertThat(TemplateText.parse("a}b{").isLiteral()).isTrue();
    assertThat(TemplateText.parse("$a").isLiteral()).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "a$, invalid variable name",
    "$-, invalid variable name",
    "$$a, invalid variable name",
    "${, invalid variable name",
    "${}, invalid variable name",
    "${a, the closing bracket in \"a\" variable is missing",
    "${a-b}, the closing bracket in \"a\" variable is missing",
    "${-}, the closing bracket in \"\" variable is missing",
  })
  void otherDollarsAreErrors(String text, String message) {
    assertThatThrownBy(() -> TemplateText.parse(text)).hasMessage(message);
  }
}
