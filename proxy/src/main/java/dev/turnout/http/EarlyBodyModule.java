package dev.turnout.http;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.SERVER;

import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `client_body_early_read`: bodies that are there as a whole before anything is done with their
/// requests, so that `$request_body` can be asked in every phase.
public final class EarlyBodyModule implements HttpModule {
  private static final Setting<List<Template>> CONDITIONS =
      Setting.listOf("client_body_early_read");

  @Override
  public void register(HttpRegistry http) {
    http.directive("client_body_early_read")
        .in(HTTP, SERVER)
        .atLeast(1)
        .repeatable()
        .read((d, scope) -> {
          for (int i = 0; i < d.argumentCount(); i++) {
            scope.append(CONDITIONS, http.template(d, i));
          }
        })
        .syntax("string ...")
        .summary(
            "The body of a request is read before anything else is done if one of the strings is"
                + " neither empty nor 0.");
    http.phase(Phase.SERVER_REWRITE, EarlyBodyModule::handler);
  }

  private static @Nullable PhaseHandler handler(Scope scope) {
    List<Template> conditions = List.copyOf(scope.get(CONDITIONS));
    return conditions.isEmpty() ? null : exchange -> handle(exchange, conditions);
  }

  private static Verdict handle(Exchange exchange, List<Template> conditions) {
    if (exchange.isInternal()
        || !exchange.body().isPresent()
        || !Template.isAnyTrue(conditions, exchange)) {
      return Verdict.CONTINUE;
    }
    if (exchange.body().isTooLarge()) {
      exchange.body().refuse();
      return Verdict.RESPONDED;
    }
    exchange.body().read(exchange::resume);
    return Verdict.SUSPENDED;
  }
}
