package dev.turnout.admin.plus;

/// Why the API refuses a request, with the status, text and code of NGINX Plus.
///
/// Thrown, where other expected failures are values: a refusal ends the request wherever it is
/// found, and there is one place that answers it.
final class Refusal extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final int status;
  private final String code;
  private final String allow;

  private Refusal(int status, String code, String text, String allow) {
    super(text, null, false, false);
    this.status = status;
    this.code = code;
    this.allow = allow;
  }

  Refusal(int status, String code, String text) {
    this(status, code, text, "");
  }

  static Refusal pathNotFound() {
    return new Refusal(404, "PathNotFound", "path not found");
  }

  static Refusal methodDisabled() {
    return new Refusal(405, "MethodDisabled", "method disabled", Method.READING);
  }

  static Refusal methodNotSupported(String allow) {
    return new Refusal(405, "MethodNotSupported", "method not supported", allow);
  }

  static Refusal json() {
    return new Refusal(415, "JsonError", "json error");
  }

  /// A body that is JSON and not what a server looks like.
  static Refusal serverFormat(String text) {
    return new Refusal(400, "UpstreamConfFormatError", text);
  }

  /// A body that is JSON and not what key-value pairs look like.
  static Refusal keyvalFormat(String text) {
    return new Refusal(400, "KeyvalFormatError", text);
  }

  int status() {
    return status;
  }

  String code() {
    return code;
  }

  String text() {
    return String.valueOf(getMessage());
  }

  /// The value of `Allow`; empty if the answer has none.
  String allow() {
    return allow;
  }
}
