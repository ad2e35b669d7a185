package dev.turnout.http.health;

import dev.turnout.http.ContentHandler;
import dev.turnout.http.Exchange;
import dev.turnout.http.Upstreams;
import dev.turnout.json.JsonText;
import dev.turnout.log.Level;
import dev.turnout.upstream.ActiveHealth;
import dev.turnout.upstream.CheckSpec;
import dev.turnout.upstream.Peer;
import dev.turnout.upstream.PeerSet;
import dev.turnout.upstream.PeerState;
import dev.turnout.upstream.Upstream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// `check_status`: what Tengine's `check` has found, in Tengine's formats. The arguments `format`
/// and `status=up|down` choose.
final class CheckStatus implements ContentHandler {
  /// How it is written.
  enum Format {
    HTML("text/html"),
    CSV("text/plain"),
    JSON("application/json");

    private final String contentType;

    Format(String contentType) {
      this.contentType = contentType;
    }

    static @Nullable Format of(String word) {
      return switch (word) {
        case "html" -> HTML;
        case "csv" -> CSV;
        case "json" -> JSON;
        default -> null;
      };
    }
  }

  private final Upstreams upstreams;
  private final Format standard;

  CheckStatus(Upstreams upstreams, Format standard) {
    this.upstreams = upstreams;
    this.standard = standard;
  }

  /// One server under a check.
  private record Row(
      int index, String upstream, String name, boolean up, int rise, int fall, CheckSpec check) {
    String status() {
      return up ? "up" : "down";
    }
  }

  @Override
  public void handle(Exchange exchange) {
    if (!exchange.method().equals("GET") && !exchange.isHead()) {
      exchange.finish(405);
      return;
    }
    if (upstreams.all().stream().noneMatch(upstream -> check(upstream.current()) != null)) {
      exchange.log(
          Level.ERROR,
          "http upstream check module can not find any check server, make sure you've added the"
              + " check servers");
      exchange.finish(500);
      return;
    }
    Map<String, String> asked = arguments(exchange);
    Format format = standard;
    String wanted = asked.get("format");
    if (wanted != null) {
      Format known = Format.of(wanted);
      if (known == null) {
        badArgument(exchange, wanted);
      } else {
        format = known;
      }
    }
    String text = text(format, rows(exchange, asked.get("status")), exchange.generation().number());
    exchange.respond(200, format.contentType, text.getBytes(StandardCharsets.ISO_8859_1));
  }

  private static void badArgument(Exchange exchange, String value) {
    exchange.log(Level.ERROR, "http upstream check, bad argument: \"" + value + "\"");
  }

  private static Map<String, String> arguments(Exchange exchange) {
    Map<String, String> arguments = new java.util.HashMap<>();
    String args = exchange.args();
    for (String one : args == null ? new String[0] : args.split("&", -1)) {
      int equals = one.indexOf('=');
      if (equals > 0) {
        arguments.putIfAbsent(
            one.substring(0, equals).toLowerCase(Locale.ROOT), one.substring(equals + 1));
      }
    }
    return arguments;
  }

  private List<Row> rows(Exchange exchange, @Nullable String status) {
    boolean onlyUp = "up".equalsIgnoreCase(status);
    boolean onlyDown = "down".equalsIgnoreCase(status);
    if (status != null && !onlyUp && !onlyDown) {
      badArgument(exchange, status);
    }
    long now = exchange.worker().monotonicMillis();
    List<Row> rows = new ArrayList<>();
    int index = 0;
    for (Upstream upstream : upstreams.all()) {
      PeerSet set = upstream.current();
      CheckSpec check = check(set);
      if (check == null) {
        continue;
      }
      for (Peer peer : set.peers()) {
        Row row = row(index++, upstream.name(), check, peer, now);
        if (row.up() ? !onlyDown : !onlyUp) {
          rows.add(row);
        }
      }
    }
    return rows;
  }

  private static @Nullable CheckSpec check(PeerSet set) {
    return set.spec().options().health().check();
  }

  private static Row row(int index, String upstream, CheckSpec check, Peer peer, long now) {
    PeerState state = peer.state(now);
    boolean down = state == PeerState.CHECKING || state == PeerState.UNHEALTHY;
    ActiveHealth active = peer.activeHealth();
    String key = check.rules().key();
    return new Row(
        index, upstream, peer.address().text(), !down, active.rises(key), active.falls(key), check);
  }

  private static String text(Format format, List<Row> rows, int generation) {
    return switch (format) {
      case HTML -> html(rows, generation);
      case CSV -> csv(rows);
      case JSON -> json(rows, generation);
    };
  }

  private static String html(List<Row> rows, int generation) {
    StringBuilder out = new StringBuilder();
    out.append(
        """
        <!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN
        "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">
        <html xmlns="http://www.w3.org/1999/xhtml">
        <head>
          <title>Nginx http upstream check status</title>
        </head>
        <body>
        <h1>Nginx http upstream check status</h1>
        <h2>Check upstream server number: %d, generation: %d</h2>
        <table style="background-color:white" cellspacing="0"        cellpadding="3" border="1">
          <tr bgcolor="#C0C0C0">
            <th>Index</th>
            <th>Upstream</th>
            <th>Name</th>
            <th>Status</th>
            <th>Rise counts</th>
            <th>Fall counts</th>
            <th>Check type</th>
            <th>Check port</th>
          </tr>
        """
            .formatted(rows.size(), generation));
    for (Row row : rows) {
      out.append(
          """
            <tr%s>
              <td>%d</td>
              <td>%s</td>
              <td>%s</td>
              <td>%s</td>
              <td>%d</td>
              <td>%d</td>
              <td>%s</td>
              <td>%d</td>
            </tr>
          """
              .formatted(
                  row.up() ? "" : " bgcolor=\"#FF0000\"",
                  row.index(),
                  escaped(row.upstream()),
                  escaped(row.name()),
                  row.status(),
                  row.rise(),
                  row.fall(),
                  row.check().type().text(),
                  row.check().port()));
    }
    return out.append("</table>\n</body>\n</html>\n").toString();
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }

  private static String csv(List<Row> rows) {
    StringBuilder out = new StringBuilder();
    for (Row row : rows) {
      out.append(
          "%d,%s,%s,%s,%d,%d,%s,%d\n"
              .formatted(
                  row.index(),
                  row.upstream(),
                  row.name(),
                  row.status(),
                  row.rise(),
                  row.fall(),
                  row.check().type().text(),
                  row.check().port()));
    }
    return out.toString();
  }

  private static String json(List<Row> rows, int generation) {
    long up = rows.stream().filter(Row::up).count();
    StringBuilder out = new StringBuilder();
    out.append(
        """
        {"servers": {
          "total": %d,
          "up": %d,
          "down": %d,
          "generation": %d,
          "server": [
        """
            .formatted(rows.size(), up, rows.size() - up, generation));
    for (int i = 0; i < rows.size(); i++) {
      Row row = rows.get(i);
      out.append(
          ("    {\"index\": %d, \"upstream\": %s, \"name\": %s, \"status\": \"%s\","
                  + " \"rise\": %d, \"fall\": %d, \"type\": \"%s\", \"port\": %d}%s\n")
              .formatted(
                  row.index(),
                  JsonText.quoted(row.upstream()),
                  JsonText.quoted(row.name()),
                  row.status(),
                  row.rise(),
                  row.fall(),
                  row.check().type().text(),
                  row.check().port(),
                  i == rows.size() - 1 ? "" : ","));
    }
    return out.append("  ]\n}}\n").toString();
  }
}
