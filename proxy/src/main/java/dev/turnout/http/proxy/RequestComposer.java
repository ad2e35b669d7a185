package dev.turnout.http.proxy;

import dev.turnout.http.ByteSink;
import dev.turnout.http.Exchange;
import dev.turnout.http.FieldName;
import dev.turnout.http.Fields;
import dev.turnout.http.RequestHead;
import dev.turnout.http.Template;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// Composes the head of the request to an upstream, as `proxy_set_header` and nginx's defaults say:
/// the set fields first, then those of the client that are neither set nor hop-by-hop. Framing is
/// always rebuilt. Immutable.
final class RequestComposer {
  private static final byte[] HTTP_11 = bytes(" HTTP/1.1\r\n");
  private static final byte[] HTTP_10 = bytes(" HTTP/1.0\r\n");
  private static final byte[] HOST = bytes("Host: ");
  private static final byte[] CONTENT_LENGTH = bytes("Content-Length: ");
  private static final byte[] CHUNKED = bytes("Transfer-Encoding: chunked\r\n");
  private static final byte[] COLON = bytes(": ");
  private static final byte[] CRLF = bytes("\r\n");

  /// Never passed on from the client.
  private static final long HOP_BY_HOP =
      bit(FieldName.HOST)
          | bit(FieldName.CONNECTION)
          | bit(FieldName.PROXY_CONNECTION)
          | bit(FieldName.CONTENT_LENGTH)
          | bit(FieldName.TRANSFER_ENCODING)
          | bit(FieldName.TE)
          | bit(FieldName.TRAILER)
          | bit(FieldName.KEEP_ALIVE)
          | bit(FieldName.EXPECT)
          | bit(FieldName.UPGRADE)
          | bit(FieldName.HTTP2_SETTINGS);

  private final Line[] lines;
  private final long replacedKnown;
  private final FieldName[] replaced;
  private final boolean hostSet;
  private final boolean connectionSet;
  private final boolean lengthDropped; // of a request without a body
  private final boolean passClientFields;
  private final boolean http11;

  /// A field that is set: its name with the colon, as bytes, and its value.
  private static final class Line {
    private final byte[] name;
    private final Template value;
    private final boolean isUpgrade;
    private final boolean isHost;

    Line(SetHeader header, FieldName field) {
      this.name = bytes(header.name() + ": ");
      this.value = header.value();
      this.isUpgrade = field.known() == FieldName.UPGRADE;
      this.isHost = field.known() == FieldName.HOST;
    }
  }

  /// One `proxy_set_header`.
  record SetHeader(String name, Template value) {}

  RequestComposer(List<SetHeader> set, boolean passClientFields, boolean http11) {
    long known = HOP_BY_HOP;
    List<Line> kept = new ArrayList<>();
    List<FieldName> others = new ArrayList<>();
    boolean host = false;
    boolean connection = false;
    boolean noLength = false;
    for (SetHeader header : set) {
      FieldName name = FieldName.of(header.name());
      host |= name.known() == FieldName.HOST && !(http11 && header.value().isEmpty());
      connection |= name.known() == FieldName.CONNECTION && !header.value().isEmpty();
      if (name.known() != 0) {
        known |= bit(name.known());
      } else {
        others.add(name);
      }
      noLength |= name.known() == FieldName.CONTENT_LENGTH && header.value().isEmpty();
      boolean framing =
          name.known() == FieldName.CONTENT_LENGTH || name.known() == FieldName.TRANSFER_ENCODING;
      if (!framing && !header.value().isEmpty()) {
        kept.add(new Line(header, name));
      }
    }
    lines = kept.toArray(new Line[0]);
    replaced = others.toArray(new FieldName[0]);
    replacedKnown = known;
    hostSet = host;
    connectionSet = connection;
    lengthDropped = noLength;
    this.passClientFields = passClientFields;
    this.http11 = http11;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static long bit(int known) {
    return 1L << known;
  }

  /// True if requests go as HTTP/1.1.
  boolean isHttp11() {
    return http11;
  }

  /// True if `proxy_set_header` says what the connection is to be.
  boolean setsConnection() {
    return connectionSet;
  }

  /// Composes the head.
  ///
  /// @param length the length of the body, -1 for one in chunks, 0 for none
  /// @return true if the request asks for an upgrade of the connection
  boolean compose(
      Exchange exchange, ByteSink out, String method, String target, String host, long length) {
    RequestHead request = exchange.request();
    out.append(method).append(' ').append(target).append(http11 ? HTTP_11 : HTTP_10);
    if (!hostSet) {
      out.append(HOST).append(host).append(CRLF);
    }
    if (length > 0 || (length == 0 && request.contentLength() >= 0 && !lengthDropped)) {
      out.append(CONTENT_LENGTH).append(length).append(CRLF);
    } else if (length < 0) {
      out.append(CHUNKED);
    }
    boolean upgrade = false;
    for (Line line : lines) {
      int before = out.length();
      out.append(line.name);
      int value = out.length();
      line.value.appendTo(exchange, out);
      if (out.length() == value) {
        out.truncate(before);
        if (line.isHost && http11) {
          out.append(HOST).append(host).append(CRLF); // which HTTP/1.1 cannot do without
        }
      } else {
        upgrade |= line.isUpgrade;
        out.append(CRLF);
      }
    }
    if (passClientFields) {
      clientFields(request, out);
    }
    out.append(CRLF);
    return upgrade;
  }

  private void clientFields(RequestHead request, ByteSink out) {
    Fields fields = request.fields();
    byte[] data = fields.data();
    boolean nominates = request.connection().nominatesAny();
    for (int i = 0, n = fields.count(); i < n; i++) {
      int id = fields.known(i);
      boolean dropped =
          id != 0 ? (replacedKnown & 1L << id) != 0 : replaced.length != 0 && isReplaced(fields, i);
      if (dropped || (nominates && request.isNominatedByConnection(i))) {
        continue;
      }
      out.append(data, fields.nameStart(i), fields.nameLength(i))
          .append(COLON)
          .append(data, fields.valueStart(i), fields.valueLength(i))
          .append(CRLF);
    }
  }

  private boolean isReplaced(Fields fields, int i) {
    for (FieldName name : replaced) {
      if (fields.nameIs(i, name)) {
        return true;
      }
    }
    return false;
  }
}
