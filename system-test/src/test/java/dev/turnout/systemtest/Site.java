package dev.turnout.systemtest;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;

/// A configuration as sites have it, and what is asked of it: the resources `sites/NAME.conf` and
/// `sites/NAME.requests`.
///
/// A line of requests is `METHOD target | Field: value | …`; a part `=text` is a body, `#n` one of
/// so many bytes, `chunked=text` one in chunks. The method `UPGRADE` is a GET that asks for a
/// WebSocket and sends something through it. After a site's own requests come those of
/// `sites/common.requests`, up to fifty in all.
record Site(String name, String configuration, List<Ask> requests) {
  static final List<String> NAMES =
      List.of(
          "wordpress",
          "spa",
          "canary",
          "bluegreen",
          "chat",
          "ratelimit",
          "maintenance",
          "uploads",
          "caching",
          "vhosts");
  private static final int REQUESTS = 50;

  /// One request, as it is sent.
  ///
  /// @param line as it is written in the resource
  /// @param upgrades something is to be sent once the protocol has changed
  record Ask(String line, String method, String bytes, boolean upgrades) {
    static Ask parse(String line, String host) {
      String[] parts = line.split(" \\| ?", -1);
      int space = parts[0].indexOf(' ');
      String method = parts[0].substring(0, space);
      String target = parts[0].substring(space + 1);
      boolean upgrades = method.equals("UPGRADE");
      List<String> fields = new ArrayList<>();
      String body = "";
      for (String part : List.of(parts).subList(1, parts.length)) {
        if (part.startsWith("=") || part.startsWith("#")) {
          body =
              part.startsWith("=") ? part.substring(1) : text(Integer.parseInt(part.substring(1)));
          fields.add("Content-Length: " + body.length());
        } else if (part.startsWith("chunked=")) {
          String text = part.substring("chunked=".length());
          fields.add("Transfer-Encoding: chunked");
          body = Integer.toHexString(text.length()) + "\r\n" + text + "\r\n0\r\n\r\n";
        } else {
          fields.add(part);
        }
      }
      if (fields.stream().noneMatch(field -> field.startsWith("Host:"))) {
        fields.addFirst("Host: " + host);
      }
      if (upgrades) {
        fields.addAll(
            List.of(
                "Upgrade: websocket",
                "Connection: Upgrade",
                "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="));
      }
      String verb = upgrades ? "GET" : method;
      String head = verb + " " + target + " HTTP/1.1\r\n" + String.join("\r\n", fields);
      return new Ask(line, verb, head + "\r\n\r\n" + body, upgrades);
    }

    private static String text(int length) {
      return "0123456789abcdef".repeat(length / 16 + 1).substring(0, length);
    }
  }

  static Site read(String name) throws IOException {
    List<String> own = lines(name + ".requests");
    String host = own.removeFirst().substring("host ".length());
    List<String> all = new ArrayList<>(own);
    all.addAll(lines("common.requests"));
    if (all.size() < REQUESTS) {
      throw new IllegalStateException(name + " has only " + all.size() + " requests");
    }
    List<Ask> requests =
        all.subList(0, REQUESTS).stream().map(line -> Ask.parse(line, host)).toList();
    return new Site(name, resource(name + ".conf"), requests);
  }

  private static List<String> lines(String file) throws IOException {
    return new ArrayList<>(
        resource(file).lines().filter(line -> !line.isBlank() && !line.startsWith("#")).toList());
  }

  private static String resource(String file) throws IOException {
    try (InputStream in = Site.class.getResourceAsStream("/sites/" + file)) {
      if (in == null) {
        throw new IllegalStateException("no resource sites/" + file);
      }
      return new String(in.readAllBytes(), UTF_8);
    }
  }
}
