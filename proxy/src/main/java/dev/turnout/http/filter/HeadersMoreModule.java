package dev.turnout.http.filter;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.LOCATION_IF;
import static dev.turnout.config.Context.SERVER;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Context;
import dev.turnout.config.Directive;
import dev.turnout.config.DirectiveDefinition;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.http.Exchange;
import dev.turnout.http.FieldName;
import dev.turnout.http.Fields;
import dev.turnout.http.HostName;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.Phase;
import dev.turnout.http.PhaseHandler;
import dev.turnout.http.RequestHead;
import dev.turnout.http.Response;
import dev.turnout.http.ResponseFilter;
import dev.turnout.http.Template;
import dev.turnout.http.Verdict;
import dev.turnout.log.Level;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `more_set_headers`, `more_clear_headers` and their kind for requests: any field of a response or
/// a request is set, added or taken out, as OpenResty's headers-more-nginx-module does it.
public final class HeadersMoreModule implements HttpModule {
  private static final Context[] BLOCKS = {HTTP, SERVER, LOCATION, LOCATION_IF};
  private static final Setting<List<Change>> OUTPUT = Setting.listOf("more_set_headers");
  private static final Setting<List<Change>> INPUT = Setting.listOf("more_set_input_headers");

  /// What one directive changes.
  ///
  /// @param types the media types that it is for; empty for all
  /// @param statuses the statuses that it is for; empty for all
  /// @param lines what is set, or taken out where there is no value
  /// @param appends it adds lines to those there are
  /// @param replaces it changes only fields that are there
  private record Change(
      List<String> types,
      List<Integer> statuses,
      List<Line> lines,
      boolean appends,
      boolean replaces) {
    boolean isFor(@Nullable String type) {
      return types.isEmpty() || (type != null && types.contains(type));
    }
  }

  /// One field.
  ///
  /// @param name its name; all that begin so if `wildcard`
  private record Line(FieldName name, boolean wildcard, @Nullable Template value) {
    String text(Exchange exchange) {
      return value == null ? "" : value.evaluate(exchange);
    }
  }

  @Override
  public void register(HttpRegistry http) {
    directive(http, "more_set_headers", OUTPUT, false)
        .syntax("[-t types] [-s statuses] [-a] 'name: value' ...")
        .summary(
            "Sets fields of responses whatever their status, in place of those there are; `-a` adds"
                + " them. `-t` and `-s` list the media types and the statuses it is for. What the"
                + " blocks around say is done first.");
    directive(http, "more_clear_headers", OUTPUT, true)
        .syntax("[-t types] [-s statuses] name ...")
        .summary("Takes fields out of responses; `name*` stands for all that begin so.");
    directive(http, "more_set_input_headers", INPUT, false)
        .syntax("[-r] [-t types] 'name: value' ...")
        .summary(
            "Sets fields of requests at the end of the rewrite phase; with `-r` only those that are"
                + " there. `-t` lists the media types of requests it is for.")
        .differs(
            "What it says of `Content-Length`, `Transfer-Encoding` and `Connection` does not change"
                + " how the request is read or whether the connection is kept.");
    directive(http, "more_clear_input_headers", INPUT, true)
        .syntax("[-t types] name ...")
        .summary("Takes fields out of requests; `name*` stands for all that begin so.");
    http.phase(Phase.REWRITE, HeadersMoreModule::handler);
    http.filter(HeadersMoreModule::filter);
  }

  private static DirectiveDefinition directive(
      HttpRegistry http, String name, Setting<List<Change>> changes, boolean clears) {
    return http.directive(name)
        .in(BLOCKS)
        .atLeast(1)
        .repeatable()
        .read((d, scope) -> scope.append(changes, change(http, d, changes == OUTPUT, clears)));
  }

  // ---- the configuration

  private static Change change(HttpRegistry http, Directive d, boolean output, boolean clears) {
    List<String> types = new ArrayList<>();
    List<Integer> statuses = new ArrayList<>();
    List<Line> lines = new ArrayList<>();
    boolean appends = false;
    boolean replaces = false;
    for (int i = 0; i < d.argumentCount(); i++) {
      String text = d.argument(i);
      if (!text.startsWith("-")) {
        if (!text.isEmpty()) {
          lines.add(line(http, d, i, clears));
        }
        continue;
      }
      switch (text) {
        case "-t" -> types.addAll(words(value(d, i++)));
        case "-s" -> {
          if (!output) {
            throw invalid(d, i);
          }
          for (String word : words(value(d, i++))) {
            statuses.add(status(d, i, word));
          }
        }
        case "-a" -> {
          if (!output || clears) {
            throw invalid(d, i);
          }
          appends = true;
        }
        case "-r" -> {
          if (output) {
            throw invalid(d, i);
          }
          replaces = true;
        }
        default -> throw invalid(d, i);
      }
    }
    return new Change(
        List.copyOf(types), List.copyOf(statuses), List.copyOf(lines), appends, replaces);
  }

  private static ConfigException invalid(Directive d, int i) {
    return ConfigException.at(d, i, d.name() + ": invalid option name: \"" + d.argument(i) + "\"");
  }

  private static String value(Directive d, int i) {
    if (i + 1 == d.argumentCount()) {
      throw ConfigException.at(
          d, i, d.name() + ": option " + d.argument(i) + " takes an argument.");
    }
    return d.argument(i + 1);
  }

  private static List<String> words(String text) {
    String trimmed = text.strip();
    return trimmed.isEmpty() ? List.of() : List.of(trimmed.split("\\s+"));
  }

  private static int status(Directive d, int i, String word) {
    if (word.length() <= 3 && word.chars().allMatch(c -> c >= '0' && c <= '9')) {
      return Integer.parseInt(word);
    }
    throw ConfigException.at(
        d, i, d.name() + ": invalid status \"" + word + "\" in the status code list");
  }

  private static Line line(HttpRegistry http, Directive d, int i, boolean clears) {
    String text = d.argument(i);
    int begin = 0;
    while (begin < text.length() && isBlank(text.charAt(begin))) {
      begin++;
    }
    int end = begin;
    while (end < text.length() && text.charAt(end) != ':' && !isBlank(text.charAt(end))) {
      end++;
    }
    String name = text.substring(begin, end);
    if (name.isEmpty()) {
      throw ConfigException.at(d, i, d.name() + ": no key found in the header argument: " + text);
    }
    boolean wildcard = name.endsWith("*");
    if (wildcard && name.length() < 2) {
      throw ConfigException.at(d, i, d.name() + ": wildcard key too short: " + text);
    }
    int value = end;
    while (value < text.length() && (text.charAt(value) == ':' || isBlank(text.charAt(value)))) {
      value++;
    }
    boolean empty = clears || value == text.length();
    return new Line(
        FieldName.of(wildcard ? name.substring(0, name.length() - 1) : name),
        wildcard,
        empty ? null : http.template(d, i, text.substring(value)));
  }

  private static boolean isBlank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
  }

  /// What the blocks around say, then what this one says.
  private static List<Change> all(Scope scope, Setting<List<Change>> changes) {
    List<Change> own = scope.own(changes);
    Scope parent = scope.parent();
    List<Change> all = new ArrayList<>(parent == null ? List.of() : all(parent, changes));
    if (own != null) {
      all.addAll(own);
    }
    return all;
  }

  // ---- responses

  private static @Nullable ResponseFilter filter(Scope scope) {
    Change[] changes = all(scope, OUTPUT).toArray(new Change[0]);
    if (changes.length == 0) {
      return null;
    }
    return (exchange, response) -> {
      for (Change change : changes) {
        if (change.isFor(mediaType(response.contentType()))
            && (change.statuses().isEmpty() || change.statuses().contains(response.status()))) {
          for (Line line : change.lines()) {
            apply(exchange, response, line, change.appends());
          }
        }
      }
    };
  }

  private static @Nullable String mediaType(@Nullable String contentType) {
    int end = contentType == null ? -1 : contentType.indexOf(';');
    return contentType == null || end < 0 ? contentType : contentType.substring(0, end).strip();
  }

  private static void apply(Exchange exchange, Response response, Line line, boolean appends) {
    String text = line.text(exchange);
    if (line.wildcard()) {
      if (text.isEmpty()) {
        response.removeFieldsBeginning(line.name().text());
      }
    } else if (appends && !text.isEmpty()) {
      response.addField(line.name(), text);
    } else {
      response.setField(line.name(), text);
    }
  }

  // ---- requests

  private static @Nullable PhaseHandler handler(Scope scope) {
    Change[] changes = all(scope, INPUT).toArray(new Change[0]);
    if (changes.length == 0) {
      return null;
    }
    return exchange -> {
      for (Change change : changes) {
        if (change.isFor(exchange.request().fields().first(FieldName.CONTENT_TYPE))) {
          for (Line line : change.lines()) {
            if (!apply(exchange, line, change.replaces())) {
              exchange.finish(500);
              return Verdict.RESPONDED;
            }
          }
        }
      }
      return Verdict.CONTINUE;
    };
  }

  /// False if the value cannot be, which is logged.
  private static boolean apply(Exchange exchange, Line line, boolean replaces) {
    String text = line.text(exchange);
    Fields fields = exchange.request().fields();
    if (line.wildcard()) {
      if (text.isEmpty()) {
        removeBeginning(exchange, line.name().text());
      }
      return true;
    }
    boolean isThere = fields.find(line.name()) >= 0;
    if (text.isEmpty()) {
      if (isThere) {
        exchange.changeRequest().removeField(line.name().text());
      }
    } else if (isThere || !replaces) {
      if (line.name().known() == FieldName.HOST && !isHost(text)) {
        exchange.log(Level.ERROR, "invalid host \"" + text + "\" in more_set_input_headers");
        return false;
      }
      exchange.changeRequest().setField(line.name().text(), text);
    }
    return true;
  }

  private static boolean isHost(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    return HostName.parse(bytes, 0, bytes.length) != HostName.INVALID;
  }

  private static void removeBeginning(Exchange exchange, String prefix) {
    RequestHead request = exchange.changeRequest();
    Fields fields = request.fields();
    for (int i = fields.count() - 1; i >= 0; i--) {
      String name = fields.name(i);
      if (name.regionMatches(true, 0, prefix, 0, prefix.length())) {
        request.removeField(name);
        i = Math.min(i, fields.count());
      }
    }
  }
}
