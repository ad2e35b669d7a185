package dev.turnout.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.util.OptionalInt;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A connection that a fake upstream accepted. A script plays on it from top to bottom: read a
/// request, send bytes, wait for a latch of the test, close.
public final class ServedConnection {
  private final int number;
  private final Socket socket;
  private final OutputStream out;
  private final WireReader in;
  private final Consumer<RecordedRequest> record;
  private int requests;

  ServedConnection(int number, Socket socket, boolean remembers, Consumer<RecordedRequest> record)
      throws IOException {
    this.number = number;
    this.socket = socket;
    socket.setTcpNoDelay(true);
    this.out = socket.getOutputStream();
    this.in = new WireReader(socket.getInputStream());
    if (!remembers) {
      in.forget();
    }
    this.record = record;
  }

  /// Counted from 0 in the order of acceptance.
  public int number() {
    return number;
  }

  /// The next request with its body, recorded; null when the peer closed instead.
  public @Nullable RecordedRequest read() throws IOException {
    Head head = in.readHead();
    if (head == null) {
      return null;
    }
    Body body = in.readRequestBody(head.fields());
    RecordedRequest request = RecordedRequest.of(number, requests++, in.message(), head, body);
    record.accept(request);
    return request;
  }

  public ServedConnection send(String bytes) throws IOException {
    out.write(bytes.getBytes(ISO_8859_1));
    return this;
  }

  /// One write for each byte.
  public ServedConnection sendByteByByte(String bytes) throws IOException {
    for (byte b : bytes.getBytes(ISO_8859_1)) {
      out.write(b);
    }
    return this;
  }

  /// Exactly so many bytes, as they come.
  public String readBytes(int count) throws IOException {
    return in.readExactly(count);
  }

  /// Waits until the peer closes or resets, and returns what it sent before.
  public String awaitClose() {
    StringBuilder last = new StringBuilder();
    try {
      for (OptionalInt c = in.read(); c.isPresent(); c = in.read()) {
        last.append((char) c.getAsInt());
      }
    } catch (IOException _) {
      // reset: an end like any other
    }
    return last.toString();
  }

  /// Sends back whatever comes, until the peer closes.
  public void echo() throws IOException {
    for (OptionalInt c = in.read(); c.isPresent(); c = in.read()) {
      out.write(c.getAsInt());
    }
  }

  /// Ends our direction; the peer's stays open.
  public ServedConnection halfClose() throws IOException {
    socket.shutdownOutput();
    return this;
  }

  public void close() throws IOException {
    socket.close();
  }

  /// Ends the connection with a reset.
  public void reset() throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  String received() {
    return in.everything();
  }
}
