package dev.turnout.loadgen;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// What a run shall do: which request, how often, over how many connections, for how long.
///
/// `mix` is what is sent instead of the one request; null: that one. `countBy` names the response
/// field that says who answered; empty when nobody asked.
record Plan(
    Target target,
    String method,
    List<String> fields,
    String body,
    Pacing pacing,
    int connections,
    Duration warmup,
    Duration duration,
    Duration timeout,
    String countBy,
    @Nullable Mix mix) {

  /// A plan of one request.
  Plan(
      Target target,
      String method,
      List<String> fields,
      String body,
      Pacing pacing,
      int connections,
      Duration warmup,
      Duration duration,
      Duration timeout,
      String countBy) {
    this(
        target,
        method,
        fields,
        body,
        pacing,
        connections,
        warmup,
        duration,
        timeout,
        countBy,
        null);
  }

  Plan {
    fields = List.copyOf(fields);
  }

  /// The plan that most runs vary: GET in a closed loop.
  static Plan of(Target target, Pacing pacing, int connections, Duration duration) {
    return new Plan(
        target,
        "GET",
        List.of(),
        "",
        pacing,
        connections,
        Duration.ZERO,
        duration,
        Duration.ofSeconds(10),
        "");
  }

  Plan withCountBy(String field) {
    return new Plan(
        target, method, fields, body, pacing, connections, warmup, duration, timeout, field, mix);
  }

  Plan withTimeout(Duration timeout) {
    return new Plan(
        target, method, fields, body, pacing, connections, warmup, duration, timeout, countBy, mix);
  }

  Plan withMix(Mix other) {
    return new Plan(
        target,
        method,
        fields,
        body,
        pacing,
        connections,
        warmup,
        duration,
        timeout,
        countBy,
        other);
  }

  /// The request as it goes over the wire; the same bytes every time.
  byte[] request() {
    return request(target, method, fields, body);
  }

  static byte[] request(Target target, String method, List<String> fields, String body) {
    StringBuilder head = new StringBuilder(256);
    head.append(method).append(' ').append(target.path()).append(" HTTP/1.1\r\n");
    if (fields.stream().noneMatch(f -> f.toLowerCase(Locale.ROOT).startsWith("host:"))) {
      head.append("Host: ").append(target.authority()).append("\r\n");
    }
    for (String field : fields) {
      head.append(field).append("\r\n");
    }
    if (!body.isEmpty()) {
      int length = body.getBytes(StandardCharsets.UTF_8).length;
      head.append("Content-Length: ").append(length).append("\r\n");
    }
    return (head + "\r\n" + body).getBytes(StandardCharsets.UTF_8);
  }
}
