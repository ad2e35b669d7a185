package dev.turnout.http;

import dev.turnout.log.Level;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Stops 3 and 4 of a request: finds its location and runs the phase handlers in nginx's order,
/// then the content handler. Stateless: everything about a request is in its {@link Exchange}.
public final class PhaseEngine {
  private static final String CHALLENGE = "WWW-Authenticate";

  /// Where an exchange stands.
  enum Stage {
    SERVER_REWRITE,
    FIND_LOCATION,
    REWRITE,
    POST_REWRITE,
    PREACCESS,
    ACCESS,
    PRECONTENT,
    CONTENT
  }

  /// Begins: the head is read, the target normalised.
  public void start(Exchange exchange, ServerNames names, @Nullable String host) {
    exchange.generation().entered(exchange.worker().index());
    exchange.stage(Stage.SERVER_REWRITE);
    try {
      exchange.server(names.find(host, exchange));
    } catch (Regex.TooManySteps e) {
      exchange.log(Level.ERROR, String.valueOf(e.getMessage()));
      finish(exchange, 500);
      return;
    }
    run(exchange);
  }

  /// Begins a subrequest: its target is set, its server is its parent's.
  void startSubrequest(Exchange exchange) {
    run(exchange);
  }

  /// Answers a request whose head was refused, under the default server.
  public void refuse(Exchange exchange, int status) {
    exchange.generation().entered(exchange.worker().index());
    try {
      finish(exchange, status);
    } catch (RuntimeException e) {
      failed(exchange, e);
    }
  }

  /// Notes what a request would have been answered with whose client is gone before its head was
  /// read.
  public void abandon(Exchange exchange, int status) {
    exchange.generation().entered(exchange.worker().index());
    exchange.response().status(status);
  }

  /// Goes on from where the exchange stands.
  void run(Exchange exchange) {
    try {
      while (exchange.isLive() && step(exchange)) {
        // each step moves the exchange on
      }
    } catch (RuntimeException e) {
      thrown(exchange, e);
    }
  }

  /// Does something for an exchange; what is thrown ends it.
  void guarded(Exchange exchange, Runnable work) {
    try {
      work.run();
    } catch (RuntimeException e) {
      thrown(exchange, e);
    }
  }

  private void thrown(Exchange exchange, RuntimeException thrown) {
    if (thrown instanceof Regex.TooManySteps) {
      exchange.log(Level.ERROR, String.valueOf(thrown.getMessage()));
      finish(exchange, 500);
    } else {
      failed(exchange, thrown);
    }
  }

  /// A bug of ours: told with its stack, and the end of this exchange only.
  public void failed(Exchange exchange, RuntimeException bug) {
    StringWriter stack = new StringWriter();
    bug.printStackTrace(new PrintWriter(stack));
    exchange.log(Level.ALERT, "unexpected " + stack);
    if (exchange.isHeadSent()) {
      exchange.downstream().abort(exchange);
      return;
    }
    exchange.errorStatus(500);
    try {
      special(exchange, 500);
    } catch (RuntimeException e) {
      exchange.log(Level.ALERT, "unexpected " + e + " while answering 500");
      exchange.downstream().abort(exchange);
    }
  }

  private boolean step(Exchange exchange) {
    return switch (exchange.stage()) {
      case SERVER_REWRITE -> handlers(exchange, Phase.SERVER_REWRITE, Stage.FIND_LOCATION);
      case FIND_LOCATION -> findLocation(exchange);
      case REWRITE -> handlers(exchange, Phase.REWRITE, Stage.POST_REWRITE);
      case POST_REWRITE -> afterRewrite(exchange);
      case PREACCESS -> handlers(exchange, Phase.PREACCESS, Stage.ACCESS);
      case ACCESS -> {
        if (exchange.isSubrequest()) {
          exchange.stage(Stage.PRECONTENT); // the client has been let in
          yield true;
        }
        yield handlers(exchange, Phase.ACCESS, Stage.PRECONTENT);
      }
      case PRECONTENT -> handlers(exchange, Phase.PRECONTENT, Stage.CONTENT);
      case CONTENT -> {
        exchange.location().content().handle(exchange);
        yield false;
      }
    };
  }

  private boolean handlers(Exchange exchange, Phase phase, Stage next) {
    while (true) {
      PhaseHandler[] handlers = exchange.location().handlers(phase);
      int i = exchange.nextHandler();
      if (i >= handlers.length) {
        exchange.stage(next);
        return true;
      }
      if (handlers[i].handle(exchange) != Verdict.CONTINUE) {
        return false;
      }
    }
  }

  private boolean findLocation(Exchange exchange) {
    exchange.takePathChanged();
    Location found = exchange.server().find(exchange.path(), exchange);
    if (found == null) {
      exchange.location(exchange.server().base());
    } else {
      exchange.location(found.under(exchange));
      if (found.isInternal() && !exchange.isInternal()) {
        finish(exchange, 404);
        return false;
      }
    }
    if (exchange.isLogged(Level.DEBUG)) {
      exchange.log(Level.DEBUG, "using configuration \"" + exchange.location().name() + "\"");
    }
    if (exchange.body().isTooLarge()) {
      exchange.body().refuse();
      return false;
    }
    if (exchange.isSlashWanted()) {
      exchange.clearSlashWanted();
      redirectToDirectory(exchange);
      return false;
    }
    exchange.stage(Stage.REWRITE);
    return true;
  }

  private void redirectToDirectory(Exchange exchange) {
    String args = exchange.args();
    String target =
        UriEscape.URI.escape(exchange.path())
            + "/"
            + (args == null || args.isEmpty() ? "" : "?" + args);
    exchange.response().location(target);
    finish(exchange, 301);
  }

  private boolean afterRewrite(Exchange exchange) {
    if (!exchange.takePathChanged()) {
      exchange.stage(Stage.PREACCESS);
      return true;
    }
    if (!exchange.takeRewrite()) {
      exchange.log(
          Level.ERROR,
          "rewrite or internal redirection cycle while processing \"" + exchange.path() + "\"");
      finish(exchange, 500);
      return false;
    }
    exchange.location(exchange.server().base());
    exchange.stage(Stage.FIND_LOCATION);
    return true;
  }

  /// Answers from another path, as `error_page` and `index` do.
  void redirect(Exchange exchange, String path, @Nullable String args) {
    if (!exchange.takeRedirect()) {
      exchange.log(
          Level.ERROR,
          "rewrite or internal redirection cycle while internally redirecting to \"" + path + "\"");
      special(exchange, 500);
      return;
    }
    if (path.startsWith("@")) {
      Location named = exchange.server().named(path);
      if (named == null) {
        exchange.log(Level.ERROR, "could not find named location \"" + path + "\"");
        special(exchange, 500);
        return;
      }
      exchange.becomeInternal(true);
      exchange.location(named.under(exchange));
      exchange.stage(Stage.REWRITE);
    } else {
      exchange.becomeInternal(false);
      exchange.target(path, args, false);
      exchange.location(exchange.server().base());
      exchange.stage(Stage.SERVER_REWRITE);
    }
    run(exchange);
  }

  /// Answers with this status: by an `error_page`, or the built-in page.
  void finish(Exchange exchange, int status) {
    if (status == Status.CLOSE || status == Status.CLIENT_CLOSED) {
      exchange.response().status(status);
      exchange.closeAfter();
      exchange.downstream().abort(exchange);
      return;
    }
    if (exchange.isHeadSent()) {
      exchange.downstream().abort(exchange);
      return;
    }
    Subrequest subrequest = exchange.asSubrequest();
    byte[] stub = subrequest == null ? null : subrequest.takeStub();
    if (subrequest != null && stub != null) {
      Response response = exchange.response();
      response.reset();
      response.status(200);
      response.contentType(subrequest.parent().response().contentType());
      response.contentLength(stub.length);
      send(exchange, stub);
      return;
    }
    if (status == 401 && exchange.stage() == Stage.ACCESS && exchange.core().authDelay() > 0) {
      exchange.log(Level.INFO, "delaying unauthorized request");
      exchange.stage(Stage.CONTENT); // it is held back once
      exchange.after(
          exchange.core().authDelay(), () -> guarded(exchange, () -> finish(exchange, 401)));
      return;
    }
    if (status >= 300 && (exchange.errorStatus() == 0 || exchange.core().recursiveErrorPages())) {
      ErrorPages.Page page = exchange.core().errorPages().find(status);
      if (page != null) {
        exchange.errorStatus(status);
        standIn(exchange, status, page);
        return;
      }
    }
    special(exchange, status);
  }

  private void standIn(Exchange exchange, int status, ErrorPages.Page page) {
    Response response = exchange.response();
    String target = page.target().evaluate(exchange);
    int shown = page.overwrite() == -1 ? status : page.overwrite();
    exchange.closeAfterRefusal(status);
    if (target.startsWith("/") || target.startsWith("@")) {
      List<String> challenges = response.headers().all(CHALLENGE);
      String location = isRedirect(status) ? response.location() : null;
      response.reset();
      response.status(shown);
      response.location(location);
      for (String challenge : challenges) {
        response.headers().add(CHALLENGE, challenge);
      }
      if (!exchange.method().equals("HEAD") && target.startsWith("/")) {
        exchange.method("GET");
      }
      int question = target.startsWith("@") ? -1 : target.indexOf('?');
      redirect(
          exchange,
          question < 0 ? target : target.substring(0, question),
          question < 0
              ? (target.startsWith("@") ? exchange.args() : null)
              : target.substring(question + 1));
      return;
    }
    int code = isRedirect(shown) ? shown : 302;
    response.reset();
    response.location(target);
    special(exchange, code);
  }

  private static boolean isRedirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
  }

  /// Writes the built-in answer of this status.
  private void special(Exchange exchange, int status) {
    if (exchange.isHeadSent()) {
      exchange.downstream().abort(exchange);
      return;
    }
    exchange.closeAfterRefusal(status);
    exchange.body().discard();
    Response response = exchange.response();
    String location = response.location();
    int overwritten = exchange.errorStatus() != 0 ? response.status() : 0;
    int shown = overwritten > 0 && exchange.errorStatus() == status ? overwritten : status;
    response.lastModified(null, -1);
    response.status(shown);
    response.contentType(null);
    response.location(location);
    if (!Status.hasPage(shown)) {
      response.contentLength(shown == 204 || shown == 304 ? Response.UNKNOWN_LENGTH : 0);
      if (exchange.sendHead(true)) {
        exchange.downstream().flush();
      } else {
        special(exchange, response.refusal());
      }
      return;
    }
    String token = exchange.core().serverHeader();
    byte[] page = Status.page(shown, token == null ? "" : token);
    CoreSettings core = exchange.core();
    if (core.msiePadding() && shown >= 400) {
      page = OldBrowsers.padded(exchange, page);
    } else if (core.msieRefresh()
        && location != null
        && OldBrowsers.needsRefresh(exchange, shown)) {
      page = OldBrowsers.refresh(location);
      response.status(200);
      response.location(null);
    }
    response.contentType("text/html");
    response.contentLength(page.length);
    send(exchange, page);
  }

  /// Answers with a text in one piece.
  void respond(Exchange exchange, int status, @Nullable String contentType, byte[] bytes) {
    int malformed = exchange.body().discard();
    if (malformed != 0) {
      finish(exchange, malformed);
      return;
    }
    Response response = exchange.response();
    if (exchange.errorStatus() == 0 || response.status() <= 0) {
      response.status(status);
    }
    response.contentType(contentType);
    response.contentLength(bytes.length);
    send(exchange, bytes);
  }

  private static void send(Exchange exchange, byte[] bytes) {
    boolean alone = bytes.length == 0 || exchange.isHead();
    if (!exchange.sendHead(alone)) {
      exchange.finish(exchange.response().refusal());
      return;
    }
    if (!alone) {
      ByteBuf body = PooledByteBufAllocator.DEFAULT.directBuffer(bytes.length).writeBytes(bytes);
      exchange.downstream().writeBody(exchange, body, true); // behind the filters of the head
    }
    exchange.downstream().flush();
  }

  void filterHead(Exchange exchange) {
    Response response = exchange.response();
    for (ResponseFilter filter : exchange.location().filters()) {
      filter.head(exchange, response);
      if (response.refusal() != 0) {
        return; // what stands in goes through them all
      }
    }
  }

  void log(Exchange exchange) {
    boolean subrequest = exchange.isSubrequest();
    if (subrequest && !exchange.location().subrequests().logged()) {
      return;
    }
    for (LogHandler handler : exchange.location().logs()) {
      try {
        handler.log(exchange);
      } catch (RuntimeException e) {
        exchange.log(Level.ALERT, "unexpected " + e + " while logging request");
      }
    }
    if (!subrequest) {
      exchange.generation().left(exchange.worker().index());
    }
  }
}
