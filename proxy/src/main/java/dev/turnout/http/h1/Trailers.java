package dev.turnout.http.h1;

import dev.turnout.http.FieldName;
import dev.turnout.http.Fields;
import java.util.Set;

/// Which fields may come as trailers (RFC 9110 section 6.5.1).
///
/// Not those that frame or route the message, control its handling, authenticate somebody, or say
/// how to read the content: they would come too late, or past the checks of the head.
final class Trailers {
  private static final Set<FieldName> FORBIDDEN =
      Set.of(
          FieldName.of("age"),
          FieldName.of("allow"),
          FieldName.of("content-disposition"),
          FieldName.of("content-language"),
          FieldName.of("content-location"),
          FieldName.of("forwarded"),
          FieldName.of("max-forwards"),
          FieldName.of("pragma"),
          FieldName.of("proxy-authorization"),
          FieldName.of("proxy-authentication-info"),
          FieldName.of("retry-after"),
          FieldName.of("via"),
          FieldName.of("warning"),
          FieldName.of("x-forwarded-host"),
          FieldName.of("x-forwarded-port"),
          FieldName.of("x-forwarded-proto"),
          FieldName.of("x-real-ip"));

  /// Of the well-known names, the few that mean the same at the end.
  private static final long ALLOWED = 1L << FieldName.ETAG | 1L << FieldName.LINK;

  private Trailers() {}

  static boolean allowed(Fields fields, int i) {
    int known = fields.known(i);
    if (known != 0) {
      return (ALLOWED >>> known & 1) != 0;
    }
    for (FieldName name : FORBIDDEN) {
      if (fields.nameIs(i, name)) {
        return false;
      }
    }
    return true;
  }
}
