package dev.turnout.systemtest;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/// One odd message of a corpus, and what is wanted of a proxy that gets it.
///
/// @param raw its bytes, one char a byte
record Corpus(String id, String title, String raw, String want) {
  private static final Path DIRECTORY = Path.of("../proxy/src/test/resources/corpus");

  /// All of a file, which is an array of flat objects.
  static List<Corpus> read(String file) throws Exception {
    List<Corpus> cases = new ArrayList<>();
    String json = Files.readString(DIRECTORY.resolve(file));
    Map<String, String> fields = new HashMap<>();
    try (JsonParser parser = new JsonFactory().createParser(ObjectReadContext.empty(), json)) {
      for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
        if (token == JsonToken.PROPERTY_NAME) {
          String name = parser.getString();
          parser.nextToken();
          fields.put(name, parser.getString());
        } else if (token == JsonToken.END_OBJECT) {
          cases.add(
              new Corpus(
                  field(fields, "id"),
                  field(fields, "title"),
                  field(fields, "raw"),
                  field(fields, "want")));
          fields.clear();
        }
      }
    }
    return cases;
  }

  private static String field(Map<String, String> fields, String name) {
    return Objects.requireNonNull(fields.get(name), name);
  }

  @Override
  public String toString() {
    return id + ": " + title;
  }
}
