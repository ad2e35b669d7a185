package dev.turnout.log;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A syslog server (RFC 3164) that is sent one datagram a line, over UDP or a unix socket, with
/// nginx's parameters. Its socket is used by the log writer's thread only.
public final class Syslog implements LogSink {
  private static final List<String> FACILITIES =
      List.of(
          "kern",
          "user",
          "mail",
          "daemon",
          "auth",
          "intern",
          "lpr",
          "news",
          "uucp",
          "clock",
          "authpriv",
          "ftp",
          "ntp",
          "audit",
          "alert",
          "cron",
          "local0",
          "local1",
          "local2",
          "local3",
          "local4",
          "local5",
          "local6",
          "local7");
  private static final int DEFAULT_PORT = 514;
  private static final int TAG_CHARS = 32;

  private final LogFiles files;
  private final SocketAddress server;
  private final int facility;
  private final Level severity;
  private final String origin;
  private @Nullable DatagramChannel channel;
  private @Nullable UnixDatagrams unix;
  private long reportedSecond = Long.MIN_VALUE / 2;

  private Syslog(
      LogFiles files, SocketAddress server, int facility, Level severity, String origin) {
    this.files = files;
    this.server = server;
    this.facility = facility;
    this.severity = severity;
    this.origin = origin;
  }

  /// Reads `syslog:server=…[,facility=…][,severity=…][,tag=…][,nohostname]`; what is wrong with it
  /// is thrown as an `IllegalArgumentException` in nginx's words.
  static Syslog parse(String argument, LogFiles files) {
    SocketAddress server = null;
    int facility = FACILITIES.indexOf("local7");
    Level severity = Level.INFO;
    String tag = "nginx";
    boolean named = true;
    Set<String> seen = new HashSet<>();
    for (String parameter : argument.substring("syslog:".length()).split(",", -1)) {
      int equals = parameter.indexOf('=');
      String key = equals < 0 ? parameter : parameter.substring(0, equals);
      String value = parameter.substring(equals + 1);
      if (!seen.add(key)) {
        throw new IllegalArgumentException("duplicate syslog \"" + key + "\"");
      }
      switch (key) {
        case "server" -> server = address(value);
        case "facility" -> facility = facility(value);
        case "severity" ->
            severity =
                Level.named(value)
                    .orElseThrow(() ->
                        new IllegalArgumentException("unknown syslog severity \"" + value + "\""));
        case "tag" -> tag = tag(value);
        case "nohostname" -> named = false;
        default ->
            throw new IllegalArgumentException("unknown syslog parameter \"" + parameter + "\"");
      }
    }
    if (server == null) {
      throw new IllegalArgumentException("no syslog server specified");
    }
    String origin = named ? hostName() + " " + tag + ": " : tag + ": ";
    return new Syslog(files, server, facility, severity, origin);
  }

  private static int facility(String value) {
    int facility = FACILITIES.indexOf(value);
    if (facility < 0) {
      throw new IllegalArgumentException("unknown syslog facility \"" + value + "\"");
    }
    return facility;
  }

  private static String tag(String value) {
    if (value.length() > TAG_CHARS) {
      throw new IllegalArgumentException("syslog tag length exceeds " + TAG_CHARS);
    }
    if (!value.matches("[0-9A-Za-z_]*")) {
      throw new IllegalArgumentException(
          "syslog \"tag\" only allows alphanumeric characters and underscore");
    }
    return value;
  }

  private static SocketAddress address(String value) {
    if (value.startsWith("unix:")) {
      if (value.length() == 5) {
        throw new IllegalArgumentException("no path in syslog server \"" + value + "\"");
      }
      return UnixDomainSocketAddress.of(value.substring(5));
    }
    int colon = value.lastIndexOf(':');
    boolean hasPort = colon > value.lastIndexOf(']') && value.indexOf(':') <= colon;
    String host = hasPort ? value.substring(0, colon) : value;
    try {
      int port = hasPort ? Integer.parseInt(value.substring(colon + 1)) : DEFAULT_PORT;
      return new InetSocketAddress(InetAddress.getByName(host), port);
    } catch (UnknownHostException _) {
      throw new IllegalArgumentException("host not found in syslog server \"" + value + "\"");
    } catch (IllegalArgumentException _) { // no number, or none of a port
      throw new IllegalArgumentException("invalid port in syslog server \"" + value + "\"");
    }
  }

  private static String hostName() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException _) {
      return "localhost";
    }
  }

  /// Queues one access-log line, which has no line feed, at the configured severity.
  public void send(byte[] line) {
    files.writer().enqueue(this, severity, line);
  }

  @Override
  public boolean isPrompt() {
    return false;
  }

  @Override
  public boolean joinsLines() {
    return false;
  }

  @Override
  public void write(Level level, byte[] line, int offset, int length) {
    int priority = facility * 8 + level.severity();
    String header = "<" + priority + ">" + files.time().text(LogTime.Form.SYSLOG) + " " + origin;
    boolean ended = length > 0 && line[offset + length - 1] == '\n';
    int body = ended ? length - 1 : length;
    ByteBuffer datagram =
        ByteBuffer.allocate(header.length() + body)
            .put(header.getBytes(ISO_8859_1))
            .put(line, offset, body)
            .flip();
    try {
      if (server instanceof UnixDomainSocketAddress unix) {
        connected(unix).send(datagram);
      } else {
        connected().write(datagram);
      }
    } catch (PortUnreachableException _) {
      report(Level.ERROR, "111: Connection refused"); // what an earlier one met
    } catch (IOException e) {
      report(Level.ALERT, Errno.describe(e));
      disconnect();
    }
  }

  private UnixDatagrams connected(UnixDomainSocketAddress to) throws IOException {
    UnixDatagrams open = unix;
    if (open == null) {
      open = UnixDatagrams.connect(to.getPath().toString());
      unix = open;
    }
    return open;
  }

  private DatagramChannel connected() throws IOException {
    DatagramChannel open = channel;
    if (open == null) {
      open = DatagramChannel.open().connect(server);
      channel = open;
    }
    return open;
  }

  private void disconnect() {
    closeQuietly(channel);
    channel = null;
    closeQuietly(unix);
    unix = null;
  }

  private void closeQuietly(@Nullable Closeable open) {
    if (open != null) {
      try {
        open.close();
      } catch (IOException e) {
        report(Level.ALERT, Errno.describe(e));
      }
    }
  }

  private void report(Level level, String failure) {
    long second = System.nanoTime() / 1_000_000_000L;
    if (second - reportedSecond > 59) {
      reportedSecond = second;
      files.report(level, "send() failed (%s) while logging to syslog".formatted(failure));
    }
  }
}
