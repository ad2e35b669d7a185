package dev.turnout.http.h1;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RequestCorpusTest {
  private static final byte[] GOOD =
      "GET /good HTTP/1.1\r\nHost: good.test\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1);

  static List<Corpus.Case> requests() {
    return Corpus.requests();
  }

  @Test
  void theCollectionIsRead() {
    assertThat(requests()).hasSizeGreaterThan(100);
  }

  @ParameterizedTest
  @MethodSource("requests")
  void isTakenOrRefusedInOnePiece(Corpus.Case request) {
    try (RequestReader reader = new RequestReader()) {
      reader.feed(request.bytes());

      check(request, reader, 0);
    }
  }

  @ParameterizedTest
  @MethodSource("requests")
  void isTakenOrRefusedByteByByte(Corpus.Case request) {
    try (RequestReader reader = new RequestReader()) {
      Pieces.single(request.bytes(), reader::feed);

      check(request, reader, 0);
    }
  }

  @ParameterizedTest
  @MethodSource("requests")
  void isTakenOrRefusedInRandomPieces(Corpus.Case request) {
    for (long seed = 1; seed <= 20; seed++) {
      try (RequestReader reader = new RequestReader()) {
        Pieces.random(request.bytes(), seed, reader::feed);

        check(request, reader, 0);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("requests")
  void isTakenOrRefusedBehindAGoodRequest(Corpus.Case request) {
    byte[] both = new byte[GOOD.length + request.bytes().length];
    System.arraycopy(GOOD, 0, both, 0, GOOD.length);
    System.arraycopy(request.bytes(), 0, both, GOOD.length, request.bytes().length);
    try (RequestReader reader = new RequestReader()) {
      reader.feed(both);

      check(request, reader, 1);
    }
  }

  private static void check(Corpus.Case request, RequestReader reader, int before) {
    assertThat(reader.status()).as(reader.outcome()).isEqualTo(request.refusal());
    assertThat(reader.requests()).as(reader.outcome()).hasSize(before + request.requests());
    assertThat(reader.inside()).isEqualTo(request.want().equals("close"));
  }
}
