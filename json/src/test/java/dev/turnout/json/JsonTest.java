package dev.turnout.json;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
  @Test
  void membersKeepTheirOrderAndNumbersTheirDigits() throws Exception {
    Json read = Json.parse("{\"b\": [1e400, -0, 12345678901234567890], \"a\": null}");

    assertThat(read.members().keySet()).containsExactly("b", "a");
    assertThat(read.get("b").elements())
        .containsExactly(
            new Json.Numeral("1e400"),
            new Json.Numeral("-0"),
            new Json.Numeral("12345678901234567890"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "{            | line 1, column 2",
        "[1,          | line 1, column 4",
        "{\"a\" 1}    | line 1, column 6",
        "{'a':1}      | line 1, column 2",
        "[01]         | line 1, column 3",
        "[1] x        | line 1, column 5",
        "[1,]         | line 1, column 4",
        "NaN          | line 1, column 4",
        "{\"a\":1, \"a\":2}| line 1, column 9",
      })
  void whatIsNoJsonIsRefusedWithItsPlace(String text, String place) {
    assertThatExceptionOfType(Json.Malformed.class)
        .isThrownBy(() -> Json.parse(text))
        .satisfies(e -> assertThat(e.place()).isEqualTo(place))
        .satisfies(e -> assertThat(e.why()).isNotEmpty().doesNotContain("\n", "Stream", "Source"))
        .withMessage("not JSON: %s at %s", why(text), place);
  }

  private static String why(String text) {
    try {
      Json.parse(text);
      return "";
    } catch (Json.Malformed e) {
      return e.why();
    }
  }

  @Test
  void whatIsWrongIsSaidInWordsForWhoeverWroteIt() {
    assertThat(why("{\"a\":1,\"a\":2}")).isEqualTo("the name \"a\" is there twice");
    assertThat(why("")).isEqualTo("the document ends too early");
    assertThat(why("{\"a\":\"")).isEqualTo("the document ends too early");
    assertThat(why("1 2")).isEqualTo("something follows the end of the document");
    assertThat(why("[" + "1".repeat(Json.LONGEST_NUMBER + 1) + "]"))
        .isEqualTo("a number is longer than 1000 digits");
    assertThat(why("[".repeat(Json.DEEPEST + 1) + "]".repeat(Json.DEEPEST + 1)))
        .isEqualTo("values lie in one another more than 500 deep");
    assertThat(why("[".repeat(Json.DEEPEST) + "]".repeat(Json.DEEPEST))).isEmpty();
    assertThat(why("[1}")).contains("'}'", "']'");
  }

  @Test
  void aPlaceInAnotherLineIsFound() {
    assertThatExceptionOfType(Json.Malformed.class)
        .isThrownBy(() -> Json.parse("{\n  \"a\": tru\n}"))
        .satisfies(e -> assertThat(e.place()).startsWith("line 2, column "));
  }

  @Test
  void namesAndStringsMayBeAsLongAsTheDocument() throws Exception {
    String long1 = "n".repeat(200_000);

    assertThat(Json.parse("{\"" + long1 + "\":\"" + long1 + "\"}").get(long1).text())
        .isEqualTo(long1);
  }

  @Test
  void ofBytesStringsStayBytes() throws Exception {
    Json read = Json.parseBytes("{\"\u00c3\u00a9\":\"\\u20ac\"}");

    assertThat(read)
        .isEqualTo(new Json.Members(Map.of("\u00c3\u00a9", new Json.Text("\u00e2\u0082\u00ac"))));
  }

  @ParameterizedTest
  @ValueSource(strings = {"[\"\u00ff\"]", "[\"\u00ed\u00a0\u0080\"]", "[\"\\ud800\"]"})
  void bytesThatAreNoCharactersAreRefused(String bytes) {
    assertThatExceptionOfType(Json.Malformed.class).isThrownBy(() -> Json.parseBytes(bytes));
  }

  @Test
  void aByteOrderMarkIsPassedOver() throws Exception {
    assertThat(Json.parse("\ufeff[\"é\"]".getBytes(UTF_8)).elements())
        .containsExactly(new Json.Text("é"));
  }

  @Test
  void whatIsMissingOrSomethingElseIsEmpty() throws Exception {
    Json read = Json.parse("{\"a\":{\"n\":\"12\",\"f\":1.5,\"t\":true}}");

    assertThat(read.get("a").get("n").number(-1)).isEqualTo(12);
    assertThat(read.get("a").get("f").number(-1)).isEqualTo(-1);
    assertThat(read.get("a").get("t").truth(false)).isTrue();
    assertThat(read.get("b").get("c").elements()).isEmpty();
    assertThat(read.get("a").text()).isEmpty();
    assertThat(read.get("b").isThere()).isFalse();
  }

  @Test
  void whatHasToBeThereIsAskedForStrictly() throws Exception {
    Json read = Json.parse("{\"s\":\"x\",\"n\":4294967296,\"f\":1.5,\"l\":[],\"nothing\":null}");

    assertThat(read.need("s").asText()).isEqualTo("x");
    assertThat(read.numberOr("n", 0)).isEqualTo(4294967296L);
    assertThat(read.textOr("nothing", "usual")).isEqualTo("usual");
    assertThat(read.elementsOf("none")).isEmpty();
    assertRefused("\"none\" is missing", () -> read.need("none"));
    assertRefused("4294967296 where a number of 32 bits should be", () -> read.intOr("n", 0));
    assertRefused("1.5 where a whole number should be", () -> read.need("f").asNumber());
    assertRefused("\"x\" where a list should be", () -> read.elementsOf("s"));
    assertRefused("a list where an object should be", () -> read.need("l").need("x"));
    assertRefused("null where a string should be", () -> read.need("nothing").asText());
  }

  private static void assertRefused(String message, ThrowingCallable asked) {
    assertThatIllegalArgumentException().isThrownBy(asked).withMessage(message);
  }

  @Test
  void valuesCannotBeChanged() throws Exception {
    Json read = Json.parse("{\"a\":[1]}");

    assertThat(read.members()).isUnmodifiable();
    assertThat(read.get("a").elements()).isUnmodifiable();
  }

  @Test
  void anObjectInAsciiKeepsEachByteAChar() throws Exception {
    String written = JsonText.asciiObject(out -> out.writeStringProperty("k", "\u00ff\u0000\""));

    assertThat(written).isEqualTo("{\"k\":\"\\u00FF\\u0000\\\"\"}");
    assertThat(Json.parse(written).get("k").text()).isEqualTo("\u00ff\u0000\"");
  }

  @Test
  void bytesAreWrittenAsTheCharactersThatTheyAre() {
    assertThat(
            JsonText.of(out -> {
              out.writeStartObject();
              JsonText.write(out, "é", "\u00c3\u00a9");
              JsonText.write(out, "broken", "\u00ff");
              JsonText.write(out, "in", Map.of("x", 1));
              JsonText.write(out, "none", null);
              out.writeEndObject();
            }))
        .isEqualTo("{\"é\":\"é\",\"broken\":\"\u00ff\",\"in\":{\"x\":1},\"none\":null}");
  }

  @Test
  void aDocumentThatBreaksOffDoesNotLookComplete() {
    assertThat(JsonText.of(out -> out.writeStartArray().writeNumber(1))).isEqualTo("[1");
  }

  @Test
  void plainValuesAreWrittenAsTheyAre() {
    assertThat(JsonText.of(out -> JsonText.write(out, List.of("a", 1L, 0.5, true, Json.none()))))
        .isEqualTo("[\"a\",1,0.5,true,null]");
    assertThat(JsonText.quoted("a\"\n\u001f\u00e9")).isEqualTo("\"a\\\"\\n\\u001F\u00e9\"");
  }
}
