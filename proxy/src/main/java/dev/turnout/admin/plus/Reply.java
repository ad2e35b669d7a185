package dev.turnout.admin.plus;

import org.jspecify.annotations.Nullable;

/// What a resource answers.
///
/// @param status of the response
/// @param document the body, or null for none
/// @param allow the value of `Allow`; empty for none
record Reply(int status, @Nullable Document document, String allow) {
  static Reply ok(Document document) {
    return new Reply(200, document, "");
  }

  static Reply created(Document document) {
    return new Reply(201, document, "");
  }

  static Reply created() {
    return new Reply(201, null, "");
  }

  static Reply done() {
    return new Reply(204, null, "");
  }

  static Reply options(String allow) {
    return new Reply(204, null, allow);
  }
}
