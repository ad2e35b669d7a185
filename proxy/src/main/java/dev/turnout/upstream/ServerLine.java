package dev.turnout.upstream;

/// A server as a `server` directive says it, with what is not as usual.
final class ServerLine {
  private ServerLine() {}

  /// `server 127.0.0.1:8080 weight=2;`, without a line feed.
  ///
  /// @param place the address or the name to write
  static String of(PeerSpec server, String place) {
    PeerSpec usual = PeerSpec.of(server.server(), server.address());
    StringBuilder line = new StringBuilder("server ").append(word(place));
    number(line, "weight", server.weight(), usual.weight());
    number(line, "max_conns", server.maxConns(), usual.maxConns());
    number(line, "max_fails", server.maxFails(), usual.maxFails());
    time(line, "fail_timeout", server.failTimeoutMillis(), usual.failTimeoutMillis());
    time(line, "slow_start", server.slowStartMillis(), usual.slowStartMillis());
    if (!server.route().isEmpty()) {
      line.append(' ').append(word("route=" + server.route()));
    }
    Canary canary = server.canary();
    if (canary != null) {
      line.append(" canary=").append(canary.percent()).append('%');
      number(line, "canary_good", canary.good(), Canary.GOOD);
      number(line, "canary_bad", canary.bad(), Canary.BAD);
    }
    if (server.address() instanceof PeerAddress.Unresolved named) {
      if (!named.service().isEmpty()) {
        line.append(' ').append(word("service=" + named.service()));
      }
      line.append(" resolve");
    }
    flag(line, "backup", server.backup());
    flag(line, "down", server.down());
    flag(line, "drain", server.drain());
    return line.append(';').toString();
  }

  private static void number(StringBuilder line, String name, long value, long usual) {
    if (value != usual) {
      line.append(' ').append(name).append('=').append(value);
    }
  }

  /// The directive takes whole seconds: what is between two becomes the longer one.
  private static void time(StringBuilder line, String name, long millis, long usual) {
    if (millis != usual) {
      line.append(' ').append(name).append('=').append((millis + 999) / 1000).append('s');
    }
  }

  private static void flag(StringBuilder line, String name, boolean value) {
    if (value) {
      line.append(' ').append(name);
    }
  }

  /// A word of a configuration: in quotes where it would end too early.
  private static String word(String text) {
    boolean plain = true;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      plain &= c > ' ' && c != ';' && c != '{' && c != '}' && c != '"' && c != '\'' && c != '\\';
    }
    if (plain && !text.startsWith("#")) {
      return text;
    }
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }
}
