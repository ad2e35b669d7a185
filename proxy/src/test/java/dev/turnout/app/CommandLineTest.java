package dev.turnout.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.turnout.app.CommandLine.InvalidException;
import dev.turnout.app.CommandLine.Signal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CommandLineTest {
  @Test
  void withoutArgumentsItJustRuns() {
    CommandLine line = CommandLine.parse();

    assertThat(line.test() || line.version() || line.help() || line.quiet()).isFalse();
    assertThat(line.prefix()).isEmpty();
    assertThat(line.globals()).isEmpty();
    assertThat(line.signal()).isEmpty();
  }

  @Test
  void lettersCanBeJoined() {
    CommandLine line = CommandLine.parse("-tq", "-");

    assertThat(line.test()).isTrue();
    assertThat(line.quiet()).isTrue();
    assertThat(line.dump()).isFalse();
    assertThat(CommandLine.parse("-T").test()).isTrue();
    assertThat(CommandLine.parse("-T").dump()).isTrue();
    assertThat(CommandLine.parse("-?").help()).isTrue();
    assertThat(CommandLine.parse("-V").configure()).isTrue();
    assertThat(CommandLine.parse("-hv").version()).isTrue();
  }

  @Test
  void valuesFollowAtOnceOrAsTheNextArgument() {
    CommandLine line =
        CommandLine.parse("-p/dir", "-c", "a.conf", "-tcb.conf", "-e", "stderr", "-g", "-x;");

    assertThat(line.prefix()).contains("/dir");
    assertThat(line.conf()).contains("b.conf");
    assertThat(line.errorLog()).contains("stderr");
    assertThat(line.globals()).containsExactly("-x;");
    assertThat(line.test()).isTrue();
  }

  @Test
  void ofAnOptionGivenTwiceTheLastCounts() {
    assertThat(CommandLine.parse("-g", "a;", "-g", "b;").globals()).containsExactly("b;");
  }

  @ParameterizedTest
  @CsvSource({"stop, STOP", "quit, QUIT", "reopen, REOPEN", "reload, RELOAD"})
  void signalsAreNamed(String name, Signal signal) {
    assertThat(CommandLine.parse("-s", name).signal()).contains(signal);
    assertThat(CommandLine.parse("-s" + name).signal()).contains(signal);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "x, invalid option: \"x\"",
        "``, invalid option: \"\"",
        "-x, invalid option: \"x\"",
        "-tz, invalid option: \"z\"",
        "--version, invalid option: \"-\"",
        "-p, option \"-p\" requires directory name",
        "-c, option \"-c\" requires file name",
        "-te, option \"-e\" requires file name",
        "-g, option \"-g\" requires parameter",
        "-s, option \"-s\" requires parameter",
        "-sfoo, invalid option: \"-s foo\"",
      })
  void nginxsWordsForWhatIsWrong(String argument, String message) {
    assertThatThrownBy(() -> CommandLine.parse(argument))
        .isInstanceOf(InvalidException.class)
        .hasMessage(message);
  }

  @Test
  void helpIsGivenAlsoToWhoAsksAsElsewhere() {
    assertThat(CommandLine.parse("--help").help()).isTrue();
  }

  @Test
  void whatIsNoOptionIsToldTheWordsThereAre() {
    assertThatThrownBy(() -> CommandLine.parse("laod"))
        .isInstanceOfSatisfying(
            InvalidException.class, e -> assertThat(e.hint()).contains("compat, ctl, load"));
  }
}
