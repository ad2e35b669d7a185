package dev.turnout.ctl;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// What `top` shows: of two looks at the upstreams, how they differ.
final class TopView {
  private TopView() {}

  /// What was seen at a moment.
  ///
  /// @param requests and
  /// @param fails counted since the server came, by upstream and number
  record Look(long nanos, Answer upstreams, Map<String, Long> requests, Map<String, Long> fails) {
    static Look of(long nanos, Answer upstreams) {
      Map<String, Long> requests = new HashMap<>();
      Map<String, Long> fails = new HashMap<>();
      for (Answer upstream : upstreams.list()) {
        for (Answer server : upstream.get("servers").list()) {
          requests.put(key(upstream, server), server.get("live").number("requests"));
          fails.put(key(upstream, server), server.get("live").number("fails"));
        }
      }
      return new Look(nanos, upstreams, requests, fails);
    }
  }

  private static String key(Answer upstream, Answer server) {
    return server.number("id") + " " + upstream.text("name");
  }

  private record Row(Answer upstream, Answer server, double rate, double failing) {}

  /// The lines of a screen: a head, upstreams by how busy they are, their servers below them.
  ///
  /// @param drains what `GET /drains` answers
  static List<String> lines(Look before, Look now, Answer drains, long revision) {
    double seconds = Math.max(0.001, (now.nanos() - before.nanos()) / 1e9);
    Map<Answer, List<Row>> groups = new HashMap<>();
    List<Answer> order = new ArrayList<>();
    double all = 0;
    long active = 0;
    for (Answer upstream : now.upstreams().list()) {
      List<Row> rows = new ArrayList<>();
      for (Answer server : upstream.get("servers").list()) {
        String key = key(upstream, server);
        Row row =
            new Row(
                upstream,
                server,
                rate(before.requests(), now.requests(), key, seconds),
                rate(before.fails(), now.fails(), key, seconds));
        rows.add(row);
        all += row.rate();
        active += server.get("live").number("active");
      }
      groups.put(upstream, rows);
      order.add(upstream);
    }
    order.sort(
        Comparator.comparingDouble((Answer one) -> -sum(groups.getOrDefault(one, List.of())))
            .thenComparing(one -> one.text("name")));
    Table table =
        new Table("UPSTREAM", "SERVER", "STATE", ">WEIGHT", ">ACTIVE", ">REQ/S", ">FAIL/S");
    for (Answer upstream : order) {
      List<Row> rows = groups.getOrDefault(upstream, List.of());
      long up = rows.stream().filter(row -> state(row.server()).equals("up")).count();
      table.row(
          upstream.text("name"),
          up + " of " + rows.size() + " up",
          upstream.text("state"),
          "",
          rows.stream().mapToLong(row -> row.server().get("live").number("active")).sum(),
          figure(sum(rows)),
          figure(rows.stream().mapToDouble(Row::failing).sum()));
      for (Row row : rows) {
        table.row(
            "",
            row.server().text("server"),
            state(row.server()),
            row.server().number("weight"),
            row.server().get("live").number("active"),
            figure(row.rate()),
            figure(row.failing()));
      }
    }
    long draining = drains.list().stream().filter(one -> !one.is("over")).count();
    List<String> lines = new ArrayList<>();
    lines.add(
        "revision %d   %s requests/s   %d active   %d drains"
            .formatted(revision, figure(all), active, draining));
    lines.add("");
    lines.addAll(table.lines());
    return lines;
  }

  private static String state(Answer server) {
    String state = server.get("live").text("state");
    return state.isEmpty() ? "-" : state;
  }

  private static double sum(List<Row> rows) {
    return rows.stream().mapToDouble(Row::rate).sum();
  }

  /// A server that was not there before has no rate yet.
  private static double rate(
      Map<String, Long> before, Map<String, Long> now, String key, double seconds) {
    long is = now.getOrDefault(key, 0L);
    return Math.max(0, is - before.getOrDefault(key, is)) / seconds;
  }

  private static String figure(double rate) {
    return rate >= 100 || rate == Math.rint(rate)
        ? Long.toString(Math.round(rate))
        : String.format(java.util.Locale.ROOT, "%.1f", rate);
  }
}
