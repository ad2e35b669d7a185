package dev.turnout.http;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.SERVER;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.DirectiveDefinition;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.config.Units;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;

/// How TLS would be spoken: `ssl_protocols`, `ssl_ciphers` and so on, which files name in `http`
/// for servers that may come. They are checked as nginx checks them where there is no certificate,
/// and have no effect, as in nginx where nothing listens with `ssl`; so do `proxy_ssl_...` where
/// nothing is passed on to `https://`. Whatever would make a difference is refused by name
/// elsewhere: certificates, who clients are, `listen ... ssl`, `proxy_pass https://...`.
public final class SslModule implements HttpModule {
  private static final String USE = "ssl_session_cache";
  private static final long SMALLEST_CACHE = 8 * 4096;
  private static final Map<String, String> PROTOCOLS =
      List.of("SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3").stream()
          .collect(Collectors.toUnmodifiableMap(name -> name, name -> name));

  private final Map<String, Long> caches = new HashMap<>();

  @Override
  public void register(HttpRegistry http) {
    Setting<Set<String>> protocols = Setting.of("ssl_protocols", Set.of());
    define(http, "ssl_protocols")
        .someOf(protocols, PROTOCOLS)
        .repeatable()
        .summary("Versions of TLS.");
    define(http, "ssl_session_cache")
        .arguments(1, 2)
        .repeatable()
        .read((d, _) -> cache(http, d))
        .syntax("off | none | [builtin[:size]] [shared:name:size]")
        .summary("Where TLS sessions are remembered.");
    define(http, "ssl_session_timeout")
        .seconds(Setting.of("ssl_session_timeout", 300L))
        .summary("How long a TLS session may be taken up again.");
    define(http, "ssl_buffer_size")
        .size(Setting.of("ssl_buffer_size", 16384L))
        .summary("How much is encrypted at once.");
    define(http, "ssl_verify_depth")
        .number(Setting.of("ssl_verify_depth", 1), 0, Integer.MAX_VALUE)
        .summary("How long the chain of a client's certificate may be.");
    define(http, "ssl_conf_command")
        .arguments(2)
        .repeatable()
        .read(SslModule::accept)
        .syntax("name value")
        .summary("A command for OpenSSL.");
    flag(http, "ssl_prefer_server_ciphers", "Whether the server's order of ciphers counts.");
    flag(http, "ssl_session_tickets", "Whether clients are given TLS session tickets.");
    flag(http, "ssl_early_data", "Whether requests are taken with the first TLS message.");
    flag(http, "ssl_stapling", "Whether OCSP answers are sent along.");
    flag(http, "ssl_stapling_verify", "Whether OCSP answers are verified first.");
    flag(http, "ssl_certificate_compression", "Whether certificates are sent compressed.");
    text(http, "ssl_ciphers", "ciphers", "The ciphers, in OpenSSL's words.");
    text(http, "ssl_ecdh_curve", "curve", "The curves for ECDHE.");
    text(http, "ssl_dhparam", "file", "Parameters for DHE ciphers.");
    text(http, "ssl_trusted_certificate", "file", "Certificates by which others are verified.");
    text(http, "ssl_stapling_file", "file", "An OCSP answer.");
    text(http, "ssl_stapling_responder", "url", "Who is asked for OCSP answers.");
    text(http, "ssl_session_ticket_key", "file", "A key of TLS session tickets.").repeatable();
    toUpstreams(http);
  }

  private static void toUpstreams(HttpRegistry http) {
    upstream(http, "proxy_ssl_protocols")
        .someOf(Setting.of("proxy_ssl_protocols", Set.of()), PROTOCOLS)
        .repeatable()
        .summary("Versions of TLS.");
    upstream(http, "proxy_ssl_verify_depth")
        .number(Setting.of("proxy_ssl_verify_depth", 1), 0, Integer.MAX_VALUE)
        .summary("How long the chain of a server's certificate may be.");
    upstream(http, "proxy_ssl_conf_command")
        .arguments(2)
        .repeatable()
        .read(SslModule::accept)
        .syntax("name value")
        .summary("A command for OpenSSL.");
    for (String name : List.of("server_name", "session_reuse", "verify")) {
      String whole = "proxy_ssl_" + name;
      upstream(http, whole).flag(Setting.of(whole, false)).summary("How TLS begins.");
    }
    for (String name : List.of("name", "ciphers", "trusted_certificate")) {
      upstream(http, "proxy_ssl_" + name)
          .read(SslModule::accept)
          .syntax("text")
          .summary("What TLS works with.");
    }
  }

  private static DirectiveDefinition upstream(HttpRegistry http, String name) {
    return http.directive(name)
        .in(HTTP, SERVER, LOCATION)
        .differs("Checked, and without effect: `https://` in `proxy_pass` is refused.");
  }

  private static DirectiveDefinition define(HttpRegistry http, String name) {
    return http.directive(name)
        .in(HTTP, SERVER)
        .differs(
            "Checked, and without effect: there is no TLS yet, so nothing listens with `ssl`.");
  }

  private static void flag(HttpRegistry http, String name, String summary) {
    define(http, name).flag(Setting.of(name, false)).summary(summary);
  }

  private static DirectiveDefinition text(
      HttpRegistry http, String name, String syntax, String summary) {
    return define(http, name).read(SslModule::accept).syntax(syntax).summary(summary);
  }

  private static void accept(Directive d, Scope scope) {
    // any text will do until there is a certificate
  }

  private void cache(HttpRegistry http, Directive d) {
    for (int i = 0; i < d.argumentCount(); i++) {
      String word = d.argument(i);
      if (word.startsWith("shared:")) {
        shared(http, d, i);
      } else if (!Set.of("off", "none", "builtin").contains(word) && !isBuiltinOfSize(word)) {
        throw invalid(d, i);
      }
    }
  }

  private static boolean isBuiltinOfSize(String word) {
    return word.startsWith("builtin:")
        && Units.number(word.substring("builtin:".length())).isPresent();
  }

  private void shared(HttpRegistry http, Directive d, int i) {
    String[] parts = d.argument(i).split(":", 3);
    OptionalLong size = parts.length < 3 ? OptionalLong.empty() : Units.size(parts[2]);
    if (size.isEmpty() || parts[1].isEmpty()) {
      throw invalid(d, i);
    }
    if (size.getAsLong() < SMALLEST_CACHE) {
      throw ConfigException.at(d, i, "session cache \"" + d.argument(i) + "\" is too small");
    }
    http.sharedZones().claim(d, i, parts[1], USE);
    Long before = caches.putIfAbsent(parts[1], size.getAsLong());
    if (before != null && before != size.getAsLong()) {
      throw ConfigException.at(
          d,
          i,
          "the size %d of shared memory zone \"%s\" conflicts with already declared size %d"
              .formatted(size.getAsLong(), parts[1], before));
    }
  }

  private static ConfigException invalid(Directive d, int i) {
    return ConfigException.at(d, i, "invalid session cache \"" + d.argument(i) + "\"");
  }
}
