package dev.turnout.http.h1;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ResponseCorpusTest {
  /// What the wanted words mean here: the state after the last byte, and the body.
  private static final Map<String, String> STATES =
      Map.ofEntries(
          entry("U03", "invalid:"),
          entry("U04", "invalid:"),
          entry("U05", "invalid:"),
          entry("U07", "abort:hello"),
          entry("U09", "done:ok"),
          entry("U11", "invalid:"),
          entry("U14", "invalid:"),
          entry("U15", "invalid:"),
          entry("U16", "invalid:"),
          entry("U17", "done:ok"),
          entry("U19", "close:hello"),
          entry("U20", "done:"),
          entry("U21", "done:"),
          entry("U22", "done:ok"),
          entry("U23", "done:poison"),
          entry("U25", "invalid:"),
          entry("U26", "101:"),
          entry("U31", "invalid:"),
          entry("U35", "head:"),
          entry("U37", "invalid:"),
          entry("U38", "done:"),
          entry("U39", "done:ok"),
          entry("U40", "done:ok"));

  static List<Corpus.Case> responses() {
    return Corpus.responses();
  }

  @ParameterizedTest
  @MethodSource("responses")
  void isTakenOrRefusedInOnePiece(Corpus.Case response) {
    try (ResponseReader reader = new ResponseReader()) {
      reader.feed(response.bytes(), 0, response.bytes().length);

      check(response, reader);
    }
  }

  @ParameterizedTest
  @MethodSource("responses")
  void isTakenOrRefusedByteByByte(Corpus.Case response) {
    try (ResponseReader reader = new ResponseReader()) {
      Pieces.single(response.bytes(), reader::feed);

      check(response, reader);
    }
  }

  @ParameterizedTest
  @MethodSource("responses")
  void isTakenOrRefusedInRandomPieces(Corpus.Case response) {
    for (long seed = 1; seed <= 20; seed++) {
      try (ResponseReader reader = new ResponseReader()) {
        Pieces.random(response.bytes(), seed, reader::feed);

        check(response, reader);
      }
    }
  }

  private static void check(Corpus.Case response, ResponseReader reader) {
    assertThat(reader.state() + ":" + reader.body())
        .as(reader.reason())
        .isEqualTo(STATES.get(response.id()));
    switch (response.id()) {
      case "U09" -> assertThat(reader.head().fields().value(0)).isEqualTo("a b");
      case "U20", "U22" -> assertThat(reader.extra()).isPositive();
      case "U21" -> assertThat(reader.head().contentLength()).isEqualTo(5);
      case "U38" -> assertThat(reader.chunks().trailers().count()).isZero();
      case "U39" -> assertThat(reader.head().fields().name(1)).isEqualTo("Set-Cookie");
      default -> {}
    }
  }
}
