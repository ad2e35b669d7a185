package dev.turnout.http;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.SERVER;

import dev.turnout.config.Context;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.log.Level;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// What holds for all subrequests, and the place among the filters where their output joins that of
/// the main request: behind those that ask for subrequests, before those that work on the whole.
public final class SubrequestModule implements HttpModule {
  private static final Setting<Boolean> LOGGED = Setting.of("log_subrequest", false);
  private static final Setting<Long> OUTPUT =
      Setting.of("subrequest_output_buffer_size", 4096L); // a page, as in nginx

  private static final Setting<Boolean> FOR_CLIENTS = Setting.local("for clients only", false);

  /// What a location says about the subrequests that it answers.
  ///
  /// @param logged `log_subrequest`
  /// @param outputLimit `subrequest_output_buffer_size`
  record Settings(boolean logged, long outputLimit) {}

  static Settings settings(Scope scope) {
    return new Settings(scope.get(LOGGED), scope.get(OUTPUT));
  }

  /// Only clients may come to this location. Subrequests are not asked who they are, so what can
  /// change the node is not for them: a page could include it.
  public static void forClientsOnly(Scope location) {
    location.set(FOR_CLIENTS, true);
  }

  private static @Nullable PhaseHandler guard(Scope scope) {
    Scope location = scope;
    while (isPart(location) && location.parent() != null) {
      location = Objects.requireNonNull(location.parent());
    }
    return location.get(FOR_CLIENTS) ? SubrequestModule::refuse : null;
  }

  private static boolean isPart(Scope scope) {
    return scope.context() == Context.LOCATION_IF || scope.context() == Context.LIMIT_EXCEPT;
  }

  private static Verdict refuse(Exchange exchange) {
    if (!exchange.isSubrequest()) {
      return Verdict.CONTINUE;
    }
    exchange.log(Level.ERROR, "a subrequest may not change the node");
    exchange.finish(403);
    return Verdict.RESPONDED;
  }

  @Override
  public void register(HttpRegistry http) {
    http.directive("log_subrequest")
        .in(HTTP, SERVER, LOCATION)
        .flag(LOGGED)
        .defaultText("off")
        .summary("Subrequests are logged, too.");
    http.directive("subrequest_output_buffer_size")
        .in(HTTP, SERVER, LOCATION)
        .size(OUTPUT)
        .defaultText("4k")
        .summary(
            "How long the response of a subrequest may be where it is wanted as a whole, as for"
                + " `include` with `set` of SSI.");
    http.phase(Phase.PREACCESS, SubrequestModule::guard);
    http.filter(_ -> (exchange, _) -> exchange.installSplice());
  }
}
