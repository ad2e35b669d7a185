package dev.turnout.http.echo;

import dev.turnout.http.Exchange;
import dev.turnout.http.FilePart;
import dev.turnout.http.RequestFile;
import dev.turnout.http.Response;
import dev.turnout.http.Subrequest;
import dev.turnout.http.UriPath;
import dev.turnout.log.Level;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Carries out the echo commands of a location for one exchange, one after the other. Owned by the
/// exchange, confined to its loop.
final class EchoRun implements Exchange.Upstreaming {
  private static final int PIECE = 32 * 1024;

  private final Exchange exchange;
  private final EchoModule.Answer answer;
  private final List<EchoCommand> commands;
  private int next;
  private boolean running;
  private boolean waiting;
  private boolean bodyWanted;
  private boolean over;
  private boolean waitsForClient;
  private long timerMillis;
  private int counter;
  private List<String> choices = List.of();
  private int choice;
  private int loopBegin = -1;
  private @Nullable ByteBuf repeated;
  private long repetitions;

  EchoRun(Exchange exchange, EchoModule.Answer answer) {
    this.exchange = exchange;
    this.answer = answer;
    this.commands = answer.commands();
    timerMillis = exchange.startMillis();
  }

  // ---- what its variables say

  /// `$echo_it`: the present part of what is looped over.
  @Nullable String present() {
    return choice < choices.size() ? choices.get(choice) : null;
  }

  /// `$echo_incr`: one more each time.
  int count() {
    return ++counter;
  }

  long timerMillis() {
    return timerMillis;
  }

  // ---- one command after the other

  void run() {
    if (running) {
      return; // what a command waited for was there at once: the loop goes on
    }
    running = true;
    try {
      while (!over && !waiting && exchange.isLive()) {
        if (repeated != null) {
          repeat();
        } else if (next == commands.size()) {
          end();
        } else {
          carryOut(commands.get(next++));
        }
        pauseIfFull();
      }
    } finally {
      running = false;
    }
  }

  private void goOn() {
    waiting = false;
    if (exchange.isLive()) {
      run();
    }
  }

  private void carryOut(EchoCommand command) {
    switch (command.kind()) {
      case ECHO -> emit(command.line(exchange));
      case DUPLICATE -> duplicate(command);
      case FLUSH -> {
        if (exchange.isHeadSent()) {
          exchange.downstream().flush();
        }
      }
      case SLEEP -> sleep(command);
      case RESET_TIMER -> {
        exchange.worker().refreshClock();
        timerMillis = exchange.worker().nowMillis();
      }
      case READ_REQUEST_BODY -> readBody();
      case REQUEST_BODY -> requestBody();
      case LOCATION, LOCATION_ASYNC, SUBREQUEST, SUBREQUEST_ASYNC -> {
        if (bodyWanted || exchange.isSubrequest()) {
          ask(command);
        } else {
          next--; // once the body is there
          readBody();
        }
      }
      case FOREACH_SPLIT -> split(command);
      case END -> endOfLoop();
      case EXEC -> exec(command);
    }
  }

  private void end() {
    over = true;
    if (!head()) {
      return;
    }
    if (!bodyWanted) {
      exchange.body().discard();
    }
    exchange.downstream().writeEnd(exchange);
    exchange.downstream().flush();
  }

  private void fail() {
    over = true;
    exchange.finish(500);
  }

  // ---- the response

  /// Writes the head if it has not been written; false if the exchange is over.
  private boolean head() {
    if (exchange.isHeadSent()) {
      return true;
    }
    Response response = exchange.response();
    if (exchange.errorStatus() == 0 || response.status() <= 0) {
      response.status(answer.status());
    }
    response.contentType(RequestFile.mediaType(exchange));
    response.contentLength(Response.UNKNOWN_LENGTH);
    response.forbidRanges();
    if (answer.asksItself() && !exchange.isHead()) {
      exchange.wantSplice();
    }
    if (!exchange.sendHead(false)) {
      over = true;
      exchange.finish(response.refusal());
      return false;
    }
    return exchange.isLive();
  }

  private void emit(String text) {
    if (head() && !text.isEmpty()) {
      byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
      write(PooledByteBufAllocator.DEFAULT.directBuffer(bytes.length).writeBytes(bytes));
    }
  }

  private void write(ByteBuf bytes) {
    exchange.downstream().writeBody(exchange, bytes, false);
  }

  /// Lets the client take what there is before there is more of it.
  private void pauseIfFull() {
    if (over || waiting || !exchange.isHeadSent() || !exchange.isLive()) {
      return;
    }
    if (exchange.downstream().isWritable()) {
      return;
    }
    exchange.downstream().flush();
    if (exchange.isLive() && !exchange.downstream().isWritable() && isTold()) {
      waiting = true;
      waitsForClient = true;
    }
  }

  /// True if the client's taking more is told here.
  private boolean isTold() {
    if (exchange.upstreaming() == null) {
      exchange.upstreaming(this);
    }
    return exchange.upstreaming() == this;
  }

  private void duplicate(EchoCommand command) {
    if (command.argumentCount() < 2) {
      exchange.log(Level.ERROR, "echo_duplicate takes a count and a text");
      fail();
      return;
    }
    String text = command.argument(exchange, 0);
    long count = count(text);
    if (count < 0) {
      exchange.log(Level.ERROR, "invalid size specified: \"" + text + "\"");
      fail();
      return;
    }
    String unit = command.argument(exchange, 1);
    if (!head() || count == 0 || unit.isEmpty() || exchange.isHead()) {
      return;
    }
    int atOnce = (int) Math.min(count, Math.max(1, PIECE / unit.length()));
    emit(unit.repeat((int) (count % atOnce)));
    if (count >= atOnce) {
      byte[] bytes = unit.repeat(atOnce).getBytes(StandardCharsets.ISO_8859_1);
      repeated = PooledByteBufAllocator.DEFAULT.directBuffer(bytes.length).writeBytes(bytes);
      repetitions = count / atOnce;
    }
  }

  private static long count(String text) {
    long value = text.isEmpty() ? -1 : 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '_') {
        continue;
      }
      if (c < '0' || c > '9' || value > Long.MAX_VALUE / 10 - 1) {
        return -1;
      }
      value = value * 10 + (c - '0');
    }
    return value;
  }

  private void repeat() {
    ByteBuf piece = repeated;
    if (piece == null) {
      return;
    }
    repetitions--;
    if (repetitions == 0) {
      repeated = null;
      write(piece);
    } else {
      write(piece.retainedDuplicate());
    }
  }

  // ---- time

  private void sleep(EchoCommand command) {
    String text = command.argumentCount() == 0 ? "" : command.argument(exchange, 0);
    long millis = EchoModule.milliseconds(text);
    if (millis < 0) {
      exchange.log(Level.ERROR, "invalid sleep duration \"" + text + "\"");
      over = true;
      exchange.finish(400);
      return;
    }
    waiting = true;
    long mine = exchange.begun();
    exchange
        .worker()
        .loop()
        .schedule(
            () -> {
              if (exchange.begun() == mine && exchange.isLive()) {
                exchange.worker().refreshClock();
                exchange.guarded(this::goOn);
              }
            },
            millis,
            TimeUnit.MILLISECONDS);
  }

  // ---- the body of the request

  private void readBody() {
    bodyWanted = true;
    waiting = true;
    exchange.body().read(this::goOn);
  }

  private void requestBody() {
    if (!exchange.body().isComplete() || exchange.body().length() == 0 || !head()) {
      return;
    }
    Path path = exchange.body().path();
    if (path == null) {
      for (ByteBuf part : exchange.body().parts()) {
        write(part.retainedDuplicate());
      }
      return;
    }
    waiting = true;
    exchange.offLoop(
        () -> FileChannel.open(path, StandardOpenOption.READ),
        (file, failure) -> {
          if (file == null) {
            exchange.log(Level.CRIT, "open() \"" + path + "\" failed (" + failure + ")");
            fail();
            return;
          }
          FilePart part = new FilePart(file, 0, exchange.body().length());
          exchange.downstream().writeFile(exchange, part, false);
          goOn();
        },
        file -> new FilePart(file, 0, 0).close());
  }

  // ---- subrequests

  private void ask(EchoCommand command) {
    boolean plain =
        command.kind() == EchoCommand.Kind.LOCATION
            || command.kind() == EchoCommand.Kind.LOCATION_ASYNC;
    boolean waits =
        command.kind() == EchoCommand.Kind.LOCATION
            || command.kind() == EchoCommand.Kind.SUBREQUEST;
    EchoTarget target =
        plain
            ? EchoTarget.location(command, exchange)
            : EchoTarget.full(command, exchange, answer.prefix());
    if (target == null) {
      fail();
      return;
    }
    Path file = target.bodyFile();
    if (file == null) {
      String body = target.body();
      insert(target, body == null ? null : body.getBytes(StandardCharsets.ISO_8859_1), waits);
      return;
    }
    waiting = true;
    exchange.offLoop(
        () -> Files.readAllBytes(file),
        (bytes, failure) -> {
          if (bytes == null) {
            exchange.log(Level.ERROR, "open() \"" + file + "\" failed (" + failure + ")");
            fail();
            return;
          }
          insert(target, bytes, waits);
          if (!waits) {
            goOn();
          }
        },
        _ -> {});
  }

  private void insert(EchoTarget target, byte @Nullable [] body, boolean waits) {
    if (!head() || exchange.isHead()) {
      waiting = false;
      return;
    }
    Subrequest subrequest =
        exchange
            .subrequest(target.path(), target.args())
            .method(target.method())
            .ownVariables()
            .withBody();
    if (body != null) {
      subrequest.body(body);
    }
    waiting = waits;
    if (!exchange.splice().insert(subrequest, waits ? this::goOn : null)) {
      fail();
    }
  }

  private void exec(EchoCommand command) {
    String text = command.argument(exchange, 0);
    UriPath target = UriPath.ofInternal(text);
    over = true;
    if (text.isEmpty()) {
      exchange.finish(400);
      return;
    }
    if (target == null) {
      exchange.log(Level.ERROR, "unsafe URI \"" + text + "\" was detected");
      exchange.finish(500);
      return;
    }
    if (exchange.isHeadSent()) {
      exchange.log(Level.ERROR, "echo_exec after output: the head has been sent");
      exchange.finish(500);
      return;
    }
    String args = command.argumentCount() > 1 ? command.argument(exchange, 1) : target.args();
    if (text.startsWith("@") && args != null && !args.isEmpty()) {
      exchange.log(
          Level.WARN, "querystring " + args + " ignored when exec'ing named location " + text);
    }
    answer.forget(exchange);
    exchange.redirectInternally(target.path(), args);
  }

  // ---- loops

  private void split(EchoCommand command) {
    if (loopBegin >= 0) {
      exchange.log(Level.ERROR, "Nested echo_foreach not supported yet.");
      fail();
      return;
    }
    if (command.argumentCount() < 2) {
      exchange.log(
          Level.ERROR,
          "echo_foreach should take at least two arguments. (if your delimiter starts with \"-\","
              + " preceding it with a \"--\".)");
      fail();
      return;
    }
    String delimiter = command.argument(exchange, 0);
    choices = parts(command.argument(exchange, 1), delimiter);
    choice = 0;
    loopBegin = next;
    if (choices.isEmpty()) {
      while (next < commands.size() && commands.get(next).kind() != EchoCommand.Kind.END) {
        next++;
      }
    }
  }

  private static List<String> parts(String text, String delimiter) {
    List<String> parts = new ArrayList<>();
    int from = 0;
    for (int at = delimiter.isEmpty() ? -1 : text.indexOf(delimiter);
        at >= 0;
        at = text.indexOf(delimiter, from)) {
      if (at > from) {
        parts.add(text.substring(from, at));
      }
      from = at + delimiter.length();
    }
    if (from < text.length()) {
      parts.add(text.substring(from));
    }
    return parts;
  }

  private void endOfLoop() {
    if (loopBegin < 0) {
      exchange.log(
          Level.ERROR, "Found a echo_end that has no corresponding echo_foreach before it.");
      fail();
      return;
    }
    choice++;
    if (choice < choices.size()) {
      next = loopBegin;
    } else {
      loopBegin = -1;
      choices = List.of();
    }
  }

  // ---- the client

  @Override
  public void clientChanged(Exchange changed, boolean gone, boolean writable) {
    if (!gone && writable && waitsForClient) {
      waitsForClient = false;
      exchange.guarded(this::goOn);
    }
  }

  @Override
  public void exchangeEnded(Exchange ended) {
    drop();
  }

  @Override
  public void release() {
    drop();
  }

  private void drop() {
    over = true;
    ByteBuf piece = repeated;
    if (piece != null) {
      repeated = null;
      piece.release();
    }
  }

  @Override
  public @Nullable String describe() {
    return null;
  }

  @Override
  public boolean outlivesClient() {
    return false;
  }
}
