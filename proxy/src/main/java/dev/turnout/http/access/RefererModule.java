package dev.turnout.http.access;

import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.SERVER;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Context;
import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.http.CoreModule;
import dev.turnout.http.FieldName;
import dev.turnout.http.HostPatterns;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.Regex;
import dev.turnout.http.Slot;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// `valid_referers` and `$invalid_referer`: whether a request comes by a link from a known page.
public final class RefererModule implements HttpModule {
  private static final Setting<List<Word>> WORDS = Setting.listOf("valid_referers");
  private static final Setting<List<Regex>> PATTERNS =
      Setting.listOf("regular expressions of valid_referers");

  /// An argument that is no regular expression, and where it stands.
  private record Word(String text, Directive directive, int index) {
    ConfigException wrong(String message) {
      return ConfigException.at(directive, index, message);
    }
  }

  @Override
  public void register(HttpRegistry http) {
    http.directive("valid_referers")
        .in(SERVER, LOCATION)
        .atLeast(1)
        .repeatable()
        .read(RefererModule::read)
        .syntax("none | blocked | server_names | string ...")
        .summary(
            "The pages that links may come from: hosts with wildcards and perhaps the beginning of"
                + " a path, or regular expressions. `$invalid_referer` is `1` for requests from"
                + " elsewhere.");
    for (String name : new String[] {"referer_hash_max_size", "referer_hash_bucket_size"}) {
      http.directive(name)
          .in(SERVER, LOCATION)
          .read((_, _) -> {})
          .syntax("size")
          .summary("Accepted: Turnout's tables size themselves.");
    }
    Slot<Referers> slot = http.keep(RefererModule::referers);
    http.variable(
        "invalid_referer",
        exchange ->
            exchange
                    .location()
                    .get(slot)
                    .areValid(exchange.request().fields().first(FieldName.REFERER))
                ? ""
                : "1");
  }

  private static void read(Directive d, Scope scope) {
    for (int i = 0; i < d.argumentCount(); i++) {
      String text = d.argument(i);
      if (text.isEmpty()) {
        throw ConfigException.at(d, i, "invalid referer \"" + text + "\"");
      }
      if (!text.startsWith("~")) {
        scope.append(WORDS, new Word(text, d, i));
        continue;
      }
      if (text.length() == 1) {
        throw ConfigException.at(d, i, "empty regex in \"" + text + "\"");
      }
      scope.append(PATTERNS, HttpRegistry.regex(d, i, text.substring(1), true));
      if (!scope.isSet(WORDS)) {
        scope.set(WORDS, List.of());
      }
    }
  }

  private static Referers referers(Scope scope) {
    List<Word> words = scope.get(WORDS);
    boolean none = false;
    boolean blocked = false;
    HostPatterns<String> hosts = new HostPatterns<>();
    List<Regex> serverPatterns = new ArrayList<>();
    for (Word word : words) {
      switch (word.text()) {
        case "none" -> none = true;
        case "blocked" -> blocked = true;
        case "server_names" -> {
          Scope server = scope.enclosing(Context.SERVER);
          if (server != null) {
            CoreModule.serverNames(server, name -> add(hosts, word, name, ""), serverPatterns::add);
          }
        }
        default -> {
          String text = word.text();
          int slash = text.indexOf('/');
          add(
              hosts,
              word,
              slash < 0 ? text : text.substring(0, slash),
              slash < 0 ? "" : text.substring(slash));
        }
      }
    }
    if ((none || blocked) && hosts.isEmpty()) {
      throw ConfigException.withoutPosition(
          "the \"none\" or \"blocked\" referers are specified in the \"valid_referers\" directive"
              + " without any valid referer");
    }
    List<Regex> patterns = scope.get(PATTERNS);
    boolean isAnything = hosts.isEmpty() && serverPatterns.isEmpty() && patterns.isEmpty();
    return new Referers(isAnything, none, blocked, hosts, serverPatterns, patterns);
  }

  private static void add(HostPatterns<String> hosts, Word word, String name, String path) {
    try {
      hosts.add(name.toLowerCase(Locale.ROOT), path);
    } catch (IllegalArgumentException e) {
      throw word.wrong(String.valueOf(e.getMessage()));
    }
  }
}
