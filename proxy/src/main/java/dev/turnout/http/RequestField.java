package dev.turnout.http;

import java.util.Locale;

/// `$http_…`: all lines of one field of the request, joined. `_` in the variable's name stands for
/// `-`, and for `_` where `underscores_in_headers` lets that in.
final class RequestField implements ByteVariable {
  private final FieldName name;
  private final String variable;
  private final boolean mayHaveUnderscore;
  private final String separator;

  RequestField(String variable, String separator) {
    this.variable = variable.toLowerCase(Locale.ROOT);
    this.name = FieldName.of(this.variable.replace('_', '-'));
    this.mayHaveUnderscore = this.variable.indexOf('_') >= 0 && name.known() == 0;
    this.separator = separator;
  }

  @Override
  public boolean append(Exchange exchange, ByteSink sink) {
    return append(exchange.request().fields(), sink);
  }

  boolean append(Fields fields, ByteSink sink) {
    boolean found = false;
    for (int i = 0, n = fields.count(); i < n; i++) {
      if (!isNamed(fields, i)) {
        continue;
      }
      if (found) {
        sink.append(separator);
      }
      sink.append(fields.data(), fields.valueStart(i), fields.valueLength(i));
      found = true;
    }
    return found;
  }

  private boolean isNamed(Fields fields, int i) {
    if (name.known() != 0) {
      return fields.known(i) == name.known();
    }
    return fields.nameIs(i, name) || (mayHaveUnderscore && isNamedLoosely(fields, i));
  }

  private boolean isNamedLoosely(Fields fields, int i) {
    if (fields.nameLength(i) != variable.length()) {
      return false;
    }
    byte[] data = fields.data();
    int start = fields.nameStart(i);
    for (int k = 0; k < variable.length(); k++) {
      char c = (char) FieldName.lower(data[start + k]);
      if ((c == '-' ? '_' : c) != variable.charAt(k)) {
        return false;
      }
    }
    return true;
  }
}
