package dev.turnout.http;

import static dev.turnout.config.Context.LOCATION;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Context;
import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;

/// `limit_except`: rules of a location for all methods but those it names.
public final class LimitExceptModule implements HttpModule {
  /// The methods that the rules inside the block are not for.
  static final Setting<Set<String>> METHODS = Setting.local("limit_except", Set.of());

  private static final Set<String> KNOWN =
      Set.of(
          "GET",
          "HEAD",
          "POST",
          "PUT",
          "DELETE",
          "MKCOL",
          "COPY",
          "MOVE",
          "OPTIONS",
          "PROPFIND",
          "PROPPATCH",
          "LOCK",
          "UNLOCK",
          "PATCH");

  @Override
  public void register(HttpRegistry http) {
    http.directive("limit_except")
        .in(LOCATION)
        .atLeast(1)
        .block(Context.LIMIT_EXCEPT, LimitExceptModule::read)
        .syntax("method ...")
        .summary(
            "Rules for requests with other methods than these, in place of those of the location."
                + " GET includes HEAD.");
  }

  private static void read(Directive d, Scope inner) {
    Set<String> methods = new HashSet<>();
    for (int i = 0; i < d.argumentCount(); i++) {
      String method = d.argument(i).toUpperCase(Locale.ROOT);
      if (!KNOWN.contains(method)) {
        throw ConfigException.at(d, i, "invalid method \"" + d.argument(i) + "\"");
      }
      methods.add(method);
    }
    if (methods.contains("GET")) {
      methods.add("HEAD");
    }
    inner.set(METHODS, Set.copyOf(methods));
  }
}
