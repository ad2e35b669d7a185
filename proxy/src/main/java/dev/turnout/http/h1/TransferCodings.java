package dev.turnout.http.h1;

import dev.turnout.http.FieldName;
import dev.turnout.http.Fields;

/// What a request's Transfer-Encoding says when it is not plainly `chunked`, to refuse it rightly.
final class TransferCodings {
  private boolean wellFormed = true;
  private int chunked;
  private boolean endsChunked;

  TransferCodings(Fields fields) {
    int i = fields.find(FieldName.TRANSFER_ENCODING);
    while (i >= 0) {
      for (String coding : fields.value(i).split(",", -1)) {
        add(coding);
      }
      i = fields.findAfter(i, FieldName.TRANSFER_ENCODING);
    }
  }

  private void add(String element) {
    String coding = trimmed(element);
    int semicolon = coding.indexOf(';');
    String name = semicolon < 0 ? coding : trimmed(coding.substring(0, semicolon));
    wellFormed &= isToken(name);
    endsChunked = name.equalsIgnoreCase("chunked");
    if (endsChunked) {
      chunked++;
      wellFormed &= semicolon < 0; // chunked takes no parameters
    }
  }

  private static String trimmed(String text) {
    int start = 0;
    int end = text.length();
    while (start < end && Octets.blank((byte) text.charAt(start))) {
      start++;
    }
    while (end > start && Octets.blank((byte) text.charAt(end - 1))) {
      end--;
    }
    return text.substring(start, end);
  }

  private static boolean isToken(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (Octets.NAME[text.charAt(i) & 0xff] == 0) {
        return false;
      }
    }
    return !text.isEmpty();
  }

  /// True if this is a legal list with codings that we do not have: 501. Everything else is 400:
  /// what is malformed, chunked twice, and, spread over several lines, a list that chunked does not
  /// end.
  boolean notImplemented(boolean single) {
    return wellFormed && chunked <= 1 && (single || endsChunked);
  }
}
