package dev.turnout.http.content;

import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.SERVER;

import dev.turnout.http.ConnectionCounters;
import dev.turnout.http.CoreModule;
import dev.turnout.http.Exchange;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import java.nio.charset.StandardCharsets;

/// `stub_status`: the counters of connections and requests as a short text.
public final class StubStatusModule implements HttpModule {
  @Override
  public void register(HttpRegistry http) {
    ConnectionCounters counters = http.environment().connections();
    http.directive("stub_status")
        .in(SERVER, LOCATION)
        .arguments(0, 1)
        .read((_, scope) -> {
          CoreModule.servesOperators(scope);
          scope.set(HttpRegistry.CONTENT, _ -> exchange -> answer(exchange, counters));
        })
        .syntax("")
        .summary("Answers with the counters of connections and requests.");
    http.variable("connections_active", _ -> Long.toString(counters.activeNow()));
    http.variable("connections_reading", _ -> Long.toString(counters.readingNow()));
    http.variable("connections_writing", _ -> Long.toString(counters.writingNow()));
    http.variable("connections_waiting", _ -> Long.toString(counters.waitingNow()));
  }

  private static void answer(Exchange exchange, ConnectionCounters counters) {
    String method = exchange.method();
    if (!method.equals("GET") && !method.equals("HEAD")) {
      exchange.finish(405);
      return;
    }
    exchange.respond(200, "text/plain", text(counters).getBytes(StandardCharsets.ISO_8859_1));
  }

  static String text(ConnectionCounters counters) {
    long accepted = counters.acceptedTotal();
    return "Active connections: %d \nserver accepts handled requests\n %d %d %d \n"
            .formatted(
                counters.activeNow(),
                accepted,
                accepted - counters.droppedTotal(),
                counters.requestsTotal())
        + "Reading: %d Writing: %d Waiting: %d \n"
            .formatted(counters.readingNow(), counters.writingNow(), counters.waitingNow());
  }
}
