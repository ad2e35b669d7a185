package dev.turnout.http.content;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.SERVER;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.http.Exchange;
import dev.turnout.http.FilePart;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.Phase;
import dev.turnout.http.PhaseHandler;
import dev.turnout.http.Subrequest;
import dev.turnout.http.Verdict;
import io.netty.buffer.ByteBuf;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `mirror`: background subrequests that repeat the request elsewhere; nobody looks at the answers.
public final class MirrorModule implements HttpModule {
  private static final Setting<List<String>> PATHS = Setting.listOf("mirror");
  private static final Setting<Boolean> BODY = Setting.of("mirror_request_body", true);

  private static final Subrequest.Receiver NOBODY =
      new Subrequest.Receiver() {
        @Override
        public void data(Exchange subrequest, ByteBuf part) {
          part.release();
        }

        @Override
        public void file(Exchange subrequest, FilePart part) {
          part.close();
        }

        @Override
        public void ended(Exchange subrequest, boolean whole) {
          // it is all the same
        }
      };

  @Override
  public void register(HttpRegistry http) {
    http.directive("mirror")
        .in(HTTP, SERVER, LOCATION)
        .repeatable()
        .read(MirrorModule::mirror)
        .syntax("uri | off")
        .defaultText("off")
        .summary(
            "Repeats requests in the background as subrequests to this path, with the method and"
                + " the arguments of the request. The response does not wait for them; the next"
                + " request on the connection does.");
    http.directive("mirror_request_body")
        .in(HTTP, SERVER, LOCATION)
        .flag(BODY)
        .defaultText("on")
        .summary("Mirrored requests have the body, which is then read before the request goes on.")
        .differs("With `off` no body is announced to an upstream, since none is sent.");
    http.phase(Phase.PRECONTENT, MirrorModule::handler);
  }

  private static void mirror(Directive d, Scope scope) {
    List<String> before = scope.own(PATHS);
    if (d.argument(0).equals("off")) {
      if (before != null) {
        throw ConfigException.directive(d, "is duplicate");
      }
      scope.set(PATHS, List.of());
      return;
    }
    if (before != null && before.isEmpty()) {
      throw ConfigException.directive(d, "is duplicate");
    }
    scope.append(PATHS, d.argument(0));
  }

  private static @Nullable PhaseHandler handler(Scope scope) {
    List<String> paths = List.copyOf(scope.get(PATHS));
    if (paths.isEmpty()) {
      return null;
    }
    return scope.get(BODY)
        ? exchange -> withBody(exchange, paths)
        : exchange -> withoutBody(exchange, paths);
  }

  private static Verdict withoutBody(Exchange exchange, List<String> paths) {
    if (!exchange.isSubrequest()) {
      for (String path : paths) {
        repeat(exchange, path).start(NOBODY);
      }
    }
    return Verdict.CONTINUE;
  }

  private static Verdict withBody(Exchange exchange, List<String> paths) {
    if (!exchange.body().isPresent()) {
      return withoutBody(exchange, paths);
    }
    if (exchange.isSubrequest()) {
      return Verdict.CONTINUE;
    }
    exchange
        .body()
        .read(() -> {
          for (String path : paths) {
            repeat(exchange, path).withBody().start(NOBODY);
          }
          exchange.resume();
        });
    return Verdict.SUSPENDED;
  }

  private static Subrequest repeat(Exchange exchange, String path) {
    return exchange
        .subrequest(path, exchange.args())
        .method(exchange.method())
        .headOnly()
        .background();
  }
}
