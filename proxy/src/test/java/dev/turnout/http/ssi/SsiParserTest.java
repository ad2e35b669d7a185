package dev.turnout.http.ssi;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class SsiParserTest {
  /// What was found, as one text.
  private static final class Found implements SsiParser.Sink {
    private final StringBuilder out = new StringBuilder();

    @Override
    public void text(ByteBuf text) {
      out.append(text.toString(StandardCharsets.ISO_8859_1));
      text.release();
    }

    @Override
    public void command(String name, List<SsiParser.Parameter> parameters) {
      out.append('{').append(name);
      for (SsiParser.Parameter parameter : parameters) {
        out.append(' ').append(parameter.name()).append('=').append(parameter.value());
      }
      out.append('}');
    }

    @Override
    public void broken() {
      out.append("{!}");
    }

    @Override
    public void complain(String message) {
      out.append("(").append(message).append(")");
    }
  }

  private static String parsed(String... pieces) {
    Found found = new Found();
    SsiParser parser = new SsiParser(16, found);
    for (String piece : pieces) {
      ByteBuf in = Unpooled.copiedBuffer(piece, StandardCharsets.ISO_8859_1);
      while (in.isReadable()) {
        parser.parse(in);
      }
      in.release();
    }
    parser.finish();
    return found.out.toString();
  }

  @Test
  void textAroundCommandsIsKept() {
    assertThat(parsed("a<b><!--c--><<!--#echo var=\"x\" -->d"))
        .isEqualTo("a<b><!--c--><{echo var=x}d");
    assertThat(parsed("<<!--#else--><<<!--")).isEqualTo("<{else}<<<!--");
  }

  @Test
  void valuesAreQuotedInTwoWaysAndMayHoldQuotes() {
    assertThat(parsed("<!--# set  var = 'a\"b'\tvalue=\"c\\\"d\" -->"))
        .isEqualTo("{set var=a\"b value=c\\\"d}");
  }

  @Test
  void whatIsWrongEndsWhereTheCommandEnds() {
    assertThat(parsed("<!--#echo var=x-y -->z"))
        .isEqualTo(
            "(unexpected \"x\" symbol before value of \"var\" parameter in \"echo\" SSI command)"
                + "{!}z");
    assertThat(parsed("<!--#echo var='12345678901234567' -->z"))
        .isEqualTo(
            "(too long \"12345678901234567...\" value of \"var\" parameter in \"echo\" SSI command)"
                + "{!}z");
    assertThat(parsed("<!--#" + "e".repeat(33) + " -->z")).endsWith("SSI command is too long){!}z");
  }

  @Test
  void itIsTheSameWhereverThePiecesEnd() {
    String page = "<<!-<!--#echo var=\"a\" -->-->x<!--#if expr='$a = \"b\"'--><!--#x y--><!--";
    String whole = parsed(page);

    for (int i = 0; i <= page.length(); i++) {
      for (int j = i; j <= page.length(); j++) {
        assertThat(parsed(page.substring(0, i), page.substring(i, j), page.substring(j)))
            .isEqualTo(whole);
      }
    }
  }
}
