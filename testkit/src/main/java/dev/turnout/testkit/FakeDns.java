package dev.turnout.testkit;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// A name server on 127.0.0.1, UDP and TCP on the same port, that says what the test says and
/// remembers what it was asked. A name that it was not told does not exist.
public final class FakeDns implements AutoCloseable {
  private static final int SERVFAIL = 2;
  private static final int NXDOMAIN = 3;
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(20);

  /// A question as it came.
  ///
  /// @param type `A`, `AAAA`, `SRV`, or a number
  public record Question(String name, String type, boolean overTcp) {}

  private sealed interface Script {
    record Records(List<DnsRecord> records) implements Script {}

    record Code(int code) implements Script {}

    record Silence() implements Script {}

    /// Over UDP the answer is cut short, over TCP it is whole.
    record OverTcpOnly(List<DnsRecord> records) implements Script {}
  }

  private final DatagramSocket datagrams;
  private final ServerSocket listener;
  // Guarded by this:
  private final Map<String, Script> scripts = new HashMap<>();
  private final List<Question> questions = new ArrayList<>();

  private FakeDns(DatagramSocket datagrams, ServerSocket listener) {
    this.datagrams = datagrams;
    this.listener = listener;
    Thread.ofVirtual().name("dns-udp").start(this::serveDatagrams);
    Thread.ofVirtual().name("dns-tcp").start(this::accept);
  }

  public static FakeDns start() {
    InetAddress loopback = InetAddress.ofLiteral("127.0.0.1");
    while (true) {
      int port = Ports.free();
      try {
        DatagramSocket datagrams = new DatagramSocket(new InetSocketAddress(loopback, port));
        try {
          return new FakeDns(datagrams, new ServerSocket(port, 50, loopback));
        } catch (IOException e) {
          datagrams.close();
          throw e;
        }
      } catch (IOException _) {
        // the port is taken for one of the two: another
      }
    }
  }

  /// From now on the name has these records; with none it exists and has nothing.
  public FakeDns says(String name, DnsRecord... records) {
    return script(name, new Script.Records(List.of(records)));
  }

  /// From now on the name has these addresses, for so long.
  public FakeDns addresses(String name, int ttlSeconds, String... literals) {
    DnsRecord[] records = new DnsRecord[literals.length];
    for (int i = 0; i < records.length; i++) {
      records[i] = DnsRecord.address(ttlSeconds, literals[i]);
    }
    return says(name, records);
  }

  /// From now on the server fails when it is asked for the name.
  public FakeDns fails(String name) {
    return fails(name, SERVFAIL);
  }

  public FakeDns fails(String name, int code) {
    return script(name, new Script.Code(code));
  }

  public FakeDns forgets(String name) {
    return script(name, new Script.Code(NXDOMAIN));
  }

  public FakeDns silentAbout(String name) {
    return script(name, new Script.Silence());
  }

  public FakeDns overTcpOnly(String name, DnsRecord... records) {
    return script(name, new Script.OverTcpOnly(List.of(records)));
  }

  private synchronized FakeDns script(String name, Script script) {
    scripts.put(name.toLowerCase(Locale.ROOT), script);
    return this;
  }

  public int port() {
    return listener.getLocalPort();
  }

  /// `127.0.0.1:port`, as configurations want it.
  public String address() {
    return "127.0.0.1:" + port();
  }

  /// What it was asked so far.
  public synchronized List<Question> questions() {
    return List.copyOf(questions);
  }

  /// How often it was asked for this name, for whatever type.
  public synchronized int questionsFor(String name) {
    return (int) questions.stream().filter(one -> one.name().equals(name)).count();
  }

  /// Waits until it was asked for the name so many times.
  public synchronized void awaitQuestions(String name, int count) throws InterruptedException {
    long end = System.nanoTime() + LONGEST_WAIT.toNanos();
    while (questionsFor(name) < count) {
      long millis = (end - System.nanoTime()) / 1_000_000;
      if (millis <= 0) {
        throw new AssertionError("asked for less than " + count + " times: " + questions);
      }
      wait(millis);
    }
  }

  private void serveDatagrams() {
    byte[] buffer = new byte[4096];
    try {
      while (true) {
        DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
        datagrams.receive(packet);
        byte[] answer = answer(packet.getData(), packet.getLength(), false);
        if (answer.length > 0) {
          datagrams.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
        }
      }
    } catch (IOException _) {
      // closed: the test is over
    }
  }

  private void accept() {
    try {
      while (true) {
        Socket socket = listener.accept();
        Thread.ofVirtual().name("dns-tcp").start(() -> serve(socket));
      }
    } catch (IOException _) {
      // closed: the test is over
    }
  }

  private void serve(Socket socket) {
    try (socket;
        DataInputStream in = new DataInputStream(socket.getInputStream());
        DataOutputStream out = new DataOutputStream(socket.getOutputStream())) {
      while (true) {
        byte[] asked = in.readNBytes(in.readUnsignedShort());
        byte[] answer = answer(asked, asked.length, true);
        if (answer.length > 0) {
          out.writeShort(answer.length);
          out.write(answer);
          out.flush();
        }
      }
    } catch (IOException _) {
      // whoever asked has left
    }
  }

  /// The whole response; empty for silence.
  private byte[] answer(byte[] asked, int length, boolean tcp) throws IOException {
    StringBuilder name = new StringBuilder();
    int at = 12;
    while (asked[at] != 0) {
      int size = asked[at];
      name.append(name.isEmpty() ? "" : ".")
          .append(new String(asked, at + 1, size, StandardCharsets.ISO_8859_1));
      at += 1 + size;
    }
    int type = (asked[at + 1] & 0xff) << 8 | (asked[at + 2] & 0xff);
    int questionEnd = Math.min(length, at + 5);
    Script script = asked(new Question(name.toString(), typeName(type), tcp));
    return switch (script) {
      case Script.Silence() -> new byte[0];
      case Script.Code(int code) -> response(asked, questionEnd, code, false, List.of());
      case Script.Records(var records) ->
          response(asked, questionEnd, 0, false, matching(records, type));
      case Script.OverTcpOnly(var records) ->
          response(asked, questionEnd, 0, !tcp, tcp ? matching(records, type) : List.of());
    };
  }

  private synchronized Script asked(Question question) {
    questions.add(question);
    notifyAll();
    return scripts.getOrDefault(
        question.name().toLowerCase(Locale.ROOT), new Script.Code(NXDOMAIN));
  }

  private static List<DnsRecord> matching(List<DnsRecord> records, int type) {
    return records.stream()
        .filter(record -> record.type() == type || record.type() == DnsRecord.CNAME)
        .toList();
  }

  private static byte[] response(
      byte[] asked, int questionEnd, int code, boolean truncated, List<DnsRecord> records)
      throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.write(asked, 0, 2);
    out.writeShort(0x8180 | (truncated ? 0x0200 : 0) | code);
    out.writeShort(1);
    out.writeShort(records.size());
    out.writeInt(0);
    out.write(asked, 12, questionEnd - 12);
    for (DnsRecord record : records) {
      out.writeShort(0xc00c); // the name in the question
      record.writeTo(out);
    }
    return bytes.toByteArray();
  }

  private static String typeName(int type) {
    return switch (type) {
      case DnsRecord.A -> "A";
      case DnsRecord.AAAA -> "AAAA";
      case DnsRecord.SRV -> "SRV";
      default -> Integer.toString(type);
    };
  }

  @Override
  public void close() {
    datagrams.close();
    try {
      listener.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
