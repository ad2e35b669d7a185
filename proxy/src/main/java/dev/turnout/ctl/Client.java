package dev.turnout.ctl;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Asks one control API: a request a connection. The JDK's own client knows no unix sockets.
final class Client {
  private static final int LARGEST_HEAD = 64 * 1024;

  private final Endpoint endpoint;
  private final String key;

  /// @param key `NAME.SECRET`; empty for none
  Client(Endpoint endpoint, String key) {
    this.endpoint = endpoint;
    this.key = key;
  }

  /// An answer, read to its end.
  record Reply(int status, Map<String, String> fields, String body) {}

  /// An answer that goes on for as long as it is read.
  record Stream(int status, InputStream body, SocketChannel channel) implements AutoCloseable {
    @Override
    public void close() throws IOException {
      channel.close();
    }
  }

  /// Asks and reads the whole answer.
  ///
  /// @param target what follows the location's path
  /// @param body JSON; null for none
  /// @param fields more fields of the request
  Reply ask(String method, String target, @Nullable String body, Map<String, String> fields)
      throws IOException {
    try (SocketChannel channel = connect()) {
      send(channel, method, target, body, fields);
      InputStream in = new BufferedInputStream(Channels.newInputStream(channel));
      Head head = head(in);
      return new Reply(head.status, head.fields, new String(body(in, head).readAllBytes(), UTF_8));
    }
  }

  /// Asks for something that is streamed.
  Stream stream(String target, Map<String, String> fields) throws IOException {
    SocketChannel channel = connect();
    try {
      send(channel, "GET", target, null, fields);
      InputStream in = new BufferedInputStream(Channels.newInputStream(channel));
      Head head = head(in);
      return new Stream(head.status, body(in, head), channel);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private SocketChannel connect() throws IOException {
    if (!(endpoint.address() instanceof InetSocketAddress inet)) {
      return SocketChannel.open(endpoint.address());
    }
    IOException last = new IOException("host not found");
    for (InetAddress address : InetAddress.getAllByName(inet.getHostString())) {
      try {
        return SocketChannel.open(new InetSocketAddress(address, inet.getPort()));
      } catch (IOException e) {
        last = e;
      }
    }
    throw last;
  }

  private void send(
      SocketChannel channel,
      String method,
      String target,
      @Nullable String body,
      Map<String, String> fields)
      throws IOException {
    StringBuilder head = new StringBuilder(256);
    head.append(method).append(' ').append(endpoint.target(target)).append(" HTTP/1.1\r\n");
    head.append("Host: ").append(endpoint.host()).append("\r\nConnection: close\r\n");
    head.append("User-Agent: turnout-ctl\r\n");
    if (!key.isEmpty()) {
      head.append("Authorization: Bearer ").append(key).append("\r\n");
    }
    fields.forEach((name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
    byte[] bytes = body == null ? new byte[0] : body.getBytes(UTF_8);
    if (body != null) {
      head.append("Content-Type: application/json\r\nContent-Length: ").append(bytes.length);
      head.append("\r\n");
    }
    head.append("\r\n");
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.write(head.toString().getBytes(ISO_8859_1));
    all.write(bytes);
    ByteBuffer out = ByteBuffer.wrap(all.toByteArray());
    while (out.hasRemaining()) {
      channel.write(out);
    }
  }

  private record Head(int status, Map<String, String> fields) {
    String field(String name) {
      return fields.getOrDefault(name, "");
    }
  }

  private static Head head(InputStream in) throws IOException {
    String[] start = line(in).split(" ", 3);
    if (start.length < 2 || !start[0].startsWith("HTTP/1.") || !start[1].matches("[1-5]\\d\\d")) {
      throw new IOException("this is not an HTTP server");
    }
    Map<String, String> fields = new HashMap<>();
    for (String line = line(in); !line.isEmpty(); line = line(in)) {
      int colon = line.indexOf(':');
      if (colon > 0) {
        fields.put(
            line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).strip());
      }
    }
    return new Head(Integer.parseInt(start[1]), fields);
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new EOFException("the node closed the connection");
      }
      if (line.length() > LARGEST_HEAD) {
        throw new IOException("the node sends a line that does not end");
      }
      line.append((char) c);
    }
    int end = line.length();
    return end > 0 && line.charAt(end - 1) == '\r' ? line.substring(0, end - 1) : line.toString();
  }

  private static InputStream body(InputStream in, Head head) {
    if (head.field("transfer-encoding").equalsIgnoreCase("chunked")) {
      return new Chunks(in);
    }
    String length = head.field("content-length");
    return length.isEmpty() ? in : new Limited(in, Long.parseLong(length));
  }

  /// What is left of a body, or of a chunk of one; hands on what has come, as it comes.
  private abstract static class Framed extends InputStream {
    final InputStream in;
    long left;

    Framed(InputStream in, long left) {
      this.in = in;
      this.left = left;
    }

    /// Whether more follows when nothing is left.
    abstract boolean goesOn() throws IOException;

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] to, int from, int most) throws IOException {
      if (left == 0 && !goesOn()) {
        return -1;
      }
      int read = in.read(to, from, (int) Math.min(most, left));
      if (read < 0) {
        throw new EOFException("the answer was cut short");
      }
      left -= read;
      return read;
    }
  }

  private static final class Limited extends Framed {
    Limited(InputStream in, long length) {
      super(in, length);
    }

    @Override
    boolean goesOn() {
      return false;
    }
  }

  private static final class Chunks extends Framed {
    private boolean first = true;
    private boolean over;

    Chunks(InputStream in) {
      super(in, 0);
    }

    @Override
    boolean goesOn() throws IOException {
      if (over) {
        return false;
      }
      if (!first) {
        line(in); // the end of the chunk before
      }
      first = false;
      String size = line(in);
      int semicolon = size.indexOf(';');
      left = Long.parseLong((semicolon < 0 ? size : size.substring(0, semicolon)).strip(), 16);
      over = left == 0;
      return !over;
    }
  }
}
