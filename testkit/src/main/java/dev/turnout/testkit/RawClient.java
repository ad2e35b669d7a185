package dev.turnout.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;

/// A client that sends exactly the bytes it is told, and reads responses one by one. Blocking; no
/// read waits longer than ten seconds.
public final class RawClient implements AutoCloseable {
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(10);

  private final Socket socket;
  private final OutputStream out;
  private final WireReader in;

  private RawClient(Socket socket) throws IOException {
    this.socket = socket;
    socket.setTcpNoDelay(true); // each send is a segment of its own
    socket.setSoTimeout((int) LONGEST_WAIT.toMillis());
    this.out = socket.getOutputStream();
    this.in = new WireReader(socket.getInputStream());
    in.forget();
  }

  /// Connects to a port of 127.0.0.1.
  public static RawClient connect(int port) throws IOException {
    return connect(port, new Socket());
  }

  /// Connects with a receive buffer of about that many bytes, for a reader that is slow.
  public static RawClient connectWithBuffer(int port, int bytes) throws IOException {
    Socket socket = new Socket();
    socket.setReceiveBufferSize(bytes); // counts only before the connection is made
    return connect(port, socket);
  }

  private static RawClient connect(int port, Socket socket) throws IOException {
    try {
      socket.connect(
          new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port),
          (int) LONGEST_WAIT.toMillis());
      return new RawClient(socket);
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /// One request on a connection of its own.
  public static RawResponse ask(int port, String request) throws IOException {
    try (RawClient client = connect(port)) {
      return client.send(request).readResponse(methodOf(request));
    }
  }

  /// `GET target` of `host` on a connection of its own.
  public static RawResponse get(int port, String host, String target) throws IOException {
    return ask(port, "GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
  }

  /// Our port of the connection.
  public int localPort() {
    return socket.getLocalPort();
  }

  public RawClient send(String bytes) throws IOException {
    out.write(bytes.getBytes(ISO_8859_1));
    return this;
  }

  /// One write for each byte.
  public RawClient sendByteByByte(String bytes) throws IOException {
    for (byte b : bytes.getBytes(ISO_8859_1)) {
      out.write(b);
    }
    return this;
  }

  /// Two or more writes, cut before the bytes at these ascending places.
  public RawClient sendSplit(String bytes, int... places) throws IOException {
    int from = 0;
    for (int place : places) {
      send(bytes.substring(from, place));
      from = place;
    }
    return send(bytes.substring(from));
  }

  /// `GET target` of `host`, and its response, on this connection.
  public RawResponse get(String host, String target) throws IOException {
    return send("GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n").readResponse();
  }

  /// Exactly one response to a GET or any other method but HEAD; an interim one (1xx) counts.
  public RawResponse readResponse() throws IOException {
    return readResponse("GET");
  }

  /// Exactly one response to `method`.
  ///
  /// @throws EOFException if the connection ends before the response does
  public RawResponse readResponse(String method) throws IOException {
    Head head = in.readHead();
    if (head == null) {
      throw new EOFException("closed instead of a response");
    }
    int status = RawResponse.status(head.startLine());
    Body body = in.readResponseBody(method, status, head.fields());
    return RawResponse.of(in.message(), head, body);
  }

  /// Exactly so many bytes, as they come.
  public String readBytes(int count) throws IOException {
    return in.readExactly(count);
  }

  /// What comes until the peer closes.
  public String readUntilClose() throws IOException {
    return in.readToEnd();
  }

  /// If the peer closes or resets in time. Bytes that come before count as not closed.
  public boolean closedWithin(Duration bound) throws IOException {
    socket.setSoTimeout((int) bound.toMillis());
    try {
      return in.read().isEmpty();
    } catch (SocketTimeoutException _) {
      return false;
    } catch (SocketException _) {
      return true; // reset
    } finally {
      socket.setSoTimeout((int) LONGEST_WAIT.toMillis());
    }
  }

  /// Ends our direction; the peer's stays open.
  public RawClient halfClose() throws IOException {
    socket.shutdownOutput();
    return this;
  }

  /// Ends the connection with a reset.
  public void reset() throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }

  private static String methodOf(String request) {
    return request.substring(0, request.indexOf(' '));
  }
}
