package dev.turnout.http.content;

import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.SERVER;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.Setting;
import dev.turnout.config.Units;
import dev.turnout.http.CoreSettings;
import dev.turnout.http.Exchange;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.Phase;
import dev.turnout.http.RequestFile;
import dev.turnout.http.Template;
import dev.turnout.http.Verdict;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `try_files`: the first file that is there, or else another path, a named location or a status.
public final class TryFilesModule implements HttpModule {
  private static final Setting<@Nullable TryFiles> TRY = Setting.local("try_files", null);

  /// One argument but the last; `directory` if it ends with a slash.
  private record Candidate(Template name, boolean directory) {}

  /// A candidate in an exchange: the name of the file, and the path that it is then.
  private record Trial(String file, String path, boolean directory) {}

  /// The directive.
  ///
  /// @param status the last argument as `=code`, or 0
  private record TryFiles(List<Candidate> candidates, Template last, int status) {}

  @Override
  public void register(HttpRegistry http) {
    http.directive("try_files")
        .in(SERVER, LOCATION)
        .atLeast(2)
        .read((d, scope) -> scope.set(TRY, read(http, d)))
        .syntax("file ... uri | file ... =code")
        .summary(
            "Looks for files (or, with a slash at the end, directories) in this order; if none is"
                + " there, goes on with the last argument.");
    http.phase(
        Phase.PRECONTENT,
        scope -> {
          TryFiles tried = scope.own(TRY);
          if (tried == null) {
            return null;
          }
          return exchange -> look(exchange, tried);
        });
  }

  private static TryFiles read(HttpRegistry http, Directive d) {
    int last = d.argumentCount() - 1;
    List<Candidate> candidates = new ArrayList<>();
    for (int i = 0; i < last; i++) {
      String name = d.argument(i);
      boolean directory = name.endsWith("/");
      String file = directory ? name.substring(0, name.length() - 1) : name;
      candidates.add(new Candidate(http.template(d, i, file), directory));
    }
    String fallback = d.argument(last);
    if (!fallback.startsWith("=")) {
      return new TryFiles(candidates, http.template(d, last), 0);
    }
    long status = Units.number(fallback.substring(1)).orElse(-1);
    if (status < 0 || status > 999) {
      throw ConfigException.at(d, last, "invalid code \"" + fallback + "\"");
    }
    return new TryFiles(candidates, Template.empty(), (int) status);
  }

  private static Verdict look(Exchange exchange, TryFiles tried) {
    List<Trial> trials = new ArrayList<>(tried.candidates().size());
    for (Candidate candidate : tried.candidates()) {
      trials.add(trial(exchange, candidate));
    }
    exchange.offLoop(
        () -> first(trials),
        (found, _) -> {
          if (found != null && found >= 0) {
            take(exchange, trials.get(found));
            exchange.resume();
          } else {
            fallBack(exchange, tried);
          }
        },
        _ -> {});
    return Verdict.SUSPENDED;
  }

  private static void take(Exchange exchange, Trial found) {
    CoreSettings core = exchange.core();
    if (core.alias() == null || core.aliasPrefix() >= 0) {
      exchange.replacePath(found.path());
    } else if (!found.directory()) {
      exchange.replacePath(found.path());
      exchange.extendAlias();
    }
  }

  private static Integer first(List<Trial> trials) {
    for (int i = 0; i < trials.size(); i++) {
      if (FileLookup.exists(trials.get(i).file(), trials.get(i).directory())) {
        return i;
      }
    }
    return -1;
  }

  private static Trial trial(Exchange exchange, Candidate candidate) {
    String name = candidate.name().evaluate(exchange);
    CoreSettings core = exchange.core();
    String root = RequestFile.root(exchange);
    if (core.alias() == null || core.aliasPrefix() < 0) {
      return new Trial(root + name, name, candidate.directory());
    }
    int length = Math.min(core.aliasPrefix(), exchange.path().length());
    String prefix = exchange.path().substring(0, length);
    // what variables say mostly begins with the location's prefix, which alias stands for
    boolean strips = !candidate.name().isConstant() && name.startsWith(prefix);
    String rest = strips ? name.substring(prefix.length()) : name;
    return new Trial(root + rest, prefix + rest, candidate.directory());
  }

  private static void fallBack(Exchange exchange, TryFiles tried) {
    if (tried.status() != 0 || tried.last().isEmpty()) {
      exchange.finish(tried.status());
      return;
    }
    String target = tried.last().evaluate(exchange);
    if (target.startsWith("@")) {
      exchange.redirectInternally(target, exchange.args());
      return;
    }
    int question = target.indexOf('?');
    exchange.redirectInternally(
        question < 0 ? target : target.substring(0, question),
        question < 0 ? "" : target.substring(question + 1)); // nginx logs no "-" for it
  }
}
