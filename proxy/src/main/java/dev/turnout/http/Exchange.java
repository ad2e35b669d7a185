package dev.turnout.http;

import dev.turnout.log.ErrorLog;
import dev.turnout.log.Level;
import dev.turnout.net.ListenAddress;
import dev.turnout.net.OffLoop;
import dev.turnout.net.Worker;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import org.jspecify.annotations.Nullable;

/// One request and its response: data, and the places where modules keep what they know about it.
///
/// It lives on the client connection's loop from the first byte of the request to the log line, and
/// nobody else touches it. The objects are reused: a loop keeps those that are free.
public final class Exchange {
  private static final String[] NO_STRINGS = new String[0];

  private final Worker worker;
  private final PhaseEngine engine;
  private RequestHead request;
  private final Response response = new Response();
  private final RequestBody body = new RequestBody(this);
  private final List<BodyFilter> filters = new ArrayList<>(0);
  private final @Nullable Subrequest asSubrequest;
  private final ByteSink text = new ByteSink(new byte[256]);

  private @Nullable Downstream downstream;
  private @Nullable Generation generation;
  private @Nullable VirtualServer server;
  private @Nullable Location location;
  private @Nullable Upstreaming upstreaming;
  private @Nullable Companion companion;
  private @Nullable Future<?> pause;
  private @Nullable BodyFilter firstFilter;
  private @Nullable BodyFilter lastFilter;
  private @Nullable Splice splice;
  private @Nullable Subrequests subrequests;
  private boolean splicing;
  private boolean bodyAdded;
  private boolean headEnds;
  private @Nullable SocketAddress realAddress;
  private boolean aliasExtended;
  private long limitRate;

  private String path = "";
  private @Nullable String args;
  private boolean pathChanged;
  private boolean pathReplaced;
  private boolean asSent;
  private boolean quoted;
  private boolean slashWanted;
  private boolean internal;
  private int redirectsLeft;
  private int rewritesLeft;
  private int errorStatus;
  private @Nullable String methodOverride;

  private PhaseEngine.Stage stage = PhaseEngine.Stage.SERVER_REWRITE;
  private int handlerIndex;
  private int serial;
  private boolean headSent;
  private boolean ended;
  private boolean keepAlive;

  private long headBytes;
  private long begun;
  private long startNanos;
  private long startMillis;

  private @Nullable String[] stored = NO_STRINGS;
  private @Nullable Object[] kept = new Object[0];
  private String captureSubject = "";
  private int[] captures = new int[0];
  private int captureCount;

  /// An exchange of this loop, to be begun with [#begin].
  public Exchange(Worker worker, PhaseEngine engine) {
    this.worker = worker;
    this.engine = engine;
    this.request = new RequestHead();
    this.asSubrequest = null;
  }

  /// The exchange of a subrequest, which has the head of its parent's request.
  Exchange(Subrequest subrequest, Exchange parent) {
    this.worker = parent.worker;
    this.engine = parent.engine;
    this.request = parent.request;
    this.asSubrequest = subrequest;
    begin(subrequest, parent.generation(), parent.server());
    if (!subrequest.hasOwnVariables()) {
      stored = parent.stored;
    }
    internal = true;
    asSent = false;
    methodOverride = "GET";
    started();
  }

  /// Reads files, which are else left to the wire.
  private static final class FileReading extends BodyFilter {
    FileReading(Exchange exchange) {
      super(exchange);
    }
  }

  /// What is known about the way to an upstream and back; set by the proxy, read by `$upstream_…`.
  public interface Upstreaming {
    /// Bytes, times and statuses are kept here for the log: called once, when the exchange ends.
    void exchangeEnded(Exchange exchange);

    /// The target as the error log names it: `http://127.0.0.1:8081/path`; null while there is
    /// none.
    @Nullable String describe();

    /// The client is gone, or takes more again.
    void clientChanged(Exchange exchange, boolean gone, boolean writable);

    /// True if the exchange goes on although its client is gone.
    boolean outlivesClient();

    /// The exchange is over and logged: lets go of everything.
    void release();
  }

  /// Something that lives beside an exchange to its end, such as the scripts that work for it.
  public interface Companion {
    /// True while it works on though the response may be out, or the client gone: the exchange then
    /// waits for {@link Downstream#settled}.
    boolean isBusy();

    /// The client takes more again.
    void clientWritable();

    /// The client has gone away, or will send nothing any more; false if that is the end of the
    /// exchange.
    boolean clientGone();

    /// The exchange is over and logged.
    void release();
  }

  /// Makes it new for a request on `downstream`, under this generation.
  public void begin(Downstream downstream, Generation generation, VirtualServer server) {
    this.downstream = downstream;
    this.generation = generation;
    this.server = server;
    this.location = server.base();
    begun++;
    int slots = generation.variableSlots();
    if (stored.length < slots) {
      stored = new String[slots];
    }
    int places = generation.exchangeSlots();
    if (kept.length < places) {
      kept = new Object[places];
    }
    serial++;
    path = "";
    args = null;
    pathChanged = false;
    pathReplaced = false;
    asSent = true;
    quoted = false;
    slashWanted = false;
    internal = false;
    aliasExtended = false;
    redirectsLeft = 10;
    rewritesLeft = 10;
    errorStatus = 0;
    methodOverride = null;
    realAddress = null;
    limitRate = -1;
    stage = PhaseEngine.Stage.SERVER_REWRITE;
    handlerIndex = 0;
    headSent = false;
    ended = false;
    keepAlive = true;
    captureCount = 0;
    captureSubject = "";
    upstreaming = null;
    splicing = false;
    bodyAdded = false;
  }

  /// Which use of this object it is: whoever comes back later checks that it is still the same.
  public long begun() {
    return begun;
  }

  /// Notes when the first byte of the request came.
  public void started() {
    startNanos = worker.nowNanos();
    startMillis = worker.nowMillis();
  }

  /// Lets go of everything; the object may be begun again.
  public void release() {
    Upstreaming way = upstreaming;
    if (way != null) {
      upstreaming = null;
      way.release();
    }
    Companion beside = companion;
    if (beside != null) {
      companion = null;
      beside.release();
    }
    Future<?> timer = pause;
    if (timer != null) {
      pause = null;
      timer.cancel(false);
    }
    releaseFilters();
    body.release();
    response.reset();
    if (asSubrequest == null) {
      request.reset();
      Arrays.fill(stored, null);
    } // else they may be the main request's
    Arrays.fill(kept, null);
    downstream = null;
    generation = null;
    server = null;
    location = null;
    upstreaming = null;
    captureSubject = "";
    methodOverride = null;
  }

  /// Stands where `other` stands: in its location, before the content.
  void repeat(Exchange other) {
    location = other.location;
    asSent = other.asSent;
    quoted = other.quoted;
    pathReplaced = other.pathReplaced;
    aliasExtended = other.aliasExtended;
    captureSubject = other.captureSubject;
    captures = other.captures.clone();
    captureCount = other.captureCount;
    stage = PhaseEngine.Stage.CONTENT;
  }

  /// The loop it lives on.
  public Worker worker() {
    return worker;
  }

  /// What runs it.
  public PhaseEngine engine() {
    return engine;
  }

  /// Where the response goes: the connection or stream that the request came on, behind the filters
  /// of the body.
  public Downstream downstream() {
    BodyFilter filter = firstFilter;
    if (filter != null) {
      return filter;
    }
    Downstream there = downstream;
    if (there == null) {
      throw new IllegalStateException("the exchange is over");
    }
    return there;
  }

  /// Puts a filter between whoever makes the body and the wire, after those that are there. While
  /// the head is made.
  public void filterBody(BodyFilter filter) {
    Downstream wire = downstream;
    if (wire == null) {
      throw new IllegalStateException("the exchange is over");
    }
    BodyFilter before = lastFilter;
    filter.attach(before, wire);
    if (before == null) {
      firstFilter = filter;
    } else {
      before.next(filter);
    }
    lastFilter = filter;
    filters.add(filter);
  }

  private void releaseFilters() {
    if (firstFilter == null) {
      return;
    }
    firstFilter = null;
    lastFilter = null;
    splice = null;
    for (BodyFilter filter : filters) {
      filter.releaseOnce();
    }
    filters.clear();
  }

  /// The wire takes more of the response again, or not; called by it.
  public void clientWritable(boolean writable) {
    BodyFilter nearest = lastFilter;
    if (nearest == null) {
      Upstreaming way = upstreaming;
      if (way != null) {
        way.clientChanged(this, false, writable);
      }
    } else if (writable) {
      nearest.resumed();
    }
    Companion beside = companion;
    if (beside != null && writable) {
      beside.clientWritable();
    }
  }

  void producerWritable() {
    Upstreaming way = upstreaming;
    if (way != null) {
      way.clientChanged(this, false, true);
    }
  }

  /// Where the client is: as the connection says, or as a proxy in front said it of the request.
  public SocketAddress remoteAddress() {
    SocketAddress told = realAddress;
    return told == null ? downstream().remoteAddress() : told;
  }

  /// The client is where a trusted proxy says.
  public void remoteAddress(SocketAddress told) {
    realAddress = told;
  }

  /// `$limit_rate`: bytes in a second, 0 for no limit, or -1 where only the configuration says.
  public long limitRate() {
    return limitRate;
  }

  /// Sets `$limit_rate`.
  public void limitRate(long bytesPerSecond) {
    limitRate = bytesPerSecond;
  }

  // ---- subrequests

  /// A subrequest of this exchange for `path`, to be described further and started.
  public Subrequest subrequest(String path, @Nullable String args) {
    return new Subrequest(this, path, args);
  }

  /// What it is if it is a subrequest, else null.
  public @Nullable Subrequest asSubrequest() {
    return asSubrequest;
  }

  /// True if the node made this request itself, on behalf of another.
  public boolean isSubrequest() {
    return asSubrequest != null;
  }

  /// The exchange of the client's request: this one, unless it is a subrequest.
  public Exchange main() {
    Exchange exchange = this;
    while (exchange.asSubrequest != null) {
      exchange = exchange.asSubrequest.parent();
    }
    return exchange;
  }

  /// How many subrequests of its own it has under way.
  public int subrequestCount() {
    Subrequests own = subrequests;
    return own == null ? 0 : own.count();
  }

  /// True while background subrequests, or what lives beside it, keep it from ending.
  public boolean isHeldOpen() {
    Subrequests own = subrequests;
    return (own != null && own.isHoldingOpen()) || isAccompanied();
  }

  /// True while what lives beside it goes on, whether or not there is a client.
  public boolean isAccompanied() {
    Companion beside = companion;
    return beside != null && beside.isBusy();
  }

  /// What lives beside it, or null.
  public @Nullable Companion companion() {
    return companion;
  }

  /// This lives beside it from now on.
  public void companion(Companion companion) {
    this.companion = companion;
  }

  /// Its subrequests; made when there are some for the first time.
  Subrequests subrequests() {
    Subrequests own = subrequests;
    if (own == null) {
      own = new Subrequests();
      subrequests = own;
    }
    return own;
  }

  /// Output of subrequests will be spliced into the body; said by a filter while the head is made,
  /// before it has its turn to put {@link Splice} behind the filters that ask for this.
  public void wantSplice() {
    splicing = true;
  }

  /// There will be a body even if whoever answers has none.
  public void addBody() {
    bodyAdded = true;
  }

  void installSplice() {
    if (splicing) {
      Splice made = new Splice(this);
      filterBody(made);
      splice = made;
    }
  }

  /// Where output of subrequests joins the body of this response.
  public Splice splice() {
    Splice there = splice;
    if (there == null) {
      throw new IllegalStateException("nothing can be spliced into this response");
    }
    return there;
  }

  /// True while the exchange is under way.
  public boolean isLive() {
    return downstream != null && !ended;
  }

  /// The configuration it began with.
  public Generation generation() {
    Generation there = generation;
    if (there == null) {
      throw new IllegalStateException("the exchange is over");
    }
    return there;
  }

  /// The virtual server it belongs to.
  public VirtualServer server() {
    VirtualServer there = server;
    if (there == null) {
      throw new IllegalStateException("the exchange has no server yet");
    }
    return there;
  }

  /// Goes over to this virtual server, outside any location.
  void server(VirtualServer server) {
    this.server = server;
    this.location = server.base();
  }

  /// The location whose handlers and settings hold now.
  public Location location() {
    Location there = location;
    if (there == null) {
      throw new IllegalStateException("the exchange has no location yet");
    }
    return there;
  }

  /// Goes on under the handlers and settings of `location`.
  public void location(Location location) {
    this.location = location;
  }

  /// The core module's settings that hold now.
  public CoreSettings core() {
    return location().core();
  }

  /// The head of the request.
  public RequestHead request() {
    return request;
  }

  /// The head of the request, to be changed: that of the client's request itself, or a copy of it
  /// for this subrequest.
  public RequestHead changeRequest() {
    Subrequest mine = asSubrequest;
    if (mine != null && request == mine.parent().request) {
      RequestHead own = new RequestHead();
      own.copyOf(request);
      request = own;
    }
    return request;
  }

  /// The body of the request.
  public RequestBody body() {
    return body;
  }

  /// The head of the response.
  public Response response() {
    return response;
  }

  /// The method, as sent or as an error page changed it.
  public String method() {
    String override = methodOverride;
    return override == null ? request.method() : override;
  }

  /// True for HEAD, whose response has no body.
  public boolean isHead() {
    return methodOverride == null ? request.methodIs("HEAD") : methodOverride.equals("HEAD");
  }

  /// Goes on as if the request had this method.
  public void method(String method) {
    methodOverride = method;
  }

  /// `$uri`: the normalised, decoded path.
  public String path() {
    return path;
  }

  /// `$args`, or null if the target has no `?`.
  public @Nullable String args() {
    return args;
  }

  /// Sets the path and arguments. `quoted` if the path had percent-encoded bytes.
  public void target(String path, @Nullable String args, boolean quoted) {
    this.path = path;
    this.args = args;
    this.quoted = quoted;
  }

  /// Changes `$args`.
  public void args(@Nullable String args) {
    this.args = args;
    this.asSent = false;
  }

  /// Changes the path; the location is searched anew after the phase.
  public void rewritePath(String path) {
    replacePath(path);
    this.pathChanged = true;
    this.internal = true;
    this.aliasExtended = false;
  }

  /// From now on the path is what follows `alias` in a location given by a regular expression.
  public void extendAlias() {
    aliasExtended = true;
  }

  boolean isAliasExtended() {
    return aliasExtended;
  }

  /// Changes the path within its location.
  public void replacePath(String path) {
    this.path = path;
    this.asSent = false;
  }

  /// Stays in its location though the path was rewritten, as `break` asks.
  public void keepLocation() {
    pathReplaced |= pathChanged;
    pathChanged = false;
  }

  /// True if the path was rewritten in its location and does not begin with that one's prefix any
  /// more: the URI of a `proxy_pass` cannot take its place.
  public boolean isPathReplaced() {
    return pathReplaced;
  }

  /// True while path and arguments are those of the target that the client sent.
  public boolean isTargetAsSent() {
    return asSent;
  }

  /// True if the path may go into a request line without being encoded again.
  public boolean isPathPlain() {
    return !quoted && !internal;
  }

  /// True if something was percent-encoded in the path as sent, or a plus stood in it: captures of
  /// it are encoded again where they become arguments.
  public boolean isPathEncoded() {
    return quoted
        || request.rawTarget().lastIndexOf('+', request.pathEnd() - request.targetStart()) >= 0;
  }

  /// True if the path has been rewritten, and the location for it is still to be looked for.
  public boolean isPathChanged() {
    return pathChanged;
  }

  boolean takePathChanged() {
    boolean changed = pathChanged;
    pathChanged = false;
    return changed;
  }

  void wantSlash() {
    slashWanted = true;
  }

  boolean isSlashWanted() {
    return slashWanted;
  }

  void clearSlashWanted() {
    slashWanted = false;
  }

  /// True after an internal redirect, and in subrequests.
  public boolean isInternal() {
    return internal;
  }

  /// @param named in a named location, to which the target comes as it is
  void becomeInternal(boolean named) {
    pathReplaced = false;
    internal = true;
    asSent &= named;
    aliasExtended = false;
  }

  /// How many internal redirects it may still take; one less with each.
  public int redirectsLeft() {
    return redirectsLeft;
  }

  boolean takeRedirect() {
    return redirectsLeft-- > 0;
  }

  boolean takeRewrite() {
    return rewritesLeft-- > 0;
  }

  /// The status that an error page stands for, or 0.
  public int errorStatus() {
    return errorStatus;
  }

  void errorStatus(int status) {
    errorStatus = status;
  }

  PhaseEngine.Stage stage() {
    return stage;
  }

  void stage(PhaseEngine.Stage stage) {
    this.stage = stage;
    handlerIndex = 0;
  }

  int nextHandler() {
    return handlerIndex++;
  }

  /// Goes on after a handler that said {@link Verdict#SUSPENDED}. On the exchange's loop.
  public void resume() {
    engine.run(this);
  }

  /// Goes on after `millis`, unless the client goes away before that; for a handler that then says
  /// {@link Verdict#SUSPENDED}.
  public void resumeAfter(long millis) {
    after(millis, this::resume);
  }

  /// Does `work` after `millis`, unless the client goes away before that.
  void after(long millis, Runnable work) {
    pause =
        worker
            .loop()
            .schedule(
                () -> {
                  pause = null;
                  worker.refreshClock();
                  work.run();
                },
                millis,
                TimeUnit.MILLISECONDS);
  }

  /// True while it waits for nothing but time to pass.
  public boolean isPaused() {
    return pause != null;
  }

  /// Answers with this status: an error page of the configuration, or the built-in one.
  public void finish(int status) {
    engine.finish(this, status);
  }

  /// Searches `path` anew and answers from there, as `error_page` and `index` do.
  public void redirectInternally(String path, @Nullable String args) {
    engine.redirect(this, path, args);
  }

  /// Answers with a text in one piece.
  public void respond(int status, @Nullable String contentType, byte[] bytes) {
    engine.respond(this, status, contentType, bytes);
  }

  /// True once the head of the final response is written.
  public boolean isHeadSent() {
    return headSent;
  }

  /// Runs the filters and writes the head. `last` if no body follows. False if a filter refused the
  /// answer, as where a condition of the client does not hold: then nothing was written, and {@link
  /// Response#refusal} is what to {@link #finish} with.
  public boolean sendHead(boolean last) {
    headSent = true;
    headEnds = last;
    response.refuse(0);
    engine.filterHead(this);
    if (response.refusal() != 0) {
      headSent = false;
      releaseFilters();
      return false;
    }
    if (asSubrequest != null && asSubrequest.isInMemory() && !last) {
      filterBody(new FileReading(this));
    }
    boolean follows = last && bodyAdded && !isHead();
    downstream().writeHead(this, last && !follows);
    if (follows) {
      downstream().writeEnd(this);
    }
    return true;
  }

  /// True if no body follows the head that the filters see.
  public boolean isHeadAlone() {
    int status = response.status();
    return headEnds || status == 204 || status == 304 || isHead();
  }

  /// True if the connection may carry another request after this one.
  public boolean isKeepAlive() {
    return keepAlive;
  }

  /// Closes the connection after this exchange.
  public void closeAfter() {
    keepAlive = false;
  }

  /// After answers that leave the connection's state in doubt it is closed, as nginx does.
  void closeAfterRefusal(int status) {
    switch (status) {
      case 400, 413, 414, 431, 500, 501, 505 -> closeAfter();
      default -> {
        // the connection may go on
      }
    }
  }

  /// Notes how many bytes the head of the response took, for `$body_bytes_sent`.
  public void headBytes(long bytes) {
    headBytes = bytes;
  }

  /// Bytes of the response that were not its head.
  public long bodyBytesSent() {
    return headSent ? Math.max(0, downstream().bytesSent() - headBytes) : 0;
  }

  /// Called by the wire when the response is out, or the client is gone: runs the log phase once.
  public void end() {
    if (ended) {
      return;
    }
    ended = true;
    Subrequests own = subrequests;
    if (own != null) {
      own.cancel();
    }
    Upstreaming way = upstreaming;
    if (way != null) {
      way.exchangeEnded(this);
    }
    engine.log(this);
  }

  /// A subrequest is given up: nothing more is wanted of it.
  void cancel() {
    ended = true;
    Subrequests own = subrequests;
    if (own != null) {
      own.cancel();
    }
    release();
  }

  /// The way to the upstream, once there is one.
  public @Nullable Upstreaming upstreaming() {
    return upstreaming;
  }

  /// Notes the way to the upstream.
  public void upstreaming(Upstreaming upstreaming) {
    this.upstreaming = upstreaming;
  }

  /// When the first byte of the request came, by {@link System#nanoTime}.
  public long startNanos() {
    return startNanos;
  }

  /// When the first byte of the request came, in milliseconds since the epoch.
  public long startMillis() {
    return startMillis;
  }

  /// True if an `error_page` stands in for this status here.
  public boolean hasErrorPage(int status) {
    return core().errorPages().find(status) != null;
  }

  /// A value kept under a number that {@link Variables#newSlot} gave.
  public @Nullable String stored(int slot) {
    return stored[slot];
  }

  /// Keeps a value under a number that {@link Variables#newSlot} gave.
  public void setStored(int slot, @Nullable String value) {
    stored[slot] = value;
  }

  /// Has the values that `other` has now.
  public void copyStored(Exchange other) {
    stored = other.stored.clone();
  }

  /// What the owner of `slot` keeps about this exchange, or null.
  @SuppressWarnings("unchecked") // a slot holds only what was put through it
  public <T> @Nullable T get(ExchangeSlot<T> slot) {
    return (T) kept[slot.index()];
  }

  /// Keeps something about this exchange.
  public <T> void put(ExchangeSlot<T> slot, @Nullable T value) {
    kept[slot.index()] = value;
  }

  /// Does `work` off the loop while the exchange waits, then `then` on it with the outcome or with
  /// what went wrong. If the exchange is over by then, `otherwise` gets the outcome instead.
  public <T> void offLoop(
      OffLoop.Work<T> work,
      BiConsumer<@Nullable T, @Nullable IOException> then,
      Consumer<T> otherwise) {
    int mine = serial;
    OffLoop.run(
        worker,
        work,
        (outcome, failure) -> {
          if (mine != serial || !isLive()) {
            if (outcome != null) {
              otherwise.accept(outcome);
            }
            return;
          }
          worker.refreshClock();
          engine.guarded(this, () -> then.accept(outcome, failure));
        });
  }

  /// Does `work` on the loop for this exchange, which answers for what it throws.
  public void guarded(Runnable work) {
    engine.guarded(this, work);
  }

  /// Forgets `$1` and so on, as after a regular expression that did not match.
  public void forgetCaptures() {
    captureCount = 0;
  }

  void captured(String subject, Matcher matcher) {
    captureSubject = subject;
    captureCount = matcher.groupCount() + 1;
    if (captures.length < captureCount * 2) {
      captures = new int[captureCount * 2];
    }
    for (int i = 0; i < captureCount; i++) {
      captures[2 * i] = matcher.start(i);
      captures[2 * i + 1] = matcher.end(i);
    }
  }

  /// `$1` and so on: a group of the last regular expression that matched, or null.
  public @Nullable String capture(int group) {
    if (group >= captureCount || captures[2 * group] < 0) {
      return null;
    }
    return captureSubject.substring(captures[2 * group], captures[2 * group + 1]);
  }

  /// A sink to build short texts in; take back what you appended.
  ByteSink textSink() {
    return text;
  }

  /// The client's address as `$remote_addr` has it.
  public String clientAddress() {
    return addressText(remoteAddress());
  }

  static String addressText(SocketAddress address) {
    return address instanceof InetSocketAddress inet && inet.getAddress() != null
        ? ListenAddress.numeric(inet.getAddress())
        : "unix:";
  }

  /// True if a message of this level would be written for this exchange.
  public boolean isLogged(Level level) {
    return errorLog().isEnabled(level);
  }

  private ErrorLog errorLog() {
    ErrorLog log = core().errorLog();
    return generation().isDebugged(downstream().remoteAddress()) ? log.debugging() : log;
  }

  /// Writes to the error log, with nginx's suffix that says whose request it was.
  public void log(Level level, String message) {
    ErrorLog log = errorLog();
    if (log.isEnabled(level)) {
      log.log(level, downstream().connectionNumber(), message + suffix());
    }
  }

  /// Writes what a script of the operator's says to the error log, line feeds and all.
  public void logVerbatim(Level level, String message) {
    ErrorLog log = errorLog();
    if (log.isEnabled(level)) {
      log.logVerbatim(level, downstream().connectionNumber(), message + suffix());
    }
  }

  /// Writes to the error log; the message is made only if the level is written.
  public void log(Level level, Supplier<String> message) {
    if (errorLog().isEnabled(level)) {
      log(level, message.get());
    }
  }

  private String suffix() {
    StringBuilder out = new StringBuilder(128);
    out.append(", client: ").append(clientAddress());
    VirtualServer there = server;
    if (there != null) {
      out.append(", server: ").append(there.name());
    }
    String line = request.requestLine();
    if (!line.isEmpty()) {
      out.append(", request: \"").append(line).append('"');
    }
    if (asSubrequest != null) {
      out.append(", subrequest: \"").append(path).append('"');
    }
    Upstreaming way = upstreaming;
    String target = way == null ? null : way.describe();
    if (target != null) {
      out.append(", upstream: \"").append(target).append('"');
    }
    String host = request.fields().first(FieldName.HOST);
    if (host != null) {
      out.append(", host: \"").append(host).append('"');
    }
    String referer = request.fields().first(FieldName.REFERER);
    if (referer != null) {
      out.append(", referrer: \"").append(referer).append('"');
    }
    return out.toString();
  }
}
