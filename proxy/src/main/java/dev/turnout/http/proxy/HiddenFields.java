package dev.turnout.http.proxy;

import dev.turnout.http.FieldName;
import dev.turnout.http.Fields;
import dev.turnout.http.Response;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// The fields of an upstream's response that the client does not get: nginx's own list, those of
/// `proxy_hide_header`, and always the framing and hop-by-hop fields. Immutable.
final class HiddenFields {
  /// nginx's list, from which `proxy_pass_header` takes.
  static final Set<Integer> STANDARD =
      Set.of(
          FieldName.DATE,
          FieldName.SERVER,
          FieldName.X_PAD,
          FieldName.X_ACCEL_EXPIRES,
          FieldName.X_ACCEL_REDIRECT,
          FieldName.X_ACCEL_LIMIT_RATE,
          FieldName.X_ACCEL_BUFFERING,
          FieldName.X_ACCEL_CHARSET);

  /// Ends at this hop, is rebuilt, or has a place of its own in the head.
  private static final long NEVER =
      bit(FieldName.CONNECTION)
          | bit(FieldName.KEEP_ALIVE)
          | bit(FieldName.PROXY_CONNECTION)
          | bit(FieldName.TRANSFER_ENCODING)
          | bit(FieldName.CONTENT_LENGTH)
          | bit(FieldName.TE)
          | bit(FieldName.TRAILER)
          | bit(FieldName.UPGRADE)
          | bit(FieldName.CONTENT_TYPE)
          | bit(FieldName.LAST_MODIFIED);

  private final long known;
  private final FieldName[] others;

  HiddenFields(List<String> hide, List<String> pass) {
    long bits = NEVER;
    List<FieldName> names = new ArrayList<>();
    Set<FieldName> passed = Set.copyOf(pass.stream().map(FieldName::of).toList());
    for (int id : STANDARD) {
      if (!passed.contains(FieldName.of(FieldName.nameOf(id)))) {
        bits |= bit(id);
      }
    }
    for (String text : hide) {
      FieldName name = FieldName.of(text);
      if (passed.contains(name)) {
        continue;
      }
      if (name.known() != 0) {
        bits |= bit(name.known());
      } else {
        names.add(name);
      }
    }
    known = bits;
    others = names.toArray(new FieldName[0]);
  }

  private static long bit(int known) {
    return 1L << known;
  }

  /// True if a field of this well-known name is never passed on.
  static boolean endsHere(int id) {
    return (NEVER & bit(id)) != 0;
  }

  /// True if a field of this well-known name is hidden.
  boolean hides(int id) {
    return (known & bit(id)) != 0;
  }

  /// Withholds the hidden fields of the response.
  void apply(Response response, Fields fields) {
    for (int i = 0, n = fields.count(); i < n; i++) {
      if (hides(fields, i)) {
        response.withhold(i);
      }
    }
  }

  /// True if line `i` is hidden.
  boolean hides(Fields fields, int i) {
    int id = fields.known(i);
    return id != 0 ? (known & 1L << id) != 0 : others.length != 0 && isOther(fields, i);
  }

  private boolean isOther(Fields fields, int i) {
    for (FieldName name : others) {
      if (fields.nameIs(i, name)) {
        return true;
      }
    }
    return false;
  }
}
