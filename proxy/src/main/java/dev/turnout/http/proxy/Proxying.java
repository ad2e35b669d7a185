package dev.turnout.http.proxy;

import dev.turnout.http.ByteSink;
import dev.turnout.http.Downstream;
import dev.turnout.http.Exchange;
import dev.turnout.http.FieldName;
import dev.turnout.http.Fields;
import dev.turnout.http.HttpDate;
import dev.turnout.http.PeerChooser;
import dev.turnout.http.RequestBody;
import dev.turnout.http.Response;
import dev.turnout.http.ResponseHead;
import dev.turnout.http.ResponseHeaders;
import dev.turnout.http.Status;
import dev.turnout.http.StickyValues;
import dev.turnout.http.Template;
import dev.turnout.http.UriEscape;
import dev.turnout.http.UriPath;
import dev.turnout.log.Level;
import dev.turnout.net.Worker;
import dev.turnout.upstream.BalancingMethod;
import dev.turnout.upstream.Keepalive;
import dev.turnout.upstream.Outcome;
import dev.turnout.upstream.Peer;
import dev.turnout.upstream.PickContext;
import dev.turnout.upstream.QueueLimits;
import dev.turnout.upstream.Tries;
import dev.turnout.upstream.Upstream;
import dev.turnout.upstream.UpstreamQueue;
import dev.turnout.upstream.sticky.Sticky;
import io.netty.buffer.ByteBuf;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// Stop 5 of a request: an exchange on its way through an upstream: attempt after attempt, and what
/// comes back. Confined to the exchange's loop; the objects are reused.
final class Proxying implements Exchange.Upstreaming, PickContext {
  private static final byte[] NO_ADDRESS = new byte[0];

  private final ProxyLoop loop;
  private final Tries tries = new Tries();
  private final ResponseHead responseHead = new ResponseHead();
  private final ResponseFraming framing = new ResponseFraming();
  private final List<Attempt> attempts = new ArrayList<>(2);
  private final StreamedBody streamed = new StreamedBody(this);
  private final PassedHead passed = new PassedHead();

  private @Nullable Exchange exchange;
  private @Nullable ProxySettings settings;
  private ProxyTarget.@Nullable Resolved target;
  private @Nullable UpgradedConnection tunnel;
  private String method = "GET";
  private String requestTarget = "/";
  private String failedStage = "";
  private long startedNanos;
  private boolean streaming;
  private boolean headForwarded;
  private boolean paused;
  private boolean over;
  private boolean noPeer;
  private @Nullable StickyValues sticky;
  private String stickyCookie = "";
  private @Nullable Waiting waiting;
  private long waitedMillis = -1;
  private @Nullable Proxying before;
  private byte @Nullable [] ownBody;
  private @Nullable PeerChooser chooser;
  private @Nullable Upstream chosen;
  private int chosenTries;
  private int lastStatus;
  private boolean lastNeutral;
  private long connectMillis;
  private long sendMillis;
  private long readMillis;
  private @Nullable StoredCopy copy;

  Proxying(ProxyLoop loop) {
    this.loop = loop;
  }

  /// Begins for an exchange that has come to a proxied location.
  void begin(
      Exchange exchange, ProxySettings settings, ProxyTarget.Resolved target, String locationName) {
    enter(exchange, settings);
    proceed(target, locationName);
  }

  /// Begins for an exchange that has come to a proxied location, where a name is to be resolved
  /// before it can go on.
  void begin(
      Exchange exchange, ProxySettings settings, ProxyTarget.Unresolved target, String location) {
    enter(exchange, settings);
    long mine = exchange.begun();
    target
        .by()
        .resolve(
            worker(),
            target,
            (upstream, trouble) -> {
              if (this.exchange != exchange || exchange.begun() != mine || over) {
                return; // the client is gone
              }
              worker().refreshClock();
              exchange.guarded(() -> {
                if (upstream != null) {
                  proceed(target.resolved(upstream), location);
                } else {
                  exchange.log(
                      Level.ERROR, target.name() + " could not be resolved (" + trouble + ")");
                  finish(502);
                }
              });
            });
  }

  private void enter(Exchange exchange, ProxySettings settings) {
    this.exchange = exchange;
    this.settings = settings;
    streaming = false;
    headForwarded = false;
    paused = false;
    over = false;
    chooser = null;
    chosen = null;
    lastStatus = 0;
    connectMillis = 0;
    sendMillis = 0;
    readMillis = 0;
    before = exchange.upstreaming() instanceof Proxying earlier ? earlier : null;
    exchange.upstreaming(this);
  }

  private void proceed(ProxyTarget.Resolved to, String locationName) {
    Exchange exchange = exchange();
    ProxySettings settings = settings();
    target = to;
    startedNanos = loop.worker().nowNanos();
    String changed = settings.method() == null ? "" : settings.method().evaluate(exchange);
    method = changed.isEmpty() ? exchange.method() : changed;
    requestTarget = ProxyTarget.requestTarget(exchange, to, locationName);
    Upstream upstream = to.upstream();
    Sticky bound = upstream.current().spec().options().sticky();
    sticky = bound == null ? null : exchange.generation().sticky(bound);
    chooser = exchange.generation().chooser(upstream.name());
    if (chooser != null) {
      chosenTries = upstream.triesLeft(this);
    }
    RequestBody body = exchange.body();
    Template own = settings.options().body();
    ownBody = null;
    if (own != null) {
      if (body.isPresent() && !body.isPassedOn()) {
        body.read(() -> next(own)); // it may speak of the client's
      } else {
        next(own);
      }
    } else if (settings.passRequestBody() && body.isPassedOn()) {
      exchange.log(Level.ERROR, "the request body has been passed on already and is gone");
      finish(502);
    } else if (!settings.passRequestBody() || !body.isPresent()) {
      next();
    } else if (settings.requestBuffering() || body.isComplete()) {
      body.read(this::next);
    } else if (!body.readAtHand(this::next)) {
      streaming = true;
      streamed.begin(exchange.request().chunked());
      next();
    }
  }

  // ---- attempts

  private void next(Template body) {
    ownBody = body.evaluate(exchange()).getBytes(StandardCharsets.ISO_8859_1);
    next();
  }

  private void next() {
    Exchange present = exchange();
    if (over || !present.isLive()) {
      return;
    }
    if (chooser != null && !choose(chooser)) {
      return;
    }
    Upstream upstream = upstream();
    Peer peer =
        attempts.isEmpty() || chosen != null ? upstream.pick(this) : upstream.pickAhead(this);
    if (peer != null) {
      attempt(peer);
    } else if (!waits(upstream)) {
      noPeer("no live upstreams while connecting to upstream");
    }
  }

  /// The upstream that attempts are made at: the target's, or what a script has chosen.
  private Upstream upstream() {
    Upstream instead = chosen;
    return instead == null ? target().upstream() : instead;
  }

  /// Asks what chooses the servers of this upstream; false if the request is answered.
  private boolean choose(PeerChooser by) {
    chosen = null;
    PeerChooser.Choice choice =
        by.choose(
            exchange(),
            new PeerChooser.Situation(
                attempts.size(),
                chosenTries,
                settings().retries().tries(),
                lastStatus,
                lastNeutral));
    if (choice.status() != 0) {
      finish(choice.status());
      return false;
    }
    chosenTries += choice.moreTries();
    connectMillis = choice.connectMillis();
    sendMillis = choice.sendMillis();
    readMillis = choice.readMillis();
    Upstream server = choice.server();
    if (server != null) {
      tries.reset(); // it may be the same server again
      chosen = server;
    }
    return true;
  }

  /// How many attempts there may still be.
  private int triesLeft(Upstream upstream) {
    return chooser == null ? upstream.triesLeft(this) : chosenTries - 1;
  }

  long connectTimeout() {
    return connectMillis > 0 ? connectMillis : settings().connectTimeout();
  }

  long sendTimeout() {
    return sendMillis > 0 ? sendMillis : settings().sendTimeout();
  }

  long readTimeout() {
    return readMillis > 0 ? readMillis : settings().readTimeout();
  }

  private void noPeer(String why) {
    noPeer = true; // the line names the upstream, none of its servers
    exchange().log(Level.ERROR, why);
    finish(502);
  }

  private void attempt(Peer peer) {
    responseHead.reset();
    Attempt attempt = new Attempt(this, peer, worker().nowNanos());
    attempts.add(attempt);
    if (sticky != null) {
      stickyCookie = sticky.cookie(exchange(), peer.route());
    }
    if (waitedMillis >= 0) {
      attempt.queuedFor(waitedMillis);
      waitedMillis = -1;
    }
    attempt.start();
  }

  // ---- waiting for a peer

  /// Takes a place in the upstream's queue, if it has one.
  ///
  /// A request that has been at a server does not wait: it could only use some of the servers that
  /// come free, and would keep those behind it from the others.
  private boolean waits(Upstream upstream) {
    UpstreamQueue queue = upstream.queue();
    QueueLimits limits = upstream.current().spec().options().queue();
    if (queue == null || limits == null || !attempts.isEmpty()) {
      return false;
    }
    Waiting begun = new Waiting(this, upstream);
    if (!begun.begin(queue, limits.size(), limits.timeoutMillis())) {
      exchange().log(Level.ERROR, "upstream queue is full while connecting to upstream");
      return false;
    }
    waiting = begun;
    return true;
  }

  /// It is this request's turn to look for a server; true if it need not wait any longer.
  boolean goesOn() {
    try {
      Peer peer = upstream().pickAfterWaiting(this);
      if (peer == null) {
        return false;
      }
      stopWaiting();
      attempt(peer);
    } catch (RuntimeException bug) {
      stopWaiting(); // nobody else has the turn before this request gives it up
      bug(bug);
    }
    return true;
  }

  void waitedTooLong() {
    stopWaiting();
    try {
      noPeer("upstream queue timed out (110: Connection timed out) while connecting to upstream");
    } catch (RuntimeException bug) {
      bug(bug);
    }
  }

  private void stopWaiting() {
    Waiting present = waiting;
    if (present != null) {
      waiting = null;
      waitedMillis = present.millis();
      present.end();
    }
  }

  /// An attempt failed: another peer, or the end.
  void failed(Attempt attempt, Failure failure, String stage, boolean sent) {
    Exchange present = exchange();
    // A server may close an idle connection at any time: that a request met it says nothing.
    boolean stale = attempt.wasStale() && failure instanceof Failure.ConnectionFailed;
    boolean neutral =
        stale
            || (failure instanceof Failure.ListedStatus(int status)
                && (status == 403 || status == 404));
    Outcome outcome = neutral ? Outcome.NEUTRAL : Outcome.FAILURE;
    failedStage = stage;
    tell(failure, stage);
    Upstream upstream = upstream();
    upstream.released(this, attempt.peer(), outcome);
    if (stale) {
      upstream.grantOneMore(this);
    }
    if (over) {
      return;
    }
    RetryPolicy.Situation situation =
        new RetryPolicy.Situation(
            failure,
            sent,
            isRepeatable(),
            !streaming || !present.body().isPresent(),
            attempts.size(),
            triesLeft(upstream),
            (worker().nowNanos() - startedNanos) / 1_000_000);
    chosenTries--;
    lastStatus = failure.status();
    lastNeutral = neutral;
    if (settings().retries().allows(situation)) {
      next();
    } else {
      finish(failure.status());
    }
  }

  private boolean isRepeatable() {
    return !method.equals("POST") && !method.equals("LOCK") && !method.equals("PATCH");
  }

  private void tell(Failure failure, String stage) {
    String what =
        switch (failure) {
          case Failure.ConnectionFailed(String message, _) -> message;
          case Failure.TimedOut(String message) -> message;
          case Failure.InvalidResponse(String reason) -> reason;
          case Failure.NoLivePeers _ -> "no live upstreams";
          case Failure.ListedStatus _ -> "";
        };
    if (!what.isEmpty()) {
      exchange()
          .log(
              failure instanceof Failure.ConnectionFailed(_, boolean critical) && critical
                  ? Level.CRIT
                  : Level.ERROR,
              what.contains(" while ") ? what : what + " while " + stage);
    }
  }

  /// True if an answer with this status is not passed on while there is another peer to try.
  boolean retriesOn(int status) {
    RetryPolicy retries = settings().retries();
    if (!retries.lists(status)) {
      return false;
    }
    // the attempt under way still counts among those left
    return retries.allows(
        new RetryPolicy.Situation(
            new Failure.ListedStatus(status),
            true,
            isRepeatable(),
            !streaming || !exchange().body().isPresent(),
            attempts.size(),
            triesLeft(upstream()) - 1,
            (worker().nowNanos() - startedNanos) / 1_000_000));
  }

  /// Answers with an error of ours.
  private void finish(int status) {
    over = true;
    exchange().finish(status);
  }

  /// Adds what brings the client back to the peer that was asked last, in each upstream on the way.
  void addStickyCookies(ResponseHeaders headers) {
    if (before != null) {
      before.addStickyCookies(headers);
    }
    if (!stickyCookie.isEmpty()) {
      headers.add("Set-Cookie", stickyCookie);
    }
  }

  void bug(RuntimeException bug) {
    over = true;
    Exchange present = exchange();
    present.engine().failed(present, bug);
  }

  // ---- the request

  /// Composes the head of the request; true if it asks for an upgrade.
  boolean composeHead(ByteSink out) {
    Exchange present = exchange();
    long length = 0;
    byte[] own = ownBody;
    if (own != null) {
      length = own.length;
    } else if (settings().passRequestBody()) {
      if (streaming) {
        length = streamed.isChunked() ? -1 : Math.max(0, present.request().contentLength());
      } else {
        length = present.body().length();
      }
    }
    return settings()
        .headers()
        .compose(present, out, method, requestTarget, target().host(), length);
  }

  /// The body that goes to the upstream in place of the client's, or null.
  byte @Nullable [] ownBody() {
    return ownBody;
  }

  /// True if the body goes on while it comes.
  boolean streamsBody() {
    return streaming;
  }

  /// Lets the body flow to this attempt.
  void streamBody(Attempt attempt) {
    assert attempt == current();
    exchange().body().stream(streamed);
  }

  /// The rest of the client's body will not come: the attempt ends, and the client is told `status`
  /// unless that is 0.
  void bodyFailed(int status) {
    if (over) {
      return;
    }
    abandon();
    if (status != 0) {
      finish(status);
    }
  }

  /// The upstream takes more of the request's body, or not.
  void upstreamWritable(boolean writable) {
    if (streaming && !over) {
      exchange().downstream().pauseBody(!writable);
    }
  }

  // ---- the response

  ResponseHead responseHead() {
    return responseHead;
  }

  ResponseFraming framing() {
    return framing;
  }

  /// An informational response: early hints (RFC 8297) may be wanted by the client; others end
  /// here, as in nginx.
  void informational(ResponseHead head) {
    Exchange present = exchange();
    if (head.status() != 103
        || present.isSubrequest()
        || present.request().version() < 11
        || !Template.isAnyTrue(present.core().earlyHints(), present)) {
      return;
    }
    present.downstream().writeInformational(present, 103, PassedHead.hints(settings(), head));
  }

  /// Passes the head on; false if the client is answered in another way.
  boolean forwardHead(ResponseHead head, boolean complete) {
    Exchange present = exchange();
    ProxySettings settings = settings();
    int status = head.status();
    passed.begin(present, settings, head);
    if (PassedHead.redirectsInternally(settings, head)
        || (settings.interceptErrors() && status >= 300 && present.hasErrorPage(status))) {
      return false;
    }
    answering();
    passed.pass(present, settings, head, method);
    if (!present.sendHead(complete)) {
      return false;
    }
    headForwarded = true;
    StoreModule.Store store = settings.options().store();
    if (store != null && status == 200 && !method.equals("HEAD")) {
      copy = storing(present, store, head.fields());
    }
    return true;
  }

  private @Nullable StoredCopy storing(Exchange present, StoreModule.Store store, Fields fields) {
    Path target = store.target(present);
    if (target == null) {
      return null;
    }
    String dated = fields.first(FieldName.LAST_MODIFIED);
    long modified = dated == null ? -1 : HttpDate.parse(dated);
    FileTime time = modified < 0 ? null : FileTime.from(modified, TimeUnit.SECONDS);
    long mine = present.begun();
    return new StoredCopy(
        worker(),
        new StoredCopy.Place(store.temporary(), target, time, store.access()),
        () -> {
          if (exchange == present && present.begun() == mine) {
            diskCaughtUp();
          }
        },
        what -> {
          if (exchange == present && present.begun() == mine && present.isLive()) {
            present.log(Level.CRIT, what);
          }
        });
  }

  private void diskCaughtUp() {
    Attempt attempt = current();
    if (attempt != null && !paused) {
      attempt.clientWritable(true);
    }
  }

  /// The upstream's answer is replaced: by an error page, or by `X-Accel-Redirect`.
  void answeredOtherwise() {
    Exchange present = exchange();
    Attempt last = current();
    if (last != null) {
      upstream().released(this, last.peer(), Outcome.SUCCESS);
    }
    String redirect =
        PassedHead.redirectsInternally(settings(), responseHead)
            ? responseHead.fields().first(FieldName.X_ACCEL_REDIRECT)
            : null;
    if (redirect != null) {
      answering();
    }
    int refusal = present.response().refusal();
    int status = refusal != 0 ? refusal : responseHead.status();
    over = true;
    if (redirect == null) {
      String range = refusal == 0 ? null : present.response().headers().first("Content-Range");
      present.response().reset();
      if (range != null) {
        present.response().headers().add("Content-Range", range);
      }
      if (status == 401) {
        PassedHead.passChallenges(present.response(), responseHead.fields());
      }
      present.finish(status);
      return;
    }
    redirectInternally(present, redirect);
  }

  /// True if a target, decoded or not, goes up in the tree or has a NUL.
  private static boolean isUnsafe(String target) {
    int question = target.indexOf('?');
    String path = question < 0 ? target : target.substring(0, question);
    String decoded = UriEscape.unescape(path);
    return path.isEmpty() || goesUp(path) || goesUp(decoded) || decoded.indexOf('\0') >= 0;
  }

  private static boolean goesUp(String path) {
    return ("/" + path + "/").contains("/../");
  }

  private void redirectInternally(Exchange present, String target) {
    Response response = present.response();
    response.reset();
    PassedHead.keepForRedirect(response, settings(), responseHead.fields());
    if (!present.isHead()) {
      present.method("GET");
    }
    if (target.startsWith("@")) {
      present.redirectInternally(target, null);
      return;
    }
    UriPath uri = isUnsafe(target) ? null : UriPath.of(target, false);
    if (uri == null) {
      present.log(
          Level.ERROR,
          "unsafe URI \"" + target + "\" was detected while reading response header from upstream");
      present.finish(404);
    } else {
      present.redirectInternally(uri.path(), uri.args());
    }
  }

  /// Takes a part of the body and passes it on.
  void forwardBody(ByteBuf part, boolean last) {
    Exchange present = exchange;
    if (present == null || over) {
      part.release();
      return;
    }
    StoredCopy stored = copy;
    if (stored != null) {
      stored.add(part.retainedDuplicate());
    }
    Downstream client = present.downstream();
    client.writeBody(present, part, last);
    if (!client.isWritable() && !last) {
      pauseForClient();
    } else if (stored != null && stored.isBehind() && !last) {
      Attempt attempt = current();
      if (attempt != null) {
        attempt.clientWritable(false);
      }
    }
  }

  private void pauseForClient() {
    if (!paused) {
      paused = true;
      Attempt attempt = current();
      if (attempt != null) {
        attempt.clientWritable(false);
      }
      flushToClient();
    }
  }

  boolean pausedForClient() {
    return paused || (copy != null && copy.isBehind());
  }

  /// The body has ended without a last part.
  void endBody() {
    Exchange present = exchange;
    if (present != null && !over) {
      if (settings().options().passTrailers()) {
        PassedHead.passTrailers(present.response(), framing.trailers());
      }
      present.downstream().writeEnd(present);
    }
  }

  void flushToClient() {
    Exchange present = exchange;
    if (present != null && !over) {
      present.downstream().flush();
    }
  }

  /// The response is with the client's side, whole: the last flush may end the exchange.
  void answered(Attempt attempt) {
    Exchange present = exchange();
    upstream().released(this, attempt.peer(), Outcome.SUCCESS);
    over = true;
    StoredCopy stored = copy;
    if (stored == null) {
      present.downstream().flush();
      return;
    }
    long mine = present.begun();
    stored.complete(() -> {
      if (exchange == present && present.begun() == mine && present.isLive()) {
        worker().refreshClock();
        present.guarded(() -> present.downstream().flush()); // it is over when it is stored
      }
    });
  }

  /// The response broke off: so does the client's.
  void cut(Attempt attempt) {
    Exchange present = exchange();
    upstream().released(this, attempt.peer(), Outcome.SUCCESS); // it had answered
    over = true;
    present.downstream().flush();
    if (present.isLive()) {
      present.downstream().breakOff(present);
    }
  }

  // ---- the client

  @Override
  public void clientChanged(Exchange present, boolean gone, boolean writable) {
    if (over || present != exchange) {
      return;
    }
    if (!gone) {
      if (writable && paused) {
        paused = false;
        Attempt attempt = current();
        if (attempt != null && (copy == null || !copy.isBehind())) {
          attempt.clientWritable(true);
        }
      }
      return;
    }
    if (outlivesClient()) {
      return;
    }
    present.log(
        Level.INFO,
        current() == null
            ? "client prematurely closed connection"
            : "client prematurely closed connection, so upstream connection is closed too");
    abandon();
    over = true;
    if (!headForwarded) {
      present.response().status(Status.CLIENT_CLOSED);
    }
    if (present.isLive()) {
      present.downstream().abort(present);
    }
  }

  /// With `proxy_ignore_client_abort`, until the upstream has answered.
  @Override
  public boolean outlivesClient() {
    Exchange present = exchange;
    return !over
        && !headForwarded
        && present != null
        && settings().ignoreClientAbort()
        && (!present.body().isPresent() || present.body().isComplete());
  }

  private void abandon() {
    streamed.release();
    Attempt attempt = current();
    if (attempt != null && !attempt.isOver()) {
      attempt.abandon();
      upstream().abandoned(this, attempt.peer());
    }
    stopWaiting();
  }

  private void answering() {
    Attempt attempt = current();
    if (attempt != null) {
      upstream().answering(this, attempt.peer());
    }
  }

  // ---- tunnels

  /// True if the client asked to go over to another protocol on this connection.
  boolean clientAskedForUpgrade() {
    return !exchange().isSubrequest() && exchange().request().hasUpgrade();
  }

  /// Goes over to the protocol that both sides agreed on.
  void openTunnel(ResponseHead head, Attempt attempt, UpstreamConnection upstream) {
    Exchange present = exchange();
    PassedHead.upgraded(present.response(), settings(), head);
    UpgradedConnection through = new UpgradedConnection(this, attempt, upstream);
    tunnel = through;
    headForwarded = true;
    answering();
    boolean _ = present.sendHead(true);
    present.downstream().becomeTunnel(present, through);
  }

  /// The connection as it is used since.
  UpgradedConnection tunnel() {
    UpgradedConnection through = tunnel;
    if (through == null) {
      throw new IllegalStateException("nothing was upgraded");
    }
    return through;
  }

  /// One side has ended it.
  void tunnelEnded(Attempt attempt, boolean flushed) {
    over = true;
    attempt.closeTunnel(flushed);
    upstream().released(this, attempt.peer(), Outcome.SUCCESS);
  }

  // ---- connections

  @Nullable UpstreamConnection takeIdle(Peer peer) {
    return loop.takeIdle(upstream(), peer);
  }

  void release(UpstreamConnection connection, boolean reusable) {
    Upstream upstream = upstream();
    Keepalive limits = upstream.current().spec().keepalive();
    if (reusable
        && limits.connections() > 0
        && upstream.current().indexOf(connection.peer()) >= 0) {
      connection.keep(loop.pool(upstream), limits);
    } else {
      connection.close();
    }
  }

  // ---- what picking a peer may know

  @Override
  public long nowMillis() {
    return worker().monotonicMillis();
  }

  @Override
  public byte[] clientAddress() {
    return exchange().remoteAddress() instanceof InetSocketAddress inet && inet.getAddress() != null
        ? inet.getAddress().getAddress()
        : NO_ADDRESS;
  }

  @Override
  public String hashKey() {
    Exchange present = exchange();
    return upstream().current().spec().method() instanceof BalancingMethod.Hash hash
        ? present.generation().hashKey(hash.key()).evaluate(present)
        : "";
  }

  @Override
  public String stickyKey() {
    return sticky == null ? "" : sticky.key(exchange());
  }

  @Override
  public String stickySession() {
    return sticky == null ? "" : sticky.session(exchange());
  }

  @Override
  public long headerMillis() {
    Attempt attempt = current();
    return attempt == null ? -1 : attempt.headMillis();
  }

  @Override
  public long responseMillis() {
    Attempt attempt = current();
    return attempt == null ? -1 : attempt.elapsedMillis();
  }

  @Override
  public RandomGenerator random() {
    SplittableRandom random = loop.random();
    return random;
  }

  @Override
  public Tries tries() {
    return tries;
  }

  @Override
  public void temporarilyDisabled(Peer peer) {
    exchange().log(Level.WARN, "upstream server temporarily disabled while " + failedStage);
  }

  // ---- the exchange

  @Override
  public void exchangeEnded(Exchange present) {
    // kept until the log phase is over; given back with the exchange
  }

  /// Lets go of everything.
  @Override
  public void release() {
    Proxying earlier = before;
    if (earlier != null) {
      before = null;
      earlier.release();
    }
    abandon();
    exchange = null;
    settings = null;
    target = null;
    tunnel = null;
    ownBody = null;
    StoredCopy stored = copy;
    if (stored != null) {
      copy = null;
      stored.abandon(); // unless it is complete
    }
    attempts.clear();
    tries.reset();
    responseHead.reset();
    noPeer = false;
    sticky = null;
    stickyCookie = "";
    waitedMillis = -1;
    loop.giveBack(this);
  }

  @Override
  public @Nullable String describe() {
    ProxyTarget.Resolved to = target;
    Attempt attempt = current();
    if (to == null) {
      return null;
    }
    String address =
        attempt == null || noPeer ? to.upstream().name() : attempt.peer().address().text();
    String separator = address.startsWith("unix:") ? ":" : "";
    return "http://" + address + separator + requestTarget;
  }

  /// The way through another upstream that came before an internal redirect.
  @Nullable Proxying before() {
    return before;
  }

  List<Attempt> attempts() {
    return attempts;
  }

  /// How long the request waited for a peer that it did not get; -1 if it did not wait.
  long waitedMillis() {
    return waitedMillis;
  }

  boolean hasNoPeer() {
    return noPeer;
  }

  String upstreamName() {
    return target().upstream().name();
  }

  ProxyTarget.Resolved target() {
    ProxyTarget.Resolved to = target;
    if (to == null) {
      throw new IllegalStateException("nothing is proxied");
    }
    return to;
  }

  ProxySettings settings() {
    ProxySettings present = settings;
    if (present == null) {
      throw new IllegalStateException("nothing is proxied");
    }
    return present;
  }

  Exchange exchange() {
    Exchange present = exchange;
    if (present == null) {
      throw new IllegalStateException("nothing is proxied");
    }
    return present;
  }

  ProxyLoop loop() {
    return loop;
  }

  Worker worker() {
    return loop.worker();
  }

  String method() {
    return method;
  }

  /// The attempt that is under way, while the request has no end; null: none.
  @Nullable Attempt receiver() {
    return over ? null : current();
  }

  private @Nullable Attempt current() {
    return attempts.isEmpty() ? null : attempts.getLast();
  }
}
