package dev.turnout.lua;

import dev.turnout.config.Units;
import dev.turnout.http.Exchange;
import dev.turnout.http.FieldName;
import dev.turnout.http.FieldText;
import dev.turnout.http.Fields;
import dev.turnout.http.RequestHead;
import dev.turnout.http.Response;
import dev.turnout.http.ResponseHeaders;
import dev.turnout.log.Level;
import java.lang.invoke.MethodHandles;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a script says to the client: `ngx.say`, `ngx.header`, `ngx.status` and their kind.
final class ResponseCalls implements LuaPart {
  @Override
  public String script() {
    return "resp.lua";
  }

  @Override
  public void functions(LuaFunctions functions) {
    functions.addAll(
        MethodHandles.lookup(),
        "out",
        "int(int, const char *, int, int)",
        "send_headers",
        "int(int)",
        "flush",
        "int(int, int)",
        "eof",
        "int(int)",
        "status",
        "int(int)",
        "set_status",
        "int(int, int, const char *, int)",
        "headers_sent",
        "int(int)",
        "field",
        "int(int, const char *, int)",
        "set_field",
        "int(int, int, const char *, int, const char *, int)",
        "fields",
        "int(int)",
        "filter_begins",
        "int(int)",
        "filter_ends",
        "int(int, int, const char *, int)",
        "part",
        "int(int)",
        "set_part",
        "int(int, const char *, int, int)");
  }

  /// Keeps a text to be written. [LuaVm#REFUSED] says why it cannot be.
  static int out(LuaVm vm, long text, int length, int lineFeed) {
    LuaRun run = vm.run();
    if (run.hasTakenConnection()) {
      return vm.refuse(TAKEN);
    }
    if (run.isEnded()) {
      return vm.refuse("seen eof");
    }
    if (run.isHeadOut() && run.requireExchange().isHead()) {
      return vm.refuse("header only");
    }
    if (filters(vm)) {
      return FILTER;
    }
    run.write(text, length, lineFeed != 0);
    return LuaVm.OK;
  }

  /// A script is to look at the head before it goes out; Lua is to run it.
  private static final int FILTER = 5;

  private static final String TAKEN = "raw request socket acquired";

  private static boolean filters(LuaVm vm) {
    int script = vm.run().headFilterToRun();
    vm.also(script);
    return script >= 0;
  }

  static int filterBegins(LuaVm vm) {
    vm.run().filterHeadBegins();
    return LuaPhase.HEADER_FILTER.bit();
  }

  static int filterEnds(LuaVm vm, int fine, long error, int length) {
    if (fine == 0) {
      vm.run().log(Level.ERROR, "failed to run header_filter_by_lua*: " + vm.text(error, length));
    }
    vm.run().filterHeadEnds(fine != 0);
    return LuaVm.OK;
  }

  static int sendHeaders(LuaVm vm) {
    if (filters(vm)) {
      return FILTER;
    }
    vm.run().wantHead();
    return LuaVm.OK;
  }

  static int flush(LuaVm vm, int wait) {
    LuaRun run = vm.run();
    if (run.hasTakenConnection()) {
      return vm.refuse(TAKEN);
    }
    if (run.isHeadOut() && run.requireExchange().isHead()) {
      return vm.refuse("header only");
    }
    if (run.isEnded()) {
      return vm.refuse("seen eof");
    }
    if (run.isBuffering()) {
      if (run.isLogged(Level.DEBUG)) {
        run.log(Level.DEBUG, "lua http 1.0 buffering makes ngx.flush() a no-op");
      }
      return vm.refuse("buffering");
    }
    if (!run.isHeadOut() || (!run.hasBody() && wait == 0)) {
      return vm.refuse("nothing to flush");
    }
    run.flushWanted();
    if (wait == 0) {
      return LuaVm.OK;
    }
    run.flushed(vm.suspend());
    return LuaVm.AGAIN;
  }

  static int eof(LuaVm vm) {
    LuaRun run = vm.run();
    if (run.hasTakenConnection()) {
      return vm.refuse(TAKEN);
    }
    if (run.isEnded()) {
      return vm.refuse("seen eof");
    }
    if (filters(vm)) {
      return FILTER;
    }
    run.end();
    return LuaVm.OK;
  }

  static int status(LuaVm vm) {
    return vm.run().requireExchange().response().status();
  }

  static int setStatus(LuaVm vm, int status, long reason, int length) {
    LuaRun run = vm.run();
    Exchange exchange = run.requireExchange();
    if (run.isHeadOut() && run.phase() != LuaPhase.HEADER_FILTER) {
      run.log(Level.ERROR, "attempt to set ngx.status after sending out response headers");
      return LuaVm.OK;
    }
    if (status < 100 || status > 999) {
      run.log(Level.ERROR, "invalid HTTP status code " + status);
      return LuaVm.OK;
    }
    exchange.response().status(status);
    exchange.response().reason(length > 0 ? FieldText.safe(vm.text(reason, length)) : null);
    return LuaVm.OK;
  }

  static int headersSent(LuaVm vm) {
    return vm.run().isHeadOut() && vm.run().phase() != LuaPhase.HEADER_FILTER ? 1 : 0;
  }

  /// The values of a field.
  static int field(LuaVm vm, long name, int length) {
    LuaRun run = vm.run();
    Exchange exchange = run.requireExchange();
    String called = named(vm, exchange, vm.text(name, length));
    return vm.answer(values(exchange, FieldName.of(called)));
  }

  private static String named(LuaVm vm, Exchange exchange, String name) {
    return vm.run().settings(exchange).transformsUnderscores() ? name.replace('_', '-') : name;
  }

  private static List<@Nullable String> values(Exchange exchange, FieldName name) {
    Response response = exchange.response();
    List<@Nullable String> found = new ArrayList<>(1);
    switch (name.known()) {
      case FieldName.CONTENT_TYPE -> add(found, response.contentType());
      case FieldName.CONTENT_LENGTH -> {
        if (response.contentLength() >= 0) {
          found.add(Long.toString(response.contentLength()));
        }
      }
      case FieldName.LAST_MODIFIED -> add(found, response.lastModified());
      case FieldName.LOCATION -> {
        add(found, response.location());
        if (found.isEmpty()) {
          found.addAll(response.headers().all("Location"));
        }
      }
      case FieldName.SERVER -> add(found, response.server());
      case FieldName.DATE -> add(found, response.date());
      case FieldName.CONNECTION -> found.add(connection(exchange));
      default -> others(response, name, found);
    }
    return found;
  }

  private static void others(Response response, FieldName name, List<@Nullable String> found) {
    Fields passed = response.passed();
    for (int i = 0; passed != null && i < passed.count(); i++) {
      if (passed.nameIs(i, name) && !response.isWithheld(i)) {
        found.add(passed.value(i));
      }
    }
    found.addAll(response.headers().all(name.text()));
  }

  private static void add(List<@Nullable String> to, @Nullable String value) {
    if (value != null && !value.isEmpty()) {
      to.add(value);
    }
  }

  /// Kinds: 0 sets a field, 1 adds a line to those there are, 2 takes it out.
  static int setField(LuaVm vm, int kind, long name, int length, long value, int valueLength) {
    LuaRun run = vm.run();
    Exchange exchange = run.requireExchange();
    String called = TextCalls.fieldName(named(vm, exchange, vm.text(name, length)));
    if (run.isHeadOut() && run.phase() != LuaPhase.HEADER_FILTER) {
      run.log(Level.ERROR, "attempt to set ngx.header.HEADER after sending out response headers");
      return LuaVm.OK;
    }
    String text = kind == 2 ? "" : vm.text(value, valueLength);
    Response response = exchange.response();
    FieldName field = FieldName.of(called);
    if (field.known() == FieldName.CONTENT_TYPE) {
      run.clearContentType(text.isEmpty());
    }
    if (field.known() == FieldName.CONTENT_LENGTH && !text.isEmpty()) {
      if (Units.number(text).isEmpty()) {
        throw new LuaError("failed to set header " + called + " (error: -1)");
      }
      if (kind == 1) {
        return LuaVm.OK;
      }
    }
    if (field.known() == FieldName.LOCATION && text.startsWith("/")) {
      response.location(null);
      response.headers().setInPlace(called, text); // nginx leaves such a one as it is
      return LuaVm.OK;
    }
    if (field.known() == FieldName.LOCATION) {
      response.headers().remove("Location");
    }
    if (kind == 1) {
      response.addField(field, text);
    } else {
      response.setField(field, text);
    }
    return LuaVm.OK;
  }

  /// The names and values of all lines of the response so far.
  static int fields(LuaVm vm) {
    Exchange exchange = vm.run().requireExchange();
    List<@Nullable String> texts = lines(exchange.response());
    pair(texts, "Connection", connection(exchange));
    LuaPhase phase = vm.run().phase();
    if ((phase == LuaPhase.BODY_FILTER || phase == LuaPhase.LOG)
        && exchange.response().contentLength() < 0
        && exchange.request().version() >= 11) {
      pair(texts, "Transfer-Encoding", "chunked");
    }
    return vm.answer(texts);
  }

  private static String connection(Exchange exchange) {
    RequestHead head = exchange.request();
    boolean keeps =
        head.version() >= 11 ? !head.hasConnectionClose() : head.hasConnectionKeepAlive();
    return keeps && exchange.isKeepAlive() ? "keep-alive" : "close";
  }

  /// The names and values of the lines of a head.
  static List<@Nullable String> lines(Response response) {
    List<@Nullable String> texts = new ArrayList<>();
    pair(texts, "Content-Type", response.contentType());
    if (response.contentLength() >= 0) {
      pair(texts, "Content-Length", Long.toString(response.contentLength()));
    }
    pair(texts, "Last-Modified", response.lastModified());
    pair(texts, "Location", response.location());
    pair(texts, "Server", response.server());
    pair(texts, "Date", response.date());
    Fields passed = response.passed();
    for (int i = 0; passed != null && i < passed.count(); i++) {
      if (!response.isWithheld(i)) {
        pair(texts, passed.name(i), passed.value(i));
      }
    }
    ResponseHeaders own = response.headers();
    for (int i = 0; i < own.count(); i++) {
      pair(texts, own.name(i), own.value(i));
    }
    return texts;
  }

  private static void pair(List<@Nullable String> to, String name, @Nullable String value) {
    if (value != null && !value.isEmpty()) {
      to.add(name);
      to.add(value);
    }
  }

  // ---- what a body filter sees

  /// The part of the body; returns 1 if it is the last.
  static int part(LuaVm vm) {
    vm.answer(vm.run().filtered());
    return vm.run().isFilteredLast() ? 1 : 0;
  }

  /// Changes it: its text unless the length is -1, and whether it is the last unless that is -1.
  static int setPart(LuaVm vm, long text, int length, int last) {
    LuaRun run = vm.run();
    run.filter(
        length < 0 ? run.filtered() : vm.text(text, length),
        last < 0 ? run.isFilteredLast() : last != 0);
    return LuaVm.OK;
  }
}
