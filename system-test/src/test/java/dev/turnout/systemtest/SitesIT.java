package dev.turnout.systemtest;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.turnout.testkit.ClosedPort;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.Field;
import dev.turnout.testkit.Installed;
import dev.turnout.testkit.Ports;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import dev.turnout.testkit.RecordedRequest;
import dev.turnout.testkit.ServedConnection;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// Ten configurations as sites have them, on nginx and on Turnout: what each answers to the same
/// requests, and what its upstreams see of them, is the same but for what [#EXPLAINED] says.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SitesIT {
  private static final FileTime TIME = FileTime.from(Instant.parse("2026-01-01T00:00:00Z"));

  /// Fields that tell when and by whom an answer was made, not what it is.
  private static final Set<String> OF_THE_MOMENT = Set.of("date");

  private static final String NO_CLOSE =
      "from 1.29.7 on nginx keeps connections to upstreams, and Connection: close is no default";

  /// Numbers that nginx and Turnout count up for themselves.
  private static final Pattern BOUNDARY = Pattern.compile("(boundary=|--)[0-9]{20}");

  /// Where the two may differ, by site and request, and why.
  private static final Map<String, String> EXPLAINED =
      Map.of(
          "caching: GET /gz/app.css | Accept-Encoding: gzip",
          "from 1.23.4 on nginx serves parts of gzip_static files, and says so",
          "uploads: POST /nobody/f | chunked=some text",
          NO_CLOSE,
          "uploads: POST /nobody/f | #0",
          NO_CLOSE,
          "uploads: POST /nobody/f | #10",
          NO_CLOSE,
          "uploads: POST /nobody/f | #2000",
          NO_CLOSE,
          "uploads: POST /nobody/f | #20000",
          NO_CLOSE);

  private Path root = Path.of("");
  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private FakeUpstream first;
  private FakeUpstream second;
  private final ClosedPort dead = new ClosedPort();
  private final Map<String, Integer> nginxPorts = new HashMap<>();
  private final Map<String, Integer> turnoutPorts = new HashMap<>();

  @BeforeAll
  @SuppressWarnings("NullAway.Init")
  void start(@TempDir Path files) throws Exception {
    Installed.need("nginx", "nginx");
    root = files.toRealPath();
    SiteFiles.write(root, TIME);
    first = FakeUpstream.each((request, connection) -> answer("first", request, connection));
    open.push(first);
    second = FakeUpstream.each((request, connection) -> answer("second", request, connection));
    open.push(second);
    Nginx nginx = Nginx.start(configuration(nginxPorts));
    open.push(nginx);
    Turnout turnout = Turnout.start(configuration(turnoutPorts));
    open.push(turnout);
  }

  @AfterAll
  void stop() throws Exception {
    while (!open.isEmpty()) {
      open.pop().close();
    }
    dead.close();
  }

  private String configuration(Map<String, Integer> ports) throws IOException {
    StringBuilder all = new StringBuilder("server_tokens off;\n");
    for (String name : Site.NAMES) {
      int port = Ports.free();
      ports.put(name, port);
      all.append(
          Site.read(name)
              .configuration()
              .replace("@LISTEN@", "127.0.0.1:" + port)
              .replace("@UPSTREAM@", first.address())
              .replace("@UPSTREAM2@", second.address())
              .replace("@DEAD@", dead.address())
              .replace("@MIME@", "/etc/nginx/mime.types")
              .replace("@ROOT@", root.toString()));
    }
    return all.toString();
  }

  /// What an application might answer, and in it what it has seen of the request.
  private static void answer(String name, RecordedRequest request, ServedConnection connection)
      throws IOException {
    String target = request.target();
    String path = target.contains("?") ? target.substring(0, target.indexOf('?')) : target;
    int status = 200;
    if (path.contains("/status/")) {
      status = Integer.parseInt(path.substring(path.length() - 3));
    }
    boolean upgrades = request.headers().get("Upgrade").isPresent();
    if (upgrades && status == 200) {
      connection.send(
          "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
      connection.echo();
      return;
    }
    String body = seen(name, request);
    StringBuilder head = new StringBuilder("HTTP/1.1 " + status + " As-Told\r\n");
    head.append("X-Powered-By: tests\r\nContent-Type: text/plain\r\n");
    if (path.endsWith("/redirect")) {
      head.append("Location: http://spa_api/v1/users\r\n");
    }
    if (path.endsWith("/cookie")) {
      head.append("Set-Cookie: sid=1; Path=/v1/users; HttpOnly\r\n");
    }
    boolean hasBody = !request.method().equals("HEAD") && status != 204 && status != 304;
    if (path.endsWith("/chunked")) {
      head.append("Transfer-Encoding: chunked\r\n\r\n");
      int half = body.length() / 2;
      connection.send(
          head
              + Integer.toHexString(half)
              + "\r\n"
              + body.substring(0, half)
              + "\r\n"
              + Integer.toHexString(body.length() - half)
              + "\r\n"
              + body.substring(half)
              + "\r\n0\r\n\r\n");
    } else {
      head.append("Content-Length: ").append(body.length()).append("\r\n\r\n");
      connection.send(head + (hasBody ? body : ""));
    }
  }

  private static String seen(String name, RecordedRequest request) {
    String fields =
        request.headers().list().stream()
            .map(field -> field.name() + ": " + field.value())
            .sorted()
            .collect(Collectors.joining("\n"));
    String body = request.body().length() > 100 ? "#" + request.body().hashCode() : request.body();
    return name
        + " saw "
        + request.method()
        + " "
        + request.target()
        + " "
        + request.version()
        + "\n"
        + fields
        + "\n\n"
        + body
        + "\n";
  }

  @TestFactory
  Stream<DynamicTest> bothAnswerAlike() {
    return Site.NAMES.stream().map(name -> dynamicTest(name, () -> compare(Site.read(name))));
  }

  private void compare(Site site) throws IOException {
    List<String> differences = new ArrayList<>();
    for (Site.Ask ask : site.requests()) {
      String theirs = answerOf(nginxPorts, site, ask);
      String ours = answerOf(turnoutPorts, site, ask);
      String explanation = EXPLAINED.get(site.name() + ": " + ask.line());
      if (!theirs.equals(ours) && explanation == null) {
        differences.add(ask.line() + "\n" + difference(theirs, ours));
      }
    }
    assertThat(String.join("\n", differences)).isEmpty();
  }

  /// The lines that only one of them has.
  private static String difference(String theirs, String ours) {
    return minus(theirs, ours, "  nginx:   ") + minus(ours, theirs, "  turnout: ");
  }

  private static String minus(String one, String other, String mark) {
    List<String> left = new ArrayList<>(one.lines().toList());
    other.lines().forEach(left::remove);
    return left.stream().map(line -> mark + line + "\n").collect(Collectors.joining());
  }

  /// The answer, in a form that does not tell the port or the moment.
  private static String answerOf(Map<String, Integer> ports, Site site, Site.Ask ask)
      throws IOException {
    int port = ports.getOrDefault(site.name(), 0);
    String text;
    try (RawClient client = RawClient.connect(port)) {
      RawResponse response = client.send(ask.bytes()).readResponse(ask.method());
      StringBuilder interim = new StringBuilder();
      while (response.status() < 200 && response.status() != 101) {
        interim.append(response.status()).append('\n');
        response = client.readResponse(ask.method());
      }
      text = interim + normal(response);
      if (response.status() == 101) {
        text += client.send("ping\nover").readBytes("ping\nover".length());
      }
    }
    return BOUNDARY.matcher(text).replaceAll("$1BOUNDARY").replace(Integer.toString(port), "PORT");
  }

  private static String normal(RawResponse response) throws IOException {
    boolean packed = response.headers().all("Content-Encoding").contains("gzip");
    String body = packed ? unpacked(response.body()) : response.body();
    String fields =
        response.headers().list().stream()
            .filter(field -> !OF_THE_MOMENT.contains(field.name().toLowerCase(Locale.ROOT)))
            .map(SitesIT::line)
            .sorted()
            .collect(Collectors.joining("\n"));
    return response.status() + " " + response.reason() + "\n" + fields + "\n\n" + body;
  }

  private static String line(Field field) {
    return field.name() + ": " + field.value();
  }

  private static String unpacked(String body) throws IOException {
    try (var in = new GZIPInputStream(new ByteArrayInputStream(body.getBytes(ISO_8859_1)))) {
      return new String(in.readAllBytes(), ISO_8859_1);
    }
  }
}
