package dev.turnout.json;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import org.junit.jupiter.api.Test;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;

/// What is read is what the library by itself takes for JSON, no more and no less; and what was
/// read is written as a document that is read as the same.
class DocumentsByChanceTest {
  private static final JsonFactory STRICT =
      JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  @Test
  void documentsByChanceAreTakenAsTheLibraryTakesThem() {
    RandomDocuments documents = new RandomDocuments(20_261_126);
    int taken = 0;
    int all = 20_000;
    for (int i = 0; i < all; i++) {
      taken += check(new String(documents.next().getBytes(UTF_8), ISO_8859_1)) ? 1 : 0;
    }
    assertThat(taken).isBetween(all / 4, all * 9 / 10);
  }

  /// Reads the bytes of a document in each way; true if it is one.
  private static boolean check(String bytes) {
    String text;
    try {
      text = UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes.getBytes(ISO_8859_1))).toString();
    } catch (CharacterCodingException _) {
      assertThat(isRefused(bytes)).as(bytes).isTrue();
      return false;
    }
    boolean good = isTakenByTheLibrary(text);
    try {
      Json read = Json.parse(text);
      assertThat(good).as(text).isTrue();
      assertThat(Json.parse(written(read))).as(text).isEqualTo(read);
    } catch (Json.Malformed e) {
      assertThat(good).as("%s: %s", text, e.getMessage()).isFalse();
      assertThat(e.why()).isNotEmpty();
      assertThat(isRefused(bytes)).isTrue();
    }
    return good;
  }

  private static String written(Json value) {
    return JsonText.of(out -> JsonText.write(out, value));
  }

  private static boolean isRefused(String bytes) {
    try {
      Json.parseBytes(bytes);
      return false;
    } catch (Json.Malformed _) {
      return true;
    }
  }

  private static boolean isTakenByTheLibrary(String text) {
    try (JsonParser in = STRICT.createParser(ObjectReadContext.empty(), text)) {
      if (in.nextToken() == null) {
        return false;
      }
      in.skipChildren();
      return in.nextToken() == null;
    } catch (JacksonException _) {
      return false;
    }
  }
}
