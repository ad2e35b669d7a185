package dev.turnout.admin.gate;

import dev.turnout.app.TestProxy;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/// A node with a switch, and a client that says exactly what it is told.
final class SwitchSite implements AutoCloseable {
  static final String SECRET = "correct-horse-battery-staple";

  private final TestProxy proxy;

  private SwitchSite(TestProxy proxy) {
    this.proxy = proxy;
  }

  /// An answer as it came.
  record Answer(int status, String head, String body) {
    boolean has(String field) {
      return head.toLowerCase(Locale.ROOT).contains("\r\n" + field.toLowerCase(Locale.ROOT));
    }
  }

  /// With these directives in the location of the switch.
  static SwitchSite with(String location) {
    return with("listen 127.0.0.1:0;", location, "");
  }

  static SwitchSite with(String listen, String location, String http) {
    return new SwitchSite(TestProxy.start(configuration(listen, location, http)));
  }

  static String configuration(String listen, String location, String http) {
    return """
    keyval_zone zone=switch:64k;
    keyval $host $ups zone=switch default=blue;
    upstream blue { server 127.0.0.1:1; }
    upstream green { server 127.0.0.1:2; }
    upstream web-1 { server 127.0.0.1:3; }
    %s
    server {
      %s
      server_name a.test *.example.com ~^r[0-9]+\\.test$;
      error_log logs/error.log notice;
      location = /switch {
        upstream_switch zone=switch;
        upstream_switch_allow 10.0.0.0/8;
        %s
      }
      location = /which { return 200 $ups; }
      location = /lead { rewrite ^ /switch?ups=green last; }
    }
    """
        .formatted(http, listen, location);
  }

  /// A file of keys, each with [#SECRET], from lines `name:role`.
  static Path keys(Path directory, String... namesAndRoles) throws IOException {
    StringBuilder lines = new StringBuilder("# keys\n\n");
    for (String one : namesAndRoles) {
      lines.append(one).append(':').append(KeyHash.of(SECRET, 1000)).append('\n');
    }
    return Files.writeString(directory.resolve("keys"), lines);
  }

  static String bearer(String name) {
    return "Authorization: Bearer " + name + "." + SECRET;
  }

  TestProxy proxy() {
    return proxy;
  }

  SocketAddress address() {
    return new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), proxy.port());
  }

  /// `GET` of `a.test` with further header lines.
  Answer get(String target, String... fields) throws IOException {
    return ask("GET " + target + " HTTP/1.1\r\nHost: a.test", "", fields);
  }

  /// `POST` of a form.
  Answer post(String target, String body, String... fields) throws IOException {
    return ask(
        "POST " + target + " HTTP/1.1\r\nHost: a.test\r\nContent-Length: " + body.length(),
        body,
        fields);
  }

  Answer ask(String head, String body, String... fields) throws IOException {
    return ask(address(), head, body, fields);
  }

  static Answer ask(SocketAddress to, String head, String body, String... fields)
      throws IOException {
    String lines = fields.length == 0 ? "" : "\r\n" + String.join("\r\n", fields);
    String request = head + lines + "\r\nConnection: close\r\n\r\n" + body;
    try (SocketChannel channel =
        to instanceof UnixDomainSocketAddress
            ? SocketChannel.open(StandardProtocolFamily.UNIX)
            : SocketChannel.open()) {
      channel.connect(to);
      channel.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.ISO_8859_1)));
      ByteBuffer read = ByteBuffer.allocate(64 * 1024);
      while (channel.read(read) >= 0) {
        // until it closes
      }
      String raw = new String(read.array(), 0, read.position(), StandardCharsets.ISO_8859_1);
      int end = raw.indexOf("\r\n\r\n");
      if (end < 0) {
        throw new IOException("not a response: " + raw);
      }
      return new Answer(
          Integer.parseInt(raw, 9, 12, 10), raw.substring(0, end), raw.substring(end + 4));
    }
  }

  /// Where requests of a host go.
  String which(String host) throws IOException {
    return ask("GET /which HTTP/1.1\r\nHost: " + host, "").body();
  }

  /// The lines of a file, bytes as chars.
  static List<String> lines(Path file) throws IOException {
    return Files.readAllLines(file, StandardCharsets.ISO_8859_1);
  }

  @Override
  public void close() {
    proxy.close();
  }
}
