package dev.turnout.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Each statement is shown as its words in `<>`, followed by what ended it.
class LexerTest {
  @Test
  void wordsEndAtSpacesSemicolonsAndBraces() {
    assertThat(lexed("a b\tc;d{e\r\nf ;}"))
        .containsExactly("<a> <b> <c> ;", "<d> {", "<e> <f> ;", "}", "end");
  }

  @Test
  void bothQuotesKeepWhatIsBetweenThem() {
    assertThat(lexed("a 'b; {\"}' \"c'd\n#e\" '';"))
        .containsExactly("<a> <b; {\"}> <c'd\n#e> <> ;", "end");
  }

  @Test
  void aQuoteInsideAWordIsAnOrdinaryChar() {
    assertThat(lexed("a b\"c d'e;")).containsExactly("<a> <b\"c> <d'e> ;", "end");
  }

  @Test
  void aBackslashGoesBeforeQuotesAndItself() {
    assertThat(lexed("a \\\"b \\\\c 'd\\'e' \"f\\\"g\";"))
        .containsExactly("<a> <\"b> <\\c> <d'e> <f\"g> ;", "end");
  }

  @Test
  void aBackslashStaysBeforeAllElseAndKeepsSeparators() {
    assertThat(lexed("a \\.php\\ x\\;y\\{ \\#z;"))
        .containsExactly("<a> <\\.php\\ x\\;y\\{> <\\#z> ;", "end");
  }

  @Test
  void tabReturnAndNewlineAreEscapes() {
    assertThat(lexed("a \\tb\\r\\n \"c\\n\";")).containsExactly("<a> <\tb\r\n> <c\n> ;", "end");
  }

  @Test
  void aCommentBeginsOnlyAtTheBeginningOfAWord() {
    assertThat(lexed("a # b; '\n c#d;#e\n")).containsExactly("<a> <c#d> ;", "end");
  }

  @Test
  void braceBehindDollarBelongsToTheWord() {
    assertThat(lexed("a ${b}c \"${d}\" $e{f;}"))
        .containsExactly("<a> <${b}c> <${d}> <$e> {", "<f> ;", "}", "end");
    assertThat(lexed("a ${{b;")).containsExactly("<a> <${{b> ;", "end");
    assertThat(lexed("a \\${b;}")).containsExactly("<a> <\\$> {", "<b> ;", "}", "end");
  }

  @Test
  void aClosingBraceInsideAWordIsAnOrdinaryChar() {
    assertThat(lexed("a b}c;")).containsExactly("<a> <b}c> ;", "end");
  }

  @Test
  void aParenthesisMayFollowAQuote() {
    assertThat(lexed("if ($a = \"b\") {}")).containsExactly("<if> <($a> <=> <b> <)> {", "}", "end");
  }

  @Test
  void bytesComeThroughAsTheyAre() {
    assertThat(lexed("a \u00e9\u0000\u00ff;")).containsExactly("<a> <\u00e9\u0000\u00ff> ;", "end");
  }

  @Test
  void positionsAreOfTheFirstByteAndOfTheEnd() {
    Lexer lexer = Lexer.ofFile(SourceFile.of("f", "\n a\n  'b' c\n ;"));

    Directive directive = lexer.next().directive();

    assertThat(directive.position()).isEqualTo(new Position("f", 2, 2));
    assertThat(directive.argumentPosition(0)).isEqualTo(new Position("f", 3, 3));
    assertThat(directive.argumentPosition(1)).isEqualTo(new Position("f", 3, 7));
    assertThat(directive.end()).isEqualTo(new Position("f", 4, 2));
  }

  @Test
  void aWordMayHave4095BytesBeforeItsSeparator() {
    String bare = "w".repeat(4095);
    String quoted = "w".repeat(4094);

    assertThat(lexed("a " + bare + ";")).containsExactly("<a> <" + bare + "> ;", "end");
    assertThat(lexed("a '" + quoted + "';")).containsExactly("<a> <" + quoted + "> ;", "end");
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "a w*4096;, `too long parameter \"wwwwwwwwww...\" started in f:1`",
        // nginx counts the byte behind the word when it has to read on
        "a w*4095 ;, `too long parameter \"wwwwwwwwww...\" started in f:1`",
        "a 'w*4095';, `too long parameter \"wwwwwwwwww...\" started in f:1`",
        "#w*4096;, `too long parameter \"#wwwwwwwww...\" started in f:1`",
        "a \"w*4096\";, `too long parameter, probably missing terminating \"\"\" character in f:1`",
        "a 'w*4096';, `too long parameter, probably missing terminating \"'\" character in f:1`",
      })
  void aLongerWordIsRefused(String pattern, String message) {
    int star = pattern.indexOf('*');
    int count = Integer.parseInt(pattern.substring(star + 1, star + 5));
    String text =
        pattern.substring(0, star - 1) + "w".repeat(count) + pattern.substring(star + 5) + "\n";

    assertThatThrownBy(() -> lexed(text))
        .isInstanceOfSatisfying(
            ConfigException.class, e -> assertThat(e.located()).isEqualTo(message));
  }

  @Test
  void aLongTextOfOptionGIsFine() {
    Lexer lexer = Lexer.ofParameter(SourceFile.of("command line", "a " + "w".repeat(5000) + ";"));

    assertThat(lexer.next().directive().argument(0)).hasSize(5000);
  }

  @Test
  void aRawBlockEndsAtItsOwnBrace() {
    String lua =
        " if a then b = {} -- }\n"
            + " c = '}' d = \"\\\"}\" e = [[}]] f = [==[ ]] } ]==] g[1] = 2 --[[ }\n } ]] end ";
    Lexer lexer = Lexer.ofFile(SourceFile.of("f", "a {" + lua + "} b;"));

    assertThat(shown(lexer.next())).isEqualTo("<a> {");
    assertThat(lexer.rawBlock()).isEqualTo(new Word(lua, new Position("f", 1, 4)));
    Statement next = lexer.next();
    assertThat(shown(next)).isEqualTo("<b> ;");
    assertThat(next.endPosition().line()).isEqualTo(3);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      value = {"a { b", "a { '}", "a { { }", "a { -- }"})
  void aRawBlockWithoutItsBraceIsAnError(String text) {
    Lexer lexer = Lexer.ofFile(SourceFile.of("f", text));
    lexer.next();

    assertThatThrownBy(lexer::rawBlock).hasMessage("unexpected end of file, expecting \"}\"");
  }

  @ParameterizedTest
  @CsvSource({"a { [[ },]]", "a { --[=[ ]] },]=]", "a { x = [==[ ]=] },]==]"})
  void aLongBracketThatIsNotClosedIsNamed(String text, String missing) {
    Lexer lexer = Lexer.ofFile(SourceFile.of("f", text));
    lexer.next();

    assertThatThrownBy(lexer::rawBlock)
        .hasMessage(
            "Lua code block missing the closing long bracket \""
                + missing
                + "\", the inlined Lua code may be too long");
  }

  private static List<String> lexed(String text) {
    Lexer lexer = Lexer.ofFile(SourceFile.of("f", text));
    List<String> shown = new ArrayList<>();
    Statement statement;
    do {
      statement = lexer.next();
      shown.add(shown(statement));
    } while (statement.end() != Statement.End.END_OF_TEXT);
    return shown;
  }

  private static String shown(Statement statement) {
    StringBuilder out = new StringBuilder();
    statement.words().forEach(word -> out.append('<').append(word.text()).append("> "));
    return out.append(
            switch (statement.end()) {
              case SEMICOLON -> ";";
              case BLOCK_START -> "{";
              case BLOCK_END -> "}";
              case END_OF_TEXT -> "end";
            })
        .toString();
  }
}
