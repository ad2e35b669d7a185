package dev.turnout.app;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/// Makes configurations of the directives in `generated-configurations.txt`, most of them right,
/// many with something wrong somewhere: an argument, a place, a repetition. The same seed makes the
/// same.
final class ConfigurationGenerator {
  private static final double WRONG_WORD = 0.02;
  private static final double WRONG_FORM = 0.05;
  private static final double WRONG_PLACE = 0.02;
  private static final double WRONG_COUNT = 0.01;
  private static final double REPEATED = 0.02;

  private final SplittableRandom random;
  private final List<Form> forms = new ArrayList<>();
  private final Map<String, List<String>> words = new HashMap<>();

  private record Form(String name, String contexts, List<String> arguments) {}

  ConfigurationGenerator(long seed) throws IOException {
    random = new SplittableRandom(seed);
    for (String line : lines("generated-configurations.txt")) {
      String[] parts = line.split(" ", 3);
      forms.add(new Form(parts[0], parts[1], List.of(parts[2].split("; ", -1))));
    }
    for (String line : lines("generated-words.txt")) {
      int space = line.indexOf(' ');
      words.put(line.substring(0, space), List.of(line.substring(space + 1).split("\\|", -1)));
    }
  }

  private static List<String> lines(String resource) throws IOException {
    try (InputStream in = ConfigurationGenerator.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException("no resource " + resource);
      }
      return new String(in.readAllBytes(), UTF_8)
          .lines()
          .filter(line -> !line.startsWith("#") && !line.isBlank())
          .toList();
    }
  }

  /// The next configuration.
  String next() {
    StringBuilder out = new StringBuilder("daemon off;\npid t.pid;\nerror_log stderr;\nevents {\n");
    some(out, 'E', "  ", 2);
    out.append("}\nhttp {\n  access_log off;\n  limit_req_zone $uri zone=reqs:1m rate=1r/s;\n");
    out.append("  limit_conn_zone $uri zone=conns:1m;\n");
    some(out, 'H', "  ", 5);
    out.append("  upstream app {\n");
    some(out, 'U', "    ", 2);
    out.append("    server 127.0.0.1:18080").append(serverParameters()).append(";\n  }\n");
    int servers = 1 + random.nextInt(2);
    for (int i = 0; i < servers; i++) {
      server(out, i);
    }
    return out.append("}\n").toString();
  }

  private String serverParameters() {
    return switch (random.nextInt(12)) {
      case 0 -> " weight=" + word("number");
      case 1 -> " max_fails=" + word("number") + " fail_timeout=" + word("sec");
      case 2 -> " max_conns=" + word("number");
      case 3 -> " down";
      case 4 -> " backup";
      default -> "";
    };
  }

  private void server(StringBuilder out, int number) {
    out.append("  server {\n    listen 127.0.0.1:").append(18010 + number).append(";\n");
    some(out, 'S', "    ", 6);
    if (random.nextInt(6) == 0) {
      block(out, "if (" + condition() + ")", 'J', "    ");
    }
    int locations = random.nextInt(3);
    for (int i = 0; i < locations; i++) {
      location(out, "    ", 0);
    }
    out.append("  }\n");
  }

  private String condition() {
    return switch (random.nextInt(9)) {
      case 0 -> "$uri";
      case 1 -> "$uri = " + word("text");
      case 2 -> "$uri ~ " + word("regex");
      case 3 -> "$uri !~* " + word("regex");
      case 4 -> "-f $request_filename";
      case 5 -> "!-d " + word("file");
      case 6 -> "$uri != ''";
      case 7 -> random.nextInt(4) == 0 ? "$uri x y" : "$args";
      default -> random.nextInt(4) == 0 ? "uri" : "$http_x";
    };
  }

  private void location(StringBuilder out, String indent, int depth) {
    String name =
        switch (random.nextInt(8)) {
          case 0 -> "= " + word("uri");
          case 1 -> "~ " + word("regex");
          case 2 -> "~* " + word("regex");
          case 3 -> "^~ " + word("uri");
          case 4 -> "@named" + random.nextInt(100);
          case 5 -> random.nextInt(10) == 0 ? "x " + word("uri") : "/" + random.nextInt(1000) + "/";
          default -> "/l" + random.nextInt(1000);
        };
    out.append(indent).append("location ").append(name).append(" {\n");
    String inner = indent + "  ";
    some(out, 'L', inner, 6);
    if (random.nextInt(6) == 0) {
      block(out, "if (" + condition() + ")", 'I', inner);
    }
    if (depth < 1 && random.nextInt(6) == 0) {
      location(out, inner, depth + 1);
    }
    out.append(indent).append("}\n");
  }

  private void block(StringBuilder out, String head, char context, String indent) {
    out.append(indent).append(head).append(" {\n");
    some(out, context, indent + "  ", 3);
    out.append(indent).append("}\n");
  }

  /// Up to `most` different directives of a context, or of another by mistake.
  private void some(StringBuilder out, char context, String indent, int most) {
    List<Form> fitting =
        forms.stream().filter(form -> form.contexts().indexOf(context) >= 0).toList();
    List<String> used = new ArrayList<>();
    int count = random.nextInt(most + 1);
    for (int i = 0; i < count; i++) {
      boolean astray = random.nextDouble() < WRONG_PLACE;
      List<Form> from = astray ? forms : fitting;
      Form form = from.get(random.nextInt(from.size()));
      if (used.contains(form.name()) && random.nextDouble() >= REPEATED) {
        continue;
      }
      used.add(form.name());
      String arguments = form(form.arguments());
      out.append(indent).append(form.name());
      arguments(out, arguments, indent);
    }
  }

  /// One of the forms, seldom one that is marked as wrong.
  private String form(List<String> forms) {
    String chosen = forms.get(random.nextInt(forms.size()));
    while (chosen.startsWith("!") && random.nextDouble() >= WRONG_FORM) {
      chosen = forms.get(random.nextInt(forms.size()));
    }
    return chosen.startsWith("!") ? chosen.substring(1) : chosen;
  }

  private void arguments(StringBuilder out, String form, String indent) {
    String block = "";
    if (!form.equals("-")) {
      for (String part : form.split(" ", -1)) {
        if (part.startsWith("{block:")) {
          block = freeBlock(part.substring(7, part.length() - 1), indent + "  ");
        } else if (!part.equals("-")) {
          out.append(' ').append(filled(part));
        }
      }
    }
    if (random.nextDouble() < WRONG_COUNT) {
      out.append(" extra");
    }
    out.append(block.isEmpty() ? ";\n" : " {\n" + block + indent + "}\n");
  }

  private String filled(String form) {
    StringBuilder out = new StringBuilder();
    int at = 0;
    while (at < form.length()) {
      int open = form.indexOf('{', at);
      int close = form.indexOf('}', Math.max(open, 0));
      if (open < 0 || close < 0) {
        return out.append(form.substring(at)).toString();
      }
      out.append(form, at, open);
      String kind = form.substring(open + 1, close);
      int colon = kind.indexOf(':');
      String mark = colon < 0 ? "" : kind.substring(colon + 1);
      String word = word(colon < 0 ? kind : kind.substring(0, colon));
      boolean quoted = !mark.isEmpty() && word.startsWith("\"");
      out.append(quoted ? "\"" + mark + word.substring(1) : mark + word);
      at = close + 1;
    }
    return out.toString();
  }

  private String word(String kind) {
    List<String> right = words.get(kind);
    if (right == null) {
      throw new IllegalStateException("no words of kind " + kind);
    }
    List<String> wrong = words.get(kind + "!");
    List<String> chosen = wrong != null && random.nextDouble() < WRONG_WORD ? wrong : right;
    return chosen.get(random.nextInt(chosen.size()));
  }

  private String freeBlock(String kind, String indent) {
    StringBuilder out = new StringBuilder();
    int lines = random.nextInt(4);
    for (int i = 0; i < lines; i++) {
      out.append(indent).append(line(kind)).append(";\n");
    }
    return out.toString();
  }

  private String line(String kind) {
    return switch (kind) {
      case "map" ->
          switch (random.nextInt(7)) {
            case 0 -> "default " + word("text");
            case 1 -> "hostnames";
            case 2 -> filled("{regex:~}") + " " + word("text");
            case 3 -> filled("{regex:~*}") + " x";
            case 4 -> word("host") + " " + word("name");
            case 5 -> random.nextInt(5) == 0 ? "a b c" : "volatile";
            default -> "\\default x";
          };
      case "geo" ->
          switch (random.nextInt(6)) {
            case 0 -> "default " + word("name");
            case 1 -> random.nextInt(4) == 0 ? "ranges" : "192.0.2.0/24 a";
            case 2 -> "delete " + word("network");
            case 3 -> "proxy " + word("network");
            case 4 -> random.nextInt(5) == 0 ? "proxy_recursive" : "10.1.0.0/16 b";
            default -> word("network") + " " + word("name");
          };
      case "split" ->
          switch (random.nextInt(5)) {
            case 0 -> "* rest";
            case 1 -> "50% a";
            case 2 -> "0.5% b";
            case 3 -> random.nextInt(5) == 0 ? "0% c" : "10% $uri";
            default -> random.nextInt(5) == 0 ? "x d" : "20.25% d";
          };
      case "types" ->
          word("type") + " " + (random.nextInt(3) == 0 ? "" : "ext" + random.nextInt(9));
      case "rules" ->
          switch (random.nextInt(4)) {
            case 0 -> "allow " + word("network");
            case 1 -> "deny all";
            case 2 -> "auth_basic off";
            default -> random.nextInt(6) == 0 ? "root html" : "deny " + word("network");
          };
      default -> throw new IllegalStateException("no block of kind " + kind);
    };
  }
}
