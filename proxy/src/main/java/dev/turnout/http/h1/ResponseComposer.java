package dev.turnout.http.h1;

import dev.turnout.http.ByteSink;
import dev.turnout.http.CoreSettings;
import dev.turnout.http.Exchange;
import dev.turnout.http.Fields;
import dev.turnout.http.HttpDate;
import dev.turnout.http.Response;
import dev.turnout.http.ResponseHeaders;
import dev.turnout.http.Status;
import dev.turnout.net.ListenAddress;
import dev.turnout.net.Worker;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// Composes response heads in nginx's order. One for each loop, confined to it.
final class ResponseComposer {
  private static final byte[] SERVER = bytes("Server: ");
  private static final byte[] DATE = bytes("Date: ");
  private static final byte[] CONTENT_TYPE = bytes("Content-Type: ");
  private static final byte[] CONTENT_LENGTH = bytes("Content-Length: ");
  private static final byte[] LAST_MODIFIED = bytes("Last-Modified: ");
  private static final byte[] LOCATION = bytes("Location: ");
  private static final byte[] CHUNKED = bytes("Transfer-Encoding: chunked\r\n");
  private static final byte[] KEEP_ALIVE = bytes("Connection: keep-alive\r\n");
  private static final byte[] KEEP_ALIVE_TIMEOUT = bytes("Keep-Alive: timeout=");
  private static final byte[] CLOSE = bytes("Connection: close\r\n");
  private static final byte[] UPGRADE = bytes("Connection: upgrade\r\n");
  private static final byte[] HTTP = bytes("HTTP/1.1 ");
  private static final byte[] CRLF = bytes("\r\n");
  private static final byte[] COLON = bytes(": ");

  private final Worker worker;
  private final ByteSink sink = new ByteSink(new byte[0]);
  private long dateSecond = Long.MIN_VALUE;
  private byte[] dateLine = CRLF;

  ResponseComposer(Worker worker) {
    this.worker = worker;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  /// Composes the head of the exchange's response in the loop's scratch space; valid until the next
  /// head is composed on this loop.
  ByteSink compose(Exchange exchange, boolean chunked, boolean keepAlive) {
    Response response = exchange.response();
    CoreSettings core = exchange.core();
    ByteSink out = sink.reset(worker.scratch());
    statusLine(out, response);
    String server = response.server() != null ? response.server() : core.serverHeader();
    if (server != null && !server.isEmpty()) {
      out.append(SERVER).append(server).append(CRLF);
    }
    String date = response.date();
    if (date == null) {
      out.append(dateLine());
    } else if (!date.isEmpty()) {
      out.append(DATE).append(date).append(CRLF);
    }
    field(out, CONTENT_TYPE, response.contentType());
    if (response.contentLength() >= 0 && !chunked) {
      out.append(CONTENT_LENGTH).append(response.contentLength()).append(CRLF);
    }
    field(out, LAST_MODIFIED, response.lastModified());
    location(out, exchange, response.location(), core);
    if (chunked) {
      out.append(CHUNKED);
    }
    if (response.status() == 101) {
      out.append(UPGRADE);
    } else if (keepAlive) {
      out.append(KEEP_ALIVE);
      if (core.keepaliveHeaderSeconds() >= 0) {
        out.append(KEEP_ALIVE_TIMEOUT).append(core.keepaliveHeaderSeconds()).append(CRLF);
      }
    } else {
      out.append(CLOSE);
    }
    Fields passed = response.passed();
    if (passed != null) {
      passed(out, response, passed);
    }
    ResponseHeaders headers = response.headers();
    for (int i = 0; i < headers.count(); i++) {
      out.append(headers.name(i)).append(COLON).append(headers.value(i)).append(CRLF);
    }
    return out.append(CRLF);
  }

  private static void statusLine(ByteSink out, Response response) {
    String reason = response.reason();
    if (reason == null) {
      out.append(Status.line(response.status()));
    } else {
      out.append(HTTP).append(response.status()).append(' ').append(reason).append(CRLF);
    }
  }

  private static void field(ByteSink out, byte[] name, @Nullable String value) {
    if (value != null) {
      out.append(name).append(value).append(CRLF);
    }
  }

  private static void passed(ByteSink out, Response response, Fields fields) {
    byte[] data = fields.data();
    for (int i = 0, n = fields.count(); i < n; i++) {
      if (!response.isWithheld(i)) {
        out.append(data, fields.nameStart(i), fields.nameLength(i))
            .append(COLON)
            .append(data, fields.valueStart(i), fields.valueLength(i))
            .append(CRLF);
      }
    }
  }

  private static void location(
      ByteSink out, Exchange exchange, @Nullable String location, CoreSettings core) {
    if (location == null) {
      return;
    }
    out.append(LOCATION);
    if (location.startsWith("/") && core.absoluteRedirect()) {
      out.append("http://").append(redirectHost(exchange, core));
      SocketAddress local = exchange.downstream().localAddress();
      if (core.portInRedirect()
          && local instanceof InetSocketAddress inet
          && inet.getPort() != 80) {
        out.append(':').append(inet.getPort());
      }
    }
    out.append(location).append(CRLF);
  }

  private static String redirectHost(Exchange exchange, CoreSettings core) {
    String host = exchange.request().host();
    if (core.serverNameInRedirect() && !exchange.server().name().isEmpty()) {
      return exchange.server().name();
    }
    if (host != null) {
      return host;
    }
    return exchange.downstream().localAddress() instanceof InetSocketAddress inet
        ? ListenAddress.host(inet)
        : "localhost";
  }

  /// Appends the lines of an informational response (1xx) with its fields.
  ByteSink informational(int status, ResponseHeaders fields) {
    ByteSink out = sink.reset(worker.scratch());
    out.append(Status.line(status));
    for (int i = 0; i < fields.count(); i++) {
      out.append(fields.name(i)).append(COLON).append(fields.value(i)).append(CRLF);
    }
    return out.append(CRLF);
  }

  private byte[] dateLine() {
    long second = worker.nowMillis() / 1000;
    if (second != dateSecond) {
      dateSecond = second;
      dateLine = bytes("Date: " + HttpDate.format(second) + "\r\n");
    }
    return dateLine;
  }
}
