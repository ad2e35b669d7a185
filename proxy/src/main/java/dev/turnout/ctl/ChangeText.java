package dev.turnout.ctl;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// What a change has done, or would do, in a line for each thing that it touches.
final class ChangeText {
  private ChangeText() {}

  /// Of the answer to a change.
  static String of(Answer answer) {
    String revision = "revision " + answer.number("revision");
    String head;
    if (answer.is("dry_run")) {
      head = "it would change this (" + revision + " is in force)\n";
    } else if (answer.is("repeated")) {
      head = "done before: " + revision + "\n";
    } else if (!answer.is("changed")) {
      head = "already so: " + revision + "\n";
    } else {
      head = revision + "\n";
    }
    return head + lines(answer.get("changes"), "  ");
  }

  /// The lines of a `changes` object.
  static String lines(Answer changes, String indent) {
    StringBuilder out = new StringBuilder();
    for (Answer upstream : changes.get("upstreams").list()) {
      upstream(out, upstream, indent);
    }
    for (Answer zone : changes.get("zones").list()) {
      for (Answer key : zone.get("keys").list()) {
        line(
            out,
            indent,
            zone.text("zone") + "[" + key.text("key") + "]",
            value(key.get("from")) + " -> " + value(key.get("to")));
      }
    }
    return out.toString();
  }

  private static String value(Answer value) {
    return value.isThere() ? value.toString() : "(none)";
  }

  private static void upstream(StringBuilder out, Answer upstream, String indent) {
    String name = upstream.text("upstream");
    String kind = upstream.text("kind");
    if (!kind.equals("changed")) {
      line(out, indent, name, kind);
    }
    for (Answer server : upstream.get("added").list()) {
      line(out, indent, name, "+ " + server(server));
    }
    for (Answer server : upstream.get("removed").list()) {
      line(out, indent, name, "- " + server(server));
    }
    for (Answer server : upstream.get("changed").list()) {
      line(
          out,
          indent,
          name,
          "server "
              + server.number("id")
              + " ("
              + server.text("server")
              + "): "
              + server.get("fields").list().stream()
                  .map(ChangeText::field)
                  .collect(Collectors.joining(", ")));
    }
    if (upstream.is("reordered")) {
      line(out, indent, name, "in another order");
    }
    for (Answer field : upstream.get("fields").list()) {
      line(out, indent, name, field(field));
    }
  }

  private static String field(Answer field) {
    return field.text("field") + " " + value(field.get("from")) + " -> " + value(field.get("to"));
  }

  /// A server in the words of its `server` line.
  static String server(Answer server) {
    StringBuilder out = new StringBuilder();
    out.append("server ").append(server.number("id")).append(" (").append(server.text("server"));
    out.append(')').append(options(server));
    return out.toString();
  }

  private static final Map<String, String> USUAL =
      Map.of(
          "weight",
          "1",
          "max_conns",
          "0",
          "max_fails",
          "1",
          "fail_timeout",
          "10s",
          "slow_start",
          "0s");

  /// What of a server is not as usual, each with a space before it.
  static String options(Answer server) {
    StringBuilder out = new StringBuilder();
    for (String name :
        List.of("weight", "max_conns", "max_fails", "fail_timeout", "slow_start", "route")) {
      String value = server.text(name);
      if (!value.isEmpty() && !value.equals(USUAL.get(name))) {
        out.append(' ').append(name).append('=').append(value);
      }
    }
    Answer canary = server.get("canary");
    if (canary.isThere()) {
      out.append(" canary=").append(canary.number("percent")).append('%');
      out.append(" canary_good=").append(canary.number("good"));
      out.append(" canary_bad=").append(canary.number("bad"));
    }
    for (String name : List.of("resolve", "backup", "down", "drain")) {
      if (server.is(name)) {
        out.append(' ').append(name);
      }
    }
    return out.toString();
  }

  private static void line(StringBuilder out, String indent, String what, String how) {
    out.append(indent).append(Table.printable(what + "  " + how)).append('\n');
  }
}
