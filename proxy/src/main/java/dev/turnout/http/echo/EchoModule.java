package dev.turnout.http.echo;

import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.LOCATION_IF;

import dev.turnout.config.DirectiveDefinition;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.http.ContentHandler;
import dev.turnout.http.Exchange;
import dev.turnout.http.ExchangeSlot;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.Response;
import dev.turnout.http.ResponseFilter;
import dev.turnout.http.echo.EchoCommand.Kind;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// The echo family of OpenResty's echo-nginx-module: commands that are carried out one after the
/// other to answer a request, and lines around the bodies of other answers.
public final class EchoModule implements HttpModule {
  private static final Setting<List<EchoCommand>> COMMANDS = Setting.listOf("echo");
  private static final Setting<List<EchoCommand>> BEFORE = Setting.listOf("echo_before_body");
  private static final Setting<List<EchoCommand>> AFTER = Setting.listOf("echo_after_body");
  private static final Setting<Integer> STATUS = Setting.of("echo_status", 200);

  private final Path prefix;

  /// @param prefix where names of files begin
  public EchoModule(Path prefix) {
    this.prefix = prefix;
  }

  /// How one location answers.
  ///
  /// @param commands what is done
  /// @param status the status of the response
  /// @param asksItself true if some command makes a subrequest
  /// @param prefix where names of files begin
  /// @param slot where exchanges keep how far they are
  record Answer(
      List<EchoCommand> commands,
      int status,
      boolean asksItself,
      Path prefix,
      ExchangeSlot<EchoRun> slot)
      implements ContentHandler {
    @Override
    public void handle(Exchange exchange) {
      EchoRun run = new EchoRun(exchange, this);
      exchange.put(slot, run);
      run.run();
    }

    void forget(Exchange exchange) {
      exchange.put(slot, null);
    }
  }

  @Override
  public void register(HttpRegistry http) {
    ExchangeSlot<EchoRun> slot = http.exchangeSlot();
    command(http, slot, "echo", Kind.ECHO)
        .atLeast(0)
        .syntax("[-n] [text ...]")
        .summary("Answers with a line: the texts with spaces between them. `-n`: no line end.");
    command(http, slot, "echo_duplicate", Kind.DUPLICATE)
        .atLeast(2)
        .syntax("count text")
        .summary("Answers with a text so many times. The number may have underscores in it.");
    command(http, slot, "echo_flush", Kind.FLUSH)
        .arguments(0)
        .syntax("")
        .summary("Sends what was said so far.");
    command(http, slot, "echo_sleep", Kind.SLEEP)
        .syntax("seconds")
        .summary("Waits, to a thousandth of a second, before the next command.");
    command(http, slot, "echo_blocking_sleep", Kind.SLEEP)
        .syntax("seconds")
        .summary("As `echo_sleep`.")
        .differs("Nothing but the request waits.");
    command(http, slot, "echo_reset_timer", Kind.RESET_TIMER)
        .arguments(0)
        .syntax("")
        .summary("`$echo_timer_elapsed` counts from here.");
    command(http, slot, "echo_read_request_body", Kind.READ_REQUEST_BODY)
        .arguments(0)
        .syntax("")
        .summary("Waits until the body of the request is read.");
    command(http, slot, "echo_request_body", Kind.REQUEST_BODY)
        .arguments(0)
        .syntax("")
        .summary("Answers with the body of the request, if it has been read.");
    command(http, slot, "echo_location", Kind.LOCATION)
        .arguments(1, 2)
        .syntax("path [args]")
        .summary("Answers with what a subrequest says, and waits for its end.");
    command(http, slot, "echo_location_async", Kind.LOCATION_ASYNC)
        .arguments(1, 2)
        .syntax("path [args]")
        .summary("Answers with what a subrequest says; the next command does not wait for it.");
    command(http, slot, "echo_subrequest", Kind.SUBREQUEST)
        .atLeast(2)
        .syntax("method path [-q args] [-b body] [-f file]")
        .summary("As `echo_location`, with any method and a body from a text or a file.");
    command(http, slot, "echo_subrequest_async", Kind.SUBREQUEST_ASYNC)
        .atLeast(2)
        .syntax("method path [-q args] [-b body] [-f file]")
        .summary("As `echo_subrequest`; the next command does not wait for it.");
    command(http, slot, "echo_foreach_split", Kind.FOREACH_SPLIT)
        .atLeast(2)
        .syntax("delimiter text")
        .summary(
            "Does the commands up to `echo_end` for each part of a text, which is then `$echo_it`.");
    command(http, slot, "echo_end", Kind.END)
        .arguments(0)
        .syntax("")
        .summary("Ends what `echo_foreach_split` began.");
    command(http, slot, "echo_exec", Kind.EXEC)
        .arguments(1, 2)
        .syntax("path [args]")
        .summary("Answers from another path or from a named location.");
    http.directive("echo_status")
        .in(LOCATION, LOCATION_IF)
        .number(STATUS, 100, 999)
        .defaultText("200")
        .summary("The status of what `echo` and its kind answer.");
    around(http, "echo_before_body", BEFORE, "before");
    around(http, "echo_after_body", AFTER, "after");
    http.refuse("echo_abort_parent", "the echo module itself never finished it");
    http.filter(EchoModule::filter);
    variables(http, slot);
  }

  private DirectiveDefinition command(
      HttpRegistry http, ExchangeSlot<EchoRun> slot, String name, Kind kind) {
    return http.directive(name)
        .in(LOCATION, LOCATION_IF)
        .repeatable()
        .read((d, scope) -> {
          scope.append(COMMANDS, EchoCommand.read(kind, d, http));
          scope.set(HttpRegistry.CONTENT, location -> answer(location, slot));
        });
  }

  private ContentHandler answer(Scope location, ExchangeSlot<EchoRun> slot) {
    List<EchoCommand> commands = List.copyOf(location.get(COMMANDS));
    boolean asksItself = commands.stream().anyMatch(each -> each.kind().asksItself());
    return new Answer(commands, location.get(STATUS), asksItself, prefix, slot);
  }

  private static void around(
      HttpRegistry http, String name, Setting<List<EchoCommand>> lines, String where) {
    http.directive(name)
        .in(LOCATION, LOCATION_IF)
        .atLeast(0)
        .repeatable()
        .read((d, scope) -> scope.append(lines, EchoCommand.read(Kind.ECHO, d, http)))
        .syntax("[-n] [text ...]")
        .summary("Puts a line " + where + " the bodies of answers.");
  }

  private static @Nullable ResponseFilter filter(Scope scope) {
    List<EchoCommand> before = List.copyOf(scope.get(BEFORE));
    List<EchoCommand> after = List.copyOf(scope.get(AFTER));
    if (before.isEmpty() && after.isEmpty()) {
      return null;
    }
    return (exchange, response) -> {
      response.contentLength(Response.UNKNOWN_LENGTH);
      response.forbidRanges();
      if (!exchange.isHead()) {
        exchange.addBody();
        exchange.filterBody(new EchoBody(exchange, before, after));
      }
    };
  }

  private static void variables(HttpRegistry http, ExchangeSlot<EchoRun> slot) {
    http.variable("echo_timer_elapsed", exchange -> elapsed(exchange, exchange.get(slot)));
    http.variable("echo_request_method", Exchange::method);
    http.variable("echo_client_request_method", exchange -> exchange.main().method());
    http.variable("echo_request_uri", Exchange::path);
    http.variable("echo_cacheable_request_uri", http.variables().once(Exchange::path));
    http.variable("echo_request_body", exchange -> exchange.body().text());
    http.variable("echo_client_request_headers", exchange -> exchange.main().request().received());
    http.variable(
        "echo_response_status",
        exchange -> {
          int status = exchange.response().status();
          return status == 0 ? null : Integer.toString(status);
        });
    http.variable(
        "echo_it",
        exchange -> {
          EchoRun run = exchange.get(slot);
          return run == null ? null : run.present();
        });
    http.variable(
        "echo_incr",
        exchange -> {
          EchoRun run = exchange.main().get(slot);
          return run == null ? null : Integer.toString(run.count());
        });
  }

  private static String elapsed(Exchange exchange, @Nullable EchoRun run) {
    exchange.worker().refreshClock();
    long since = run == null ? exchange.startMillis() : run.timerMillis();
    long millis = Math.max(0, exchange.worker().nowMillis() - since);
    return String.format(Locale.ROOT, "%d.%03d", millis / 1000, millis % 1000);
  }

  /// A number of seconds with up to three places behind the point, in milliseconds; -1 if it is
  /// none.
  static long milliseconds(String text) {
    long value = 0;
    int places = -1;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '.' && places < 0) {
        places = 0;
      } else if (c >= '0' && c <= '9' && places < 3 && value < Long.MAX_VALUE / 100_000) {
        value = value * 10 + (c - '0');
        places += places < 0 ? 0 : 1;
      } else {
        return -1;
      }
    }
    for (int i = Math.max(places, 0); i < 3; i++) {
      value *= 10;
    }
    return text.isEmpty() ? -1 : value;
  }
}
