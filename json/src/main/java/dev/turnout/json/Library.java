package dev.turnout.json;

import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonWriteFeature;

/// The library, as it is set up here.
final class Library {
  static final JsonFactory PLAIN =
      JsonFactory.builder()
          // Names are data here, not words that repeat: no table of them.
          .disable(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES)
          .disable(TokenStreamFactory.Feature.INTERN_PROPERTY_NAMES)
          // A document is whole in memory before it is read, so its strings are long enough to fit;
          // what must be bounded is how deep the stack becomes, and that is done while reading.
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNameLength(Integer.MAX_VALUE)
                  .maxStringLength(Integer.MAX_VALUE)
                  .maxNumberLength(Json.LONGEST_NUMBER)
                  .maxNestingDepth(Json.DEEPEST + 1)
                  .build())
          // A document that breaks off must not look complete.
          .disable(StreamWriteFeature.AUTO_CLOSE_CONTENT)
          .build();

  static final JsonFactory ASCII =
      PLAIN.rebuild().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  private Library() {}
}
