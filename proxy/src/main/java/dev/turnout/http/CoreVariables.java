package dev.turnout.http;

import dev.turnout.log.LogTime;
import dev.turnout.net.ListenAddress;
import dev.turnout.net.TcpState;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/// The variables of nginx's core: the request, the response so far, the connection and the time.
public final class CoreVariables implements HttpModule {
  private static final char[] HEX = "0123456789abcdef".toCharArray();
  private static final Path HOST_NAME = Path.of("/proc/sys/kernel/hostname");

  private static final Set<String> TLS =
      Set.of(
          "alpn_protocol",
          "cipher",
          "ciphers",
          "client_cert",
          "client_escaped_cert",
          "client_fingerprint",
          "client_i_dn",
          "client_i_dn_legacy",
          "client_raw_cert",
          "client_s_dn",
          "client_s_dn_legacy",
          "client_serial",
          "client_v_end",
          "client_v_remain",
          "client_v_start",
          "client_verify",
          "curve",
          "curves",
          "early_data",
          "protocol",
          "server_name",
          "session_id",
          "session_reused",
          "sigalg");

  @Override
  public void register(HttpRegistry http) {
    target(http);
    fields(http);
    connection(http);
    response(http);
    times(http);
    process(http);
    absent(http);
  }

  /// Empty as in nginx where there is no TLS, no newer protocol and no cache, which is everywhere.
  private static void absent(HttpRegistry http) {
    for (String name : List.of("http2", "http3")) {
      http.variable(name, _ -> "");
    }
    TLS.forEach(name -> http.variable("ssl_" + name, _ -> null));
    for (String name : List.of("status", "last_modified", "etag")) {
      http.variable("upstream_cache_" + name, _ -> null);
    }
  }

  private static void target(HttpRegistry http) {
    Variable args = Exchange::args;
    Variable path = Exchange::path;
    http.variable("args", args, new ArgsSetter());
    http.variable("query_string", args);
    http.variable("uri", path);
    http.variable("document_uri", path);
    http.variable("is_args", exchange -> isEmpty(exchange.args()) ? "" : "?");
    http.variables("arg_", name -> exchange -> argument(exchange.args(), name));
    http.variable("request_method", exchange -> exchange.main().method());
    http.variable("server_protocol", exchange -> protocol(exchange.request()));
    http.variable(
        "request",
        bytes((exchange, sink) -> {
          RequestHead head = exchange.request();
          int length = head.lineEnd() - head.lineStart();
          sink.append(head.data(), head.lineStart(), length);
          return length > 0;
        }));
    http.variable(
        "request_uri",
        bytes((exchange, sink) -> {
          RequestHead head = exchange.request();
          int length = head.targetEnd() - head.targetStart();
          sink.append(head.data(), head.targetStart(), length);
          return length > 0;
        }));
    http.variable("host", CoreVariables::host);
    http.variable("request_port", exchange -> port(exchange, ""));
    http.variable("is_request_port", exchange -> port(exchange, ":"));
    http.variable("scheme", _ -> "http");
    http.variable("https", _ -> "");
    http.variable("server_name", exchange -> exchange.server().name());
    http.variable("document_root", RequestFile::root);
    RealPaths realPaths = new RealPaths();
    http.variable("realpath_root", exchange -> realPaths.of(RequestFile.root(exchange), exchange));
    http.variable("request_filename", RequestFile::name);
    http.variable("request_body", exchange -> exchange.body().text());
    http.variable(
        "request_body_file",
        exchange -> {
          Path file = exchange.body().path();
          return file == null ? null : file.toString();
        });
  }

  /// What `set $args` does.
  private static final class ArgsSetter implements Variables.Setter {
    @Override
    public void set(Exchange exchange, String value) {
      exchange.args(value);
    }

    @Override
    public void unset(Exchange exchange) {
      exchange.args(null);
    }
  }

  private static void fields(HttpRegistry http) {
    http.variables("http_", name -> new RequestField(name, ", "));
    http.variable("http_cookie", new RequestField("cookie", "; "));
    http.variable("content_length", new RequestField("content_length", ", "));
    http.variable("content_type", new RequestField("content_type", ", "));
    http.variables("cookie_", name -> exchange -> cookie(exchange.request().fields(), name));
    http.variable("remote_user", CoreVariables::remoteUser);
  }

  private static void connection(HttpRegistry http) {
    http.variable(
        "remote_addr", bytes((exchange, sink) -> address(exchange.remoteAddress(), sink)));
    http.variable(
        "server_addr",
        bytes((exchange, sink) -> address(exchange.downstream().localAddress(), sink)));
    http.variable("remote_port", bytes((exchange, sink) -> port(exchange.remoteAddress(), sink)));
    http.variable(
        "server_port", bytes((exchange, sink) -> port(exchange.downstream().localAddress(), sink)));
    http.variable("binary_remote_addr", CoreVariables::binaryAddress);
    http.variable("connection", number(exchange -> exchange.downstream().connectionNumber()));
    http.variable("connection_requests", number(exchange -> exchange.downstream().requestNumber()));
    http.variable(
        "connection_time",
        bytes((exchange, sink) -> {
          long nanos = exchange.worker().nowNanos() - exchange.downstream().openedNanos();
          sink.appendSeconds(nanos / 1_000_000);
          return true;
        }));
    http.variable("request_length", number(CoreVariables::requestLength));
    http.variable("tcpinfo_rtt", tcp(TcpState::roundTripMicros));
    http.variable("tcpinfo_rttvar", tcp(TcpState::roundTripVarianceMicros));
    http.variable("tcpinfo_snd_cwnd", tcp(TcpState::congestionWindow));
    http.variable("tcpinfo_rcv_space", tcp(TcpState::receiveSpace));
    http.variable("pipe", exchange -> exchange.request().isSentAhead() ? "p" : ".");
    int id = http.variables().newSlot();
    http.variable("request_id", exchange -> requestId(exchange, id));
    proxyProtocol(http);
  }

  private static void proxyProtocol(HttpRegistry http) {
    http.variable("proxy_protocol_addr", told(false, CoreVariables::addressText));
    http.variable("proxy_protocol_port", told(false, inet -> Integer.toString(inet.getPort())));
    http.variable("proxy_protocol_server_addr", told(true, CoreVariables::addressText));
    http.variable(
        "proxy_protocol_server_port", told(true, inet -> Integer.toString(inet.getPort())));
    http.variables(
        "proxy_protocol_tlv_",
        name -> {
          ProxyHeader.Extension wanted = ProxyHeader.Extension.parse(name);
          return exchange -> {
            ProxyHeader header = exchange.downstream().proxyHeader();
            return header == null || wanted == null ? null : header.extension(wanted);
          };
        });
  }

  private static String addressText(InetSocketAddress inet) {
    return ListenAddress.numeric(inet.getAddress());
  }

  private static Variable told(boolean server, Function<InetSocketAddress, String> text) {
    return exchange -> {
      ProxyHeader header = exchange.downstream().proxyHeader();
      if (header == null) {
        return null;
      }
      InetSocketAddress address = server ? header.destination() : header.source();
      return address == null ? null : text.apply(address);
    };
  }

  private static void response(HttpRegistry http) {
    http.variable(
        "status",
        bytes((exchange, sink) -> {
          int status = exchange.response().status();
          sink.append((char) ('0' + status / 100))
              .append((char) ('0' + status / 10 % 10))
              .append((char) ('0' + status % 10));
          return true;
        }));
    http.variable("bytes_sent", number(exchange -> exchange.downstream().bytesSent()));
    http.variable("body_bytes_sent", number(Exchange::bodyBytesSent));
    http.variable("request_completion", exchange -> isComplete(exchange) ? "OK" : "");
    http.variables("sent_http_", ResponseField::new);
    http.variables(
        "sent_trailer_",
        name -> {
          String wanted = name.replace('_', '-');
          return exchange -> {
            List<String> values = exchange.response().trailers().all(wanted);
            return values.isEmpty() ? null : String.join(", ", values);
          };
        });
  }

  private static void times(HttpRegistry http) {
    LogTime time = http.environment().logs().time();
    http.variable("time_local", _ -> time.text(LogTime.Form.LOCAL));
    http.variable("time_iso8601", _ -> time.text(LogTime.Form.ISO8601));
    http.variable(
        "msec",
        bytes((exchange, sink) -> {
          sink.appendSeconds(exchange.worker().nowMillis());
          return true;
        }));
    http.variable(
        "request_time",
        bytes((exchange, sink) -> {
          long nanos = exchange.worker().nowNanos() - exchange.startNanos();
          sink.appendSeconds(nanos / 1_000_000);
          return true;
        }));
  }

  private static void process(HttpRegistry http) {
    String host = hostName();
    String pid = Long.toString(ProcessHandle.current().pid());
    http.variable("hostname", _ -> host);
    http.variable("pid", _ -> pid);
    http.variable("nginx_version", _ -> Product.NGINX_VERSION);
  }

  private static Variable bytes(ByteVariable variable) {
    return variable;
  }

  /// A number of an exchange.
  private interface Count {
    long of(Exchange exchange);
  }

  private static Variable number(Count number) {
    return bytes((exchange, sink) -> {
      sink.append(number.of(exchange));
      return true;
    });
  }

  private static Variable tcp(ToLongFunction<TcpState> number) {
    return exchange -> {
      TcpState state = exchange.downstream().tcpState();
      return state == null ? null : Long.toString(number.applyAsLong(state));
    };
  }

  private static boolean isEmpty(@Nullable String text) {
    return text == null || text.isEmpty();
  }

  private static String protocol(RequestHead head) {
    return switch (head.version()) {
      case 10 -> "HTTP/1.0";
      case 20 -> "HTTP/2.0";
      default -> "HTTP/1.1";
    };
  }

  private static String host(Exchange exchange) {
    String host = exchange.request().host();
    return host == null ? exchange.server().name() : host;
  }

  private static String port(Exchange exchange, String before) {
    int port = exchange.request().hostPort();
    return port == 0 ? "" : before.isEmpty() ? Integer.toString(port) : before;
  }

  /// The value of `name` in a query, found in any case; null if it is not there.
  public static @Nullable String argument(@Nullable String args, String name) {
    if (args == null) {
      return null;
    }
    int length = name.length();
    for (int at = 0; at >= 0 && at + length < args.length(); at = next(args, at)) {
      if (args.charAt(at + length) == '=' && args.regionMatches(true, at, name, 0, length)) {
        int start = at + length + 1;
        int end = args.indexOf('&', start);
        return args.substring(start, end < 0 ? args.length() : end);
      }
    }
    return null;
  }

  private static int next(String args, int at) {
    int ampersand = args.indexOf('&', at);
    return ampersand < 0 ? -1 : ampersand + 1;
  }

  private static @Nullable String cookie(Fields fields, String name) {
    for (int i = fields.find(FieldName.COOKIE); i >= 0; i = fields.findAfter(i, FieldName.COOKIE)) {
      String value = cookie(fields.value(i), name);
      if (value != null) {
        return value;
      }
    }
    return null;
  }

  /// The value of the cookie `name` in a `Cookie` field; the name in any case, as in nginx.
  public static @Nullable String cookie(String field, String name) {
    int at = 0;
    while (at < field.length()) {
      if (field.regionMatches(true, at, name, 0, name.length())) {
        int equals = skipSpaces(field, at + name.length());
        if (equals < field.length() && field.charAt(equals) == '=') {
          int start = skipSpaces(field, equals + 1);
          int end = field.indexOf(';', start);
          return field.substring(start, end < 0 ? field.length() : end);
        }
      }
      while (at < field.length() && field.charAt(at) != ';') {
        at++;
      }
      at = skipSpaces(field, at + 1);
    }
    return null;
  }

  /// The value of the cookie `name` in a `Set-Cookie` field; null if it sets another.
  public static @Nullable String cookieSet(String field, String name) {
    if (!field.regionMatches(true, 0, name, 0, name.length())) {
      return null;
    }
    int equals = skipSpaces(field, name.length());
    if (equals >= field.length() || field.charAt(equals) != '=') {
      return null;
    }
    int start = skipSpaces(field, equals + 1);
    int end = field.indexOf(';', start);
    return field.substring(start, end < 0 ? field.length() : end);
  }

  private static int skipSpaces(String text, int from) {
    int at = from;
    while (at < text.length() && text.charAt(at) == ' ') {
      at++;
    }
    return at;
  }

  private static @Nullable String remoteUser(Exchange exchange) {
    String value = exchange.request().fields().first(FieldName.AUTHORIZATION);
    return value == null ? null : basicUser(value);
  }

  /// The user name in `Basic …` credentials (RFC 7617), or null.
  static @Nullable String basicUser(String credentials) {
    if (!credentials.regionMatches(true, 0, "Basic ", 0, 6)) {
      return null;
    }
    try {
      byte[] plain = Base64.getDecoder().decode(credentials.substring(6).strip());
      String text = new String(plain, StandardCharsets.ISO_8859_1);
      int colon = text.indexOf(':');
      return colon < 0 ? null : text.substring(0, colon);
    } catch (IllegalArgumentException _) {
      return null;
    }
  }

  private static boolean address(SocketAddress address, ByteSink sink) {
    if (!(address instanceof InetSocketAddress inet) || inet.getAddress() == null) {
      sink.append(ListenAddress.text(address));
      return true;
    }
    if (inet.getAddress() instanceof Inet4Address v4) {
      byte[] octets = v4.getAddress();
      sink.append(octets[0] & 0xff);
      for (int i = 1; i < octets.length; i++) {
        sink.append('.').append(octets[i] & 0xff);
      }
    } else {
      sink.append(ListenAddress.numeric(inet.getAddress()));
    }
    return true;
  }

  private static boolean port(SocketAddress address, ByteSink sink) {
    if (address instanceof InetSocketAddress inet && inet.getPort() > 0) {
      sink.append(inet.getPort());
    }
    return true;
  }

  private static @Nullable String binaryAddress(Exchange exchange) {
    SocketAddress remote = exchange.remoteAddress();
    InetAddress address = remote instanceof InetSocketAddress inet ? inet.getAddress() : null;
    return address == null
        ? "unix:"
        : new String(address.getAddress(), StandardCharsets.ISO_8859_1);
  }

  /// The head, and as much of the body as was asked for.
  private static long requestLength(Exchange exchange) {
    return exchange.request().receivedLength() + exchange.body().length();
  }

  /// True once everything that was announced is with the socket.
  private static boolean isComplete(Exchange exchange) {
    Response response = exchange.response();
    if (!exchange.isHeadSent() || response.status() == Status.CLIENT_CLOSED) {
      return false;
    }
    return exchange.isHead() || exchange.bodyBytesSent() >= response.contentLength();
  }

  private static String requestId(Exchange exchange, int slot) {
    String id = exchange.stored(slot);
    if (id == null) {
      ThreadLocalRandom random = ThreadLocalRandom.current();
      StringBuilder out = new StringBuilder(32);
      hex(hex(out, random.nextLong()), random.nextLong());
      id = out.toString();
      exchange.setStored(slot, id);
    }
    return id;
  }

  private static StringBuilder hex(StringBuilder out, long bits) {
    for (int shift = 60; shift >= 0; shift -= 4) {
      out.append(HEX[(int) (bits >>> shift) & 15]);
    }
    return out;
  }

  private static String hostName() {
    try {
      return Files.readString(HOST_NAME).strip().toLowerCase(Locale.ROOT);
    } catch (IOException _) {
      return "localhost";
    }
  }
}
