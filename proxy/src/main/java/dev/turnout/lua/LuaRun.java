package dev.turnout.lua;

import dev.turnout.http.Exchange;
import dev.turnout.http.RequestFile;
import dev.turnout.http.Response;
import dev.turnout.http.Status;
import dev.turnout.http.Verdict;
import dev.turnout.http.access.SatisfyModule;
import dev.turnout.log.Level;
import dev.turnout.net.Worker;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The scripts of one exchange, or of a timer or a loop that begins: which phase they are in, what
/// they wait for, and what they want to be done once Lua has returned. Confined to the VM's loop.
///
/// What a script writes is kept until Lua returns: writing runs filters, and these may be scripts.
public final class LuaRun implements Exchange.Companion {
  /// What a thread that gave itself up wants to become of the request.
  private enum Wish {
    NONE,
    EXIT,
    EXEC,
    REDIRECT,
    JUMP
  }

  private final LuaVm vm;
  private final @Nullable Exchange exchange;
  // made when there is something to put into them: most scripts neither wait nor write
  private List<LuaWait> waits = List.of();
  private List<Runnable> ends = List.of();
  private List<ByteBuf> written = List.of();
  private final boolean ownVm;
  private LuaPhase phase;
  private String context = "";
  private int number;
  private int redirects;
  private int thread;
  private boolean keepsTable;
  private boolean over;
  private boolean running;
  private @Nullable Runnable whenDone;

  // what a script has asked for
  private Wish wish = Wish.NONE;
  private int exitCode;
  private int exited;
  private int filterExit;
  private String target = "";
  private @Nullable String targetArgs;

  // the response
  private boolean headWanted;
  private boolean headSent;
  private boolean headRefused;
  private Filtering headFilter = Filtering.NONE;
  private boolean headWasFiltered;
  private boolean filterFailed;
  private LuaPhase phaseBefore = LuaPhase.CONTENT;
  private SatisfyModule.@Nullable Rules rules;
  private boolean ended;
  private boolean endSent;
  private boolean flushWanted;
  private boolean buffering;
  private boolean bodySeen;
  private boolean separately;
  private boolean contentTypeCleared;
  private List<LuaWait> flushing = List.of();
  private String[] arguments = {};

  /// @param ownVm the VM is this run's alone, as without `lua_code_cache`
  LuaRun(LuaVm vm, @Nullable Exchange exchange, LuaPhase phase, boolean ownVm) {
    this.vm = vm;
    this.exchange = exchange;
    this.phase = phase;
    this.ownVm = ownVm;
    this.number = vm.newRun();
    vm.enterUse();
    if (exchange != null) {
      redirects = exchange.redirectsLeft();
      exchange.companion(this);
    }
  }

  /// The run of a subrequest whose `ngx.ctx` is given: it has that number.
  LuaRun(LuaVm vm, Exchange exchange, int number) {
    this(vm, exchange, LuaPhase.CONTENT, false);
    this.number = number;
    keepsTable = true;
  }

  /// A run that belongs to no request.
  LuaRun(LuaVm vm, LuaPhase phase, String context) {
    this(vm, null, phase, false);
    this.context = context;
  }

  // ---- what functions ask

  LuaVm vm() {
    return vm;
  }

  /// What its lines in the error log say of where it comes from.
  String context() {
    return context;
  }

  /// The exchange; null in timers and where a loop begins.
  public @Nullable Exchange exchange() {
    return exchange;
  }

  /// The exchange.
  ///
  /// @throws LuaError where there is none
  public Exchange requireExchange() {
    Exchange there = exchange;
    if (there == null) {
      throw new LuaError("no request found");
    }
    return there;
  }

  /// Where the script stands.
  public LuaPhase phase() {
    return phase;
  }

  int number() {
    return number;
  }

  /// The loop.
  public Worker worker() {
    Worker worker = vm.worker();
    if (worker == null) {
      throw new LuaError("not possible while the configuration is tested");
    }
    return worker;
  }

  /// Writes what a script says to the error log.
  public void log(Level level, String text) {
    Exchange there = exchange;
    if (there != null && !over) {
      there.logVerbatim(
          level, phase == LuaPhase.BALANCER ? text + " while connecting to upstream" : text);
    } else {
      vm.program().log().logVerbatim(level, 0, text + context);
    }
  }

  /// True if the error log takes lines of this level.
  public boolean isLogged(Level level) {
    Exchange there = exchange;
    return (there != null && !over) ? there.isLogged(level) : vm.program().log().isEnabled(level);
  }

  /// Does `cleanup` when the run is over.
  public void onEnd(Runnable cleanup) {
    if (ends.isEmpty()) {
      ends = new ArrayList<>(2);
    }
    ends.add(cleanup);
  }

  /// Takes back what was asked for with [#onEnd].
  void notOnEnd(Runnable cleanup) {
    if (!ends.isEmpty()) {
      ends.remove(cleanup);
    }
  }

  /// Its scripts have a table `ngx.ctx`, to be let go of.
  void keepsTable() {
    keepsTable = true;
  }

  void thread(int id) {
    thread = id;
  }

  void waits(LuaWait wait) {
    if (waits.isEmpty()) {
      waits = new ArrayList<>(2);
    }
    waits.add(wait);
  }

  void waitsNoMore(LuaWait wait) {
    waits.remove(wait);
  }

  /// True if the scripts are over.
  boolean isOver() {
    return over;
  }

  /// What a directive gives its script.
  void arguments(String[] values) {
    arguments = values;
  }

  /// Argument `i` of the directive, from 1.
  @Nullable String argument(int i) {
    return i >= 1 && i <= arguments.length ? arguments[i - 1] : null;
  }

  // ---- running

  /// Starts a script that may wait.
  Verdict start(LuaPhase in, int chunk) {
    enterPhase(in);
    running = true;
    return settled(vm.start(this, chunk));
  }

  /// Starts what a timer runs; `done` once it is over.
  void startTimer(int timer, boolean premature, Runnable done) {
    running = true;
    whenDone = done;
    timerSettled(vm.startTimer(this, timer, premature));
  }

  /// Calls a script that may not wait; false if it failed, with why in the VM's result.
  boolean call(LuaPhase in, int chunk, int arguments) {
    LuaPhase before = phase;
    enterPhase(in);
    try {
      return vm.call(this, chunk, arguments) == LuaVm.DONE;
    } finally {
      phase = before;
    }
  }

  private void enterPhase(LuaPhase in) {
    phase = in;
    Exchange there = exchange;
    if (there != null && there.redirectsLeft() != redirects && in != LuaPhase.LOG) {
      redirects = there.redirectsLeft(); // as in nginx nothing is kept over an internal redirect
      forget();
      number = vm.newRun();
      wish = Wish.NONE;
    }
    if (exited != 0 && in == LuaPhase.CONTENT && there != null) {
      if (there.response().status() == 0) {
        there.response().status(exited); // the status that a page of `error_page` has by itself
      }
      exited = 0;
    }
  }

  private void forget() {
    if (keepsTable) {
      keepsTable = false;
      if (isLogged(Level.DEBUG)) {
        log(Level.DEBUG, "lua release ngx.ctx at ref " + number);
      }
      vm.free(this);
    }
  }

  void resume(LuaVm vm, int id, int serial, int code, Consumer<LuaVm> fill) {
    Exchange there = exchange;
    if (over) {
      return;
    }
    if (there == null) {
      fill.accept(vm);
      timerSettled(vm.resume(this, id, serial, code));
      return;
    }
    there.worker().refreshClock();
    there.guarded(() -> {
      fill.accept(vm);
      Verdict verdict = settled(vm.resume(this, id, serial, code));
      if (verdict == Verdict.CONTINUE) {
        there.resume();
      }
    });
  }

  private void timerSettled(int rc) {
    if (rc == LuaVm.WAITS || rc == LuaVm.STALE) {
      return;
    }
    running = false;
    Runnable done = whenDone;
    whenDone = null;
    dropWaits();
    if (done != null) {
      done.run();
    }
  }

  private Verdict settled(int rc) {
    Exchange there = requireExchange();
    if (rc == LuaVm.STALE) {
      return Verdict.SUSPENDED;
    }
    if (rc != LuaVm.WAITS) {
      running = false;
      dropWaits();
    }
    if (!writeOut(there) || over) {
      return Verdict.RESPONDED;
    }
    return switch (rc) {
      case LuaVm.WAITS -> Verdict.SUSPENDED;
      case LuaVm.DONE -> done(there);
      case LuaVm.ABORTED -> aborted(there);
      default -> failed(there);
    };
  }

  private Verdict done(Exchange there) {
    if (phase == LuaPhase.CONTENT || headWanted || ended) {
      return respond(there);
    }
    return passed(there);
  }

  /// How the script goes together with the other access rules.
  void rules(SatisfyModule.Rules together) {
    rules = together;
  }

  private Verdict passed(Exchange there) {
    SatisfyModule.Rules together = rules;
    return phase == LuaPhase.ACCESS && together != null ? together.passed(there) : Verdict.CONTINUE;
  }

  private Verdict failed(Exchange there) {
    if (headSent) {
      there.downstream().flush(); // what it had written by then
      there.downstream().abort(there);
      settle(there);
    } else {
      there.finish(500);
    }
    return Verdict.RESPONDED;
  }

  private Verdict aborted(Exchange there) {
    Wish wanted = wish;
    wish = Wish.NONE;
    return switch (wanted) {
      case EXIT -> exit(there);
      case EXEC -> {
        there.redirectInternally(target, targetArgs);
        yield Verdict.RESPONDED;
      }
      case REDIRECT -> {
        there.finish(exitCode);
        yield Verdict.RESPONDED;
      }
      case JUMP -> {
        forget();
        number = vm.newRun();
        yield Verdict.CONTINUE;
      }
      case NONE -> failed(there);
    };
  }

  private Verdict exit(Exchange there) {
    int code = exitCode;
    boolean closes = code < 0 && (code == -1 || phase == LuaPhase.CONTENT);
    if (closes || code == 408 || code == Status.CLOSE || code == Status.CLIENT_CLOSED) {
      if (code > 0 && !headSent) {
        there.response().status(code);
      }
      there.closeAfter();
      there.downstream().abort(there);
      settle(there);
      return Verdict.RESPONDED;
    }
    if (!headWanted && there.response().status() == 0 && code >= 200) {
      there.response().status(code);
    }
    if (buffering && headWanted) {
      return respond(there);
    }
    if ((code == 0 && phase == LuaPhase.CONTENT) || (code >= 200 && code < 300 && code != 204)) {
      return respond(there);
    }
    if (headWanted) {
      return respond(there);
    }
    if (code <= 0) {
      return code == 0 ? passed(there) : Verdict.CONTINUE; // declined: others decide
    }
    SatisfyModule.Rules together = rules;
    if (phase == LuaPhase.ACCESS && together != null && (code == 401 || code == 403)) {
      there.response().status(0);
      return together.refused(there, code);
    }
    exited = code;
    there.finish(code);
    return Verdict.RESPONDED;
  }

  // ---- the response

  /// True if the head of the response is out, or as good as out.
  boolean isHeadOut() {
    Exchange there = exchange;
    return headWanted || (there != null && there.isHeadSent());
  }

  /// True if the script has said that nothing follows.
  boolean isEnded() {
    return ended;
  }

  boolean isBuffering() {
    return buffering;
  }

  boolean hasBody() {
    return bodySeen;
  }

  /// The head goes out, with what it has now.
  void wantHead() {
    Exchange there = requireExchange();
    if (headWanted) {
      return;
    }
    LuaSettings settings = settings(there);
    Response response = there.response();
    if (wantsBuffering(there, settings)) {
      buffering = true;
      if (isLogged(Level.DEBUG)) {
        log(Level.DEBUG, "lua buffering output bufs for the HTTP 1.0 request");
      }
    }
    headWanted = true;
    separately = settings.filtersBody(); // a filter wants to see each text by itself
    if (response.status() == 0) {
      response.status(200);
    }
    giveType(there, settings);
    if (!buffering && !settings.filtersBody() && !there.isHead() && !mustFilterHead(settings)) {
      sendHead(there, false); // it can be seen at once what it became
    }
  }

  /// True if what is written is kept until its length is known.
  private static boolean wantsBuffering(Exchange there, LuaSettings settings) {
    return settings.bufferHttp10()
        && there.request().version() < 11
        && there.response().contentLength() < 0
        && !there.isSubrequest();
  }

  private void giveType(Exchange there, LuaSettings settings) {
    Response response = there.response();
    if (response.contentType() == null
        && settings.useDefaultType()
        && !contentTypeCleared
        && response.status() != 304) {
      response.contentType(RequestFile.mediaType(there));
    }
  }

  private boolean mustFilterHead(LuaSettings settings) {
    return settings.headFilter() != null && headFilter != Filtering.DONE;
  }

  /// The number of the script that is to look at the head before it goes out, or -1: Lua runs it
  /// then, since it is in Lua that the head is asked for.
  int headFilterToRun() {
    Exchange there = requireExchange();
    LuaSettings settings = settings(there);
    LuaChunk script = settings.headFilter();
    if (script == null || headWanted || headFilter != Filtering.NONE || there.isHeadSent()) {
      return -1;
    }
    if (wantsBuffering(there, settings)) {
      return -1; // it is to see the length
    }
    return vm.isReady(script) ? script.index() : -1;
  }

  /// Lua runs the script that looks at the head.
  void filterHeadBegins() {
    Exchange there = requireExchange();
    headFilter = Filtering.RUNS;
    if (isLogged(Level.DEBUG)) {
      LuaProgram.callTold(this, LuaPhase.HEADER_FILTER);
    }
    phaseBefore = phase;
    phase = LuaPhase.HEADER_FILTER;
    Response response = there.response();
    if (response.status() == 0) {
      response.status(200);
    }
    giveType(there, settings(there));
  }

  /// The script has looked at the head.
  void filterHeadEnds(boolean fine) {
    phase = phaseBefore;
    headFilter = Filtering.DONE;
    filterFailed = !fine;
  }

  /// True, once, if the head that goes out now has been looked at already.
  boolean takeHeadFiltered(Response response) {
    if (headFilter != Filtering.DONE || headWasFiltered) {
      return false;
    }
    headWasFiltered = true;
    if (filterFailed) {
      response.refuse(Status.CLOSE);
    } else if (wish == Wish.EXIT && exitCode >= 200) {
      wish = Wish.NONE;
      filterExit = exitCode;
      response.refuse(exitCode);
    }
    return true;
  }

  /// Whether the head has been looked at in Lua itself.
  private enum Filtering {
    NONE,
    RUNS,
    DONE
  }

  private void sendHead(Exchange there, boolean alone) {
    headSent = true;
    headRefused = !there.sendHead(alone);
  }

  /// The script wants no `Content-Type`.
  void clearContentType(boolean cleared) {
    contentTypeCleared = cleared;
  }

  LuaSettings settings(Exchange there) {
    return there.location().get(vm.program().settings());
  }

  /// Keeps `length` bytes at `address` to be written, and a line feed if wanted.
  void write(long address, int length, boolean lineFeed) {
    wantHead();
    bodySeen = true;
    int size = length + (lineFeed ? 1 : 0);
    if (size == 0) {
      return;
    }
    ByteBuf last = written.isEmpty() || separately ? null : written.getLast();
    if (last == null || last.writableBytes() < size) {
      last = PooledByteBufAllocator.DEFAULT.directBuffer(Math.max(size, separately ? 0 : 512));
      if (written.isEmpty()) {
        written = new ArrayList<>(2);
      }
      written.add(last);
    }
    vm.copy(address, length, last);
    if (lineFeed) {
      last.writeByte('\n');
    }
  }

  void flushWanted() {
    flushWanted = true;
  }

  /// A script waits until all of it has been taken.
  void flushed(LuaWait wait) {
    if (flushing.isEmpty()) {
      flushing = new ArrayList<>(1);
    }
    flushing.add(wait);
    vm.later(this::checkFlushed);
  }

  private void checkFlushed() {
    Exchange there = exchange;
    if (flushing.isEmpty() || there == null || over || !there.downstream().isWritable()) {
      return;
    }
    List<LuaWait> all = flushing; // several light threads may wait for the same
    flushing = List.of();
    for (LuaWait wait : all) {
      wait.resume(LuaVm.OK);
    }
  }

  /// Nothing follows.
  void end() {
    wantHead();
    ended = true;
  }

  /// Ends the response, which may have none of it out yet.
  private Verdict respond(Exchange there) {
    if (takenOver) {
      there.downstream().closeTunnel();
    } else if (!endSent) {
      ended = true; // first, so that a head without a body is sent as such
      if (headWanted) {
        boolean _ = writeOut(there);
      } else {
        headAlone(there);
      }
    }
    settle(there);
    return Verdict.RESPONDED;
  }

  private void headAlone(Exchange there) {
    LuaSettings settings = settings(there);
    Response response = there.response();
    headWanted = true;
    if (response.status() == 0) {
      response.status(200);
    }
    giveType(there, settings);
    if (settings.bufferHttp10() && there.request().version() < 11 && response.contentLength() < 0) {
      response.contentLength(0);
    }
    boolean _ = writeOut(there);
  }

  /// Nothing more is done for the exchange, which may have waited for that.
  private void settle(Exchange there) {
    if (!over) {
      there.downstream().settled(there);
    }
  }

  /// Writes what scripts have left to be written. False if that was the end of the exchange.
  private boolean writeOut(Exchange there) {
    if (!headWanted || endSent || !there.isLive()) {
      boolean live = there.isLive();
      if (!live) {
        releaseWritten();
      }
      return live;
    }
    if (buffering && !ended) {
      return true;
    }
    boolean last = ended;
    if (last) {
      there.body().discard();
    }
    if (!headSent) {
      if (buffering && !there.isHead()) {
        long length = 0;
        for (ByteBuf part : written) {
          length += part.readableBytes();
        }
        there.response().contentLength(length);
      }
      boolean alone = last && written.isEmpty() && !settings(there).filtersBody();
      sendHead(there, alone);
      endSent = alone && !headRefused;
      if (endSent) {
        there.downstream().flush();
        return true;
      }
    }
    if (headRefused) {
      headRefused = false;
      endSent = true;
      releaseWritten();
      running = false;
      dropWaits();
      there.finish(there.response().refusal());
      return false;
    }
    writeBody(there, last);
    if (last || flushWanted) {
      flushWanted = false;
      endSent |= last;
      there.downstream().flush();
    }
    return true;
  }

  private void writeBody(Exchange there, boolean last) {
    List<ByteBuf> parts = written;
    written = List.of();
    int count = parts.size();
    if (count == 0 && last) {
      there.downstream().writeEnd(there);
      return;
    }
    for (int i = 0; i < count; i++) {
      there.downstream().writeBody(there, parts.get(i), last && i == count - 1);
    }
  }

  private void releaseWritten() {
    written.forEach(ByteBuf::release);
    written = List.of();
  }

  private boolean bodyStreamed;
  private boolean bodyRead;
  private boolean takenOver;

  /// A script waits for the body of the request, or has got it.
  void readsBody() {
    bodyRead = true;
  }

  boolean isReadingBody() {
    return bodyRead;
  }

  /// The connection is the script's: nothing else is written for the response.
  void takesConnection() {
    takenOver = true;
    headWanted = true;
    headSent = true;
    endSent = true;
  }

  boolean hasTakenConnection() {
    return takenOver;
  }

  /// A script reads the body of the request by itself.
  void streamsBody() {
    bodyStreamed = true;
  }

  boolean isBodyStreamed() {
    return bodyStreamed;
  }

  // ---- a part of a body that a script looks at

  private String part = "";
  private boolean partIsLast;

  void filter(String text, boolean last) {
    part = text;
    partIsLast = last;
  }

  String filtered() {
    return part;
  }

  boolean isFilteredLast() {
    return partIsLast;
  }

  // ---- what a script wants to become of its request

  void exitWith(int code) {
    wish = Wish.EXIT;
    exitCode = code > 999 ? 500 : code;
  }

  int exitCode() {
    return exitCode;
  }

  /// True, once, if a script that may not wait has called `ngx.exit`.
  boolean takeExit() {
    boolean wanted = wish == Wish.EXIT;
    wish = Wish.NONE;
    return wanted;
  }

  /// What the header filter has exited with.
  int filterExit() {
    return filterExit;
  }

  void filterExit(int code) {
    filterExit = code;
  }

  void exec(String path, @Nullable String args) {
    wish = Wish.EXEC;
    target = path;
    targetArgs = args;
  }

  void redirect(int status) {
    wish = Wish.REDIRECT;
    exitCode = status;
  }

  void jump() {
    wish = Wish.JUMP;
  }

  // ---- a server to be chosen

  private LuaBalancer.@Nullable Answer balancer;

  void balancer(LuaBalancer.@Nullable Answer answer) {
    balancer = answer;
  }

  LuaBalancer.Answer balancer() {
    LuaBalancer.Answer there = balancer;
    if (there == null) {
      throw new LuaError("API disabled in the current context");
    }
    return there;
  }

  // ---- requests of its own

  private Map<Integer, LuaCapture> captured = Map.of();
  private @Nullable LuaCapture capture;
  private int captures;

  void capture(LuaCapture begun) {
    capture = begun;
  }

  LuaCapture capture() {
    LuaCapture there = capture;
    if (there == null) {
      throw new IllegalStateException("no capture is under way");
    }
    return there;
  }

  /// A number by which the answers can be asked for.
  int captured(LuaCapture done) {
    if (captured.isEmpty()) {
      captured = new HashMap<>();
    }
    captured.put(++captures, done);
    return captures;
  }

  void selectCapture(int handle) {
    capture = captured.get(handle);
  }

  void endCapture(int handle) {
    if (!captured.isEmpty()) {
      captured.remove(handle);
    }
    capture = null;
  }

  /// True if a thread waits for requests of its own: nothing may end the others then.
  boolean isCapturing() {
    return waits.stream().anyMatch(LuaWait::waitsForCapture);
  }

  boolean isCapturing(int id) {
    return waits.stream().anyMatch(wait -> wait.thread() == id && wait.waitsForCapture());
  }

  void dropWaits(int id) {
    for (LuaWait wait : List.copyOf(waits)) {
      if (wait.thread() == id) {
        waits.remove(wait);
        wait.drop();
      }
    }
  }

  // ---- a client that goes away

  private boolean abortWanted;

  boolean wantsAbort() {
    return abortWanted;
  }

  void wantAbort() {
    abortWanted = true;
  }

  // ---- its end

  private void dropWaits() {
    while (!waits.isEmpty()) {
      waits.removeLast().drop();
    }
  }

  @Override
  public boolean isBusy() {
    Exchange there = exchange;
    if (!running || there == null) {
      return false;
    }
    return headSent || !there.isHeadSent(); // else it was answered over the heads of the scripts
  }

  @Override
  public void clientWritable() {
    checkFlushed();
  }

  @Override
  public boolean clientGone() {
    Exchange there = exchange;
    if (there == null || !settings(there).checksClientAbort()) {
      return true; // a script goes on, unless it wants to know
    }
    if (abortWanted) {
      abortWanted = false;
      log(Level.INFO, "client prematurely closed connection");
      there
          .worker()
          .loop()
          .execute(() -> {
            if (!over && running) {
              there.guarded(() -> {
                if (settled(vm.onAbort(this, thread)) == Verdict.CONTINUE) {
                  there.resume();
                }
              });
            }
          });
      return true;
    }
    there.response().status(Status.CLIENT_CLOSED);
    return false;
  }

  @Override
  public void release() {
    if (over) {
      return;
    }
    over = true;
    releaseWritten();
    dropWaits();
    if (vm.isInside()) {
      vm.later(this::finish);
    } else {
      finish();
    }
  }

  private void finish() {
    if (vm.isClosed()) {
      return;
    }
    if (running) {
      running = false;
      vm.kill(this, thread);
    }
    captured = Map.of();
    List<Runnable> last = ends;
    ends = List.of();
    last.forEach(Runnable::run);
    forget();
    if (ownVm) {
      vm.leave();
    }
    vm.leaveUse();
  }
}
