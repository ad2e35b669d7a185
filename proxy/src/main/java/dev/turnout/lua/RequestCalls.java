package dev.turnout.lua;

import dev.turnout.http.Exchange;
import dev.turnout.http.Fields;
import dev.turnout.http.RequestBody;
import dev.turnout.http.RequestFile;
import dev.turnout.http.RequestHead;
import dev.turnout.log.Level;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `ngx.req`.
final class RequestCalls implements LuaPart {
  @Override
  public String script() {
    return "req.lua";
  }

  @Override
  public void functions(LuaFunctions functions) {
    functions.addAll(
        MethodHandles.lookup(),
        "req_text",
        "int(int, int)",
        "req_number",
        "double(int, int)",
        "req_set",
        "int(int, int, const char *, int)",
        "req_fields",
        "int(int)",
        "req_field",
        "int(int, int, const char *, int, const char *, int)",
        "req_read_body",
        "int(int)",
        "req_body",
        "int(int, int)",
        "req_set_body",
        "int(int, const char *, int)",
        "req_finish_body",
        "int(int, const char *, int, int)",
        "req_set_body_file",
        "int(int, const char *, int, int)",
        "req_discard_body",
        "int(int)");
  }

  /// 0 the method, 1 the head as it came, 2 the head without its first line, 3 arguments, 4 path.
  static int reqText(LuaVm vm, int what) {
    Exchange exchange = vm.run().requireExchange();
    RequestHead head = exchange.request();
    return vm.answerOrNone(
        switch (what) {
          case 0 -> exchange.method();
          case 1 -> head.received();
          case 2 -> withoutLine(head.received());
          case 3 -> exchange.args();
          case 4 -> exchange.path();
          default -> null;
        });
  }

  private static String withoutLine(String head) {
    return head.substring(head.indexOf('\n') + 1);
  }

  /// 0 the version as 10 and 11, 1 when it began in milliseconds, 2 whether the node made it or
  /// changed where it leads.
  static double reqNumber(LuaVm vm, int what) {
    Exchange exchange = vm.run().requireExchange();
    return switch (what) {
      case 0 -> exchange.request().version();
      case 1 -> exchange.main().startMillis();
      case 2 -> exchange.isInternal() ? 1 : 0;
      case 3 -> exchange.isSubrequest() ? 1 : 0;
      default -> Double.NaN;
    };
  }

  /// 0 the method, 1 the path, 2 the path by which the location is looked for anew, 3 arguments.
  static int reqSet(LuaVm vm, int what, long text, int length) {
    Exchange exchange = vm.run().requireExchange();
    String value = vm.text(text, length);
    switch (what) {
      case 0 -> exchange.method(value);
      case 1 -> {
        exchange.rewritePath(value);
        exchange.keepLocation();
      }
      case 2 -> {
        ControlCalls.abortable(vm.run());
        exchange.rewritePath(value);
        exchange.log(Level.DEBUG, () -> "lua set uri jump to \"" + value + "\"");
        vm.run().jump();
      }
      default -> exchange.args(value);
    }
    return LuaVm.OK;
  }

  /// The names and values of all lines of the head.
  static int reqFields(LuaVm vm) {
    Fields fields = vm.run().requireExchange().request().fields();
    List<@Nullable String> texts = new ArrayList<>(2 * fields.count());
    for (int i = 0; i < fields.count(); i++) {
      texts.add(fields.name(i));
      texts.add(fields.value(i));
    }
    return vm.answer(texts);
  }

  /// Kinds: 0 sets a field, 1 adds a line, 2 takes it out.
  static int reqField(LuaVm vm, int kind, long name, int length, long value, int valueLength) {
    RequestHead head = vm.run().requireExchange().changeRequest();
    String called = TextCalls.fieldName(vm.text(name, length));
    switch (kind) {
      case 0 -> head.setField(called, vm.text(value, valueLength));
      case 1 -> head.addField(called, vm.text(value, valueLength));
      default -> head.removeField(called);
    }
    return LuaVm.OK;
  }

  static int reqReadBody(LuaVm vm) {
    LuaRun run = vm.run();
    RequestBody body = run.requireExchange().body();
    if (body.isComplete() || !body.isPresent()) {
      body.read(() -> {}); // so that it is known to have been read
      return LuaVm.OK;
    }
    LuaWait wait = vm.suspend();
    run.readsBody();
    vm.later(() -> {
      if (!wait.isOver()) {
        body.read(() -> wait.resume(LuaVm.OK));
      }
    });
    return LuaVm.AGAIN;
  }

  /// 0 the body if it is in memory, 1 the name of the file that it is in, 2 whether it is or is
  /// being read. [LuaVm#NONE] for neither, 3 if nobody has read it.
  static int reqBody(LuaVm vm, int what) {
    Exchange exchange = vm.run().requireExchange();
    RequestBody body = exchange.body();
    if (what == 2 && vm.run().isBodyStreamed()) {
      return LuaVm.NONE;
    }
    if (!body.isComplete()) {
      return 3;
    }
    if (what == 1) {
      Path path = body.path();
      return vm.answerOrNone(path == null ? null : path.toString());
    }
    return vm.answerOrNone(body.text());
  }

  static int reqSetBody(LuaVm vm, long text, int length) throws IOException {
    Exchange exchange = vm.run().requireExchange();
    saysLength(exchange, length);
    exchange.body().replace(vm.bytes(text, length));
    return LuaVm.OK;
  }

  /// Has what a script has put together as the body; what is longer than `most` goes to a file,
  /// where the script may wait for that.
  static int reqFinishBody(LuaVm vm, long text, int length, int most) throws IOException {
    Exchange exchange = vm.run().requireExchange();
    long limit = most < 0 ? exchange.core().clientBodyBufferSize() : most;
    if (length <= limit || !vm.run().phase().mayWait()) {
      return reqSetBody(vm, text, length);
    }
    saysLength(exchange, length);
    byte[] bytes = vm.bytes(text, length);
    LuaWait wait = vm.suspend();
    exchange.body().replaceInFile(bytes, () -> wait.resume(LuaVm.OK));
    return LuaVm.AGAIN;
  }

  private static void saysLength(Exchange exchange, long length) {
    RequestHead head = exchange.changeRequest();
    head.setField("Content-Length", Long.toString(length));
    head.contentLength(length);
    head.chunked(false);
  }

  static int reqSetBodyFile(LuaVm vm, long name, int length, int remove) throws IOException {
    Exchange exchange = vm.run().requireExchange();
    Path path = RequestFile.path(vm.text(name, length));
    FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
    saysLength(exchange, channel.size());
    exchange.body().replace(channel, path, remove != 0);
    return LuaVm.OK;
  }

  static int reqDiscardBody(LuaVm vm) {
    RequestBody body = vm.run().requireExchange().body();
    int _ = body.discard();
    return LuaVm.OK;
  }
}
