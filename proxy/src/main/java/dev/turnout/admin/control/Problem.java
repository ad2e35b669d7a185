package dev.turnout.admin.control;

import dev.turnout.json.JsonText;
import org.jspecify.annotations.Nullable;

/// Why a request is not answered as it was meant: thrown where it is found, and told to the client.
final class Problem extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final int status;
  private final String code;
  private final String where;
  private final String hint;
  private final @Nullable Long revision;

  private Problem(
      int status, String code, String message, String where, String hint, @Nullable Long revision) {
    super(message, null, false, false);
    this.status = status;
    this.code = code;
    this.where = where;
    this.hint = hint;
    this.revision = revision;
  }

  static Problem of(int status, String code, String message) {
    return new Problem(status, code, message, "", "", null);
  }

  /// The body is not what it should be.
  static Problem invalid(String message, String where, String hint) {
    return new Problem(400, "invalid_value", message, where, hint, null);
  }

  /// Where it is: a JSON pointer into the body, or `query:name`, `header:Name`.
  Problem at(String place) {
    return new Problem(status, code, said(), place, hint, revision);
  }

  /// What would be right.
  Problem hint(String text) {
    return new Problem(status, code, said(), where, text, revision);
  }

  /// The revision that is in force.
  Problem atRevision(long present) {
    return new Problem(status, code, said(), where, hint, present);
  }

  private String said() {
    return String.valueOf(getMessage());
  }

  int status() {
    return status;
  }

  Answer answer() {
    Answer answer =
        Answer.json(
            status,
            out -> {
              out.writeStartObject();
              out.writeObjectPropertyStart("error");
              out.writeStringProperty("code", code);
              out.writeStringProperty("message", JsonText.text(said()));
              if (!where.isEmpty()) {
                out.writeStringProperty("where", JsonText.text(where));
              }
              if (!hint.isEmpty()) {
                out.writeStringProperty("hint", JsonText.text(hint));
              }
              if (revision != null) {
                out.writeNumberProperty("revision", revision);
              }
              out.writeEndObject();
              out.writeEndObject();
            });
    return revision == null ? answer : answer.withRevision(revision);
  }
}
