package dev.turnout.http.filter;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.SERVER;

import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.http.BodyFilter;
import dev.turnout.http.Exchange;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.MediaTypes;
import dev.turnout.http.ResponseFilter;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/// `add_before_body` and `add_after_body`: answers of subrequests around the body of a response.
public final class AdditionModule implements HttpModule {
  private static final Setting<String> BEFORE = Setting.of("add_before_body", "");
  private static final Setting<String> AFTER = Setting.of("add_after_body", "");
  private static final Setting<MediaTypes> TYPES =
      Setting.of("addition_types", MediaTypes.of("text/html"));

  @Override
  public void register(HttpRegistry http) {
    http.directive("add_before_body")
        .in(HTTP, SERVER, LOCATION)
        .text(BEFORE)
        .syntax("uri")
        .summary("The answer of a subrequest comes before the body of answers with status 200.");
    http.directive("add_after_body")
        .in(HTTP, SERVER, LOCATION)
        .text(AFTER)
        .syntax("uri")
        .summary("The answer of a subrequest comes after the body of answers with status 200.");
    MediaTypes.directive(http, "addition_types", TYPES);
    http.filter(AdditionModule::filter);
  }

  private static @Nullable ResponseFilter filter(Scope scope) {
    String before = scope.get(BEFORE);
    String after = scope.get(AFTER);
    MediaTypes types = scope.get(TYPES);
    if (before.isEmpty() && after.isEmpty()) {
      return null;
    }
    return (exchange, response) -> {
      if (response.status() != 200
          || exchange.isSubrequest()
          || !types.contain(response.contentType())) {
        return;
      }
      response.bodyChanges();
      if (!exchange.isHead()) {
        exchange.addBody();
        exchange.wantSplice();
        exchange.filterBody(new Body(exchange, before, after));
      }
    };
  }

  /// Passes the body on between the two additions.
  private static final class Body extends BodyFilter {
    private final String after;
    private String before;
    private boolean ended;

    Body(Exchange exchange, String before, String after) {
      super(exchange);
      this.before = before;
      this.after = after;
    }

    private void insert(String path) {
      if (!path.isEmpty()) {
        exchange().splice().insert(exchange().subrequest(path, null).withBody(), null);
      }
    }

    private void begin() {
      String first = before;
      before = "";
      insert(first);
    }

    private void end() {
      if (!ended) {
        ended = true;
        insert(after);
        next().writeEnd(exchange());
      }
    }

    @Override
    public void writeBody(Exchange exchange, ByteBuf body, boolean last) {
      begin();
      next().writeBody(exchange, body, false);
      if (last && !isReleased()) {
        end();
      }
    }

    @Override
    public void writeEnd(Exchange exchange) {
      begin();
      end();
    }
  }
}
