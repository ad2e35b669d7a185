package dev.turnout.http.proxy;

import dev.turnout.http.ByteSink;
import dev.turnout.http.RequestBody;
import dev.turnout.http.ResponseHead;
import dev.turnout.http.TemplateSize;
import dev.turnout.http.h1.ResponseParser;
import dev.turnout.log.Errno;
import dev.turnout.log.Level;
import dev.turnout.net.Worker;
import dev.turnout.upstream.Peer;
import dev.turnout.upstream.PeerAddress;
import dev.turnout.upstream.PeerStats;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.DefaultFileRegion;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.FileChannel;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Stop 7 of a request: one try at one peer. Lives on the exchange's loop and ends exactly once:
/// with a {@link Failure}, or with the last byte of the response.
final class Attempt {
  private static final int INTERIM_LIMIT = 16;
  private static final long SECOND = 1_000_000_000L;
  private static final long MILLISECOND = 1_000_000;
  private static final int SMALL_READ = 4096;

  /// EAGAIN, ENETDOWN, ENETUNREACH, ECONNRESET, ECONNREFUSED, EHOSTDOWN, EHOSTUNREACH.
  private static final Pattern USUAL_TROUBLE = Pattern.compile("(11|100|101|104|111|112|113): ");

  private static final WriteBufferWaterMark WATER_MARK =
      new WriteBufferWaterMark(64 * 1024, 256 * 1024);

  /// Grows with large bodies, where few large reads cost much less than many; is never smaller than
  /// a usual response, since a read that fills its buffer costs another one.
  private static final AdaptiveRecvByteBufAllocator READS =
      new AdaptiveRecvByteBufAllocator(2048, 4096, 512 * 1024);

  /// Where it is limited how much is read in a second.
  private static final FixedRecvByteBufAllocator SMALL_READS =
      new FixedRecvByteBufAllocator(SMALL_READ);

  private final Proxying proxying;
  private final Peer peer;
  private final long startedNanos;
  private @Nullable UpstreamConnection connection;
  private boolean pooled;
  private Stage stage = Stage.CONNECTING;
  private boolean upgrading;
  private boolean bodySent;
  private boolean excess;
  private long sentBefore;
  private long unsentBefore;
  private int interim;
  private int status;
  private long queuedMillis = -1;
  private long connectMillis = -1;
  private long headNanos = -1;
  private long endMillis = -1;
  private long bytesSent;
  private long bytesReceived;
  private long bytesWithHead;
  private long responseLength;
  private long rate;
  private boolean clientFull;
  private @Nullable Future<?> rateTimer;

  private enum Stage {
    CONNECTING("connecting to upstream"),
    SENDING("sending request to upstream"),
    HEAD("reading response header from upstream"),
    BODY("reading upstream"),
    TUNNEL("proxying upgraded connection"),
    OVER("done");

    private final String words;

    Stage(String words) {
      this.words = words;
    }
  }

  Attempt(Proxying proxying, Peer peer, long nowNanos) {
    this.proxying = proxying;
    this.peer = peer;
    this.startedNanos = nowNanos;
  }

  long startedNanos() {
    return startedNanos;
  }

  // ---- connecting and sending

  /// Begins: on an idle connection, or a new one.
  void start() {
    UpstreamConnection idle = proxying.takeIdle(peer);
    if (idle != null) {
      pooled = true;
      connection = idle;
      idle.serve(this, peer, proxying.settings().bufferSize());
      connectMillis = 0;
      send(idle);
    } else {
      connect();
    }
  }

  private void connect() {
    Worker worker = proxying.worker();
    if (proxying.exchange().isLogged(Level.DEBUG)) {
      proxying.exchange().log(Level.DEBUG, "connect to " + peer.address().text());
    }
    SocketAddress address =
        switch (peer.address()) {
          case PeerAddress.Inet inet -> inet.socket();
          case PeerAddress.Unix(String path) -> worker.transport().unixAddress(path);
          case PeerAddress.Unresolved name -> throw new IllegalStateException(name + " is no peer");
        };
    Channel channel = worker.transport().clientChannels(address).newChannel();
    if (!(peer.address() instanceof PeerAddress.Unix)) {
      channel.config().setOption(ChannelOption.TCP_NODELAY, true);
      if (proxying.settings().socketKeepalive()) {
        channel.config().setOption(ChannelOption.SO_KEEPALIVE, true);
      }
    }
    // Our own deadline ends it.
    channel.config().setConnectTimeoutMillis(0);
    // A server that answers early and closes breaks the sending of the rest, not the answer.
    channel.config().setAutoClose(false);
    channel.config().setWriteBufferWaterMark(WATER_MARK);
    boolean limited = !proxying.settings().options().limitRate().isEmpty();
    channel.config().setRecvByteBufAllocator(limited ? SMALL_READS : READS);
    UpstreamConnection fresh = new UpstreamConnection(worker, channel, peer);
    connection = fresh;
    fresh.serve(this, peer, proxying.settings().bufferSize());
    channel.pipeline().addLast(fresh);
    proxying.loop().opened(fresh);
    fresh.deadline().set(worker.nowNanos(), proxying.connectTimeout());
    worker.loop().register(channel);
    ProxyOptions options = proxying.settings().options();
    if (options.receiveBuffer() > 0) {
      channel.config().setOption(ChannelOption.SO_RCVBUF, options.receiveBuffer());
    }
    if (options.sendBuffer() > 0) {
      channel.config().setOption(ChannelOption.SO_SNDBUF, options.sendBuffer());
    }
    SocketAddress local =
        peer.address() instanceof PeerAddress.Unix
            ? null
            : options.localAddress(proxying.exchange());
    (local == null ? channel.connect(address) : channel.connect(address, local))
        .addListener((ChannelFuture connected) -> connected(fresh, connected.cause()));
  }

  private void connected(UpstreamConnection fresh, @Nullable Throwable cause) {
    Worker worker = proxying.worker();
    worker.refreshClock();
    if (stage != Stage.CONNECTING) {
      fresh.close();
      return;
    }
    if (cause != null) {
      fail(refused(cause));
      return;
    }
    connectMillis = elapsed();
    send(fresh);
  }

  /// nginx's form of an operating system error: `111: Connection refused`.
  private static String systemError(Throwable cause) {
    return Errno.describe(
        cause instanceof IOException io ? io : new IOException(cause.getMessage()));
  }

  /// The system refuses some connections at once: nginx then names the address, and finds most of
  /// these errors worse than what may happen to any connection.
  private Failure.ConnectionFailed refused(Throwable cause) {
    String error = systemError(cause);
    if (!String.valueOf(cause.getMessage()).startsWith("connect(")) {
      return new Failure.ConnectionFailed("connect() failed (" + error + ")");
    }
    boolean usual = USUAL_TROUBLE.matcher(error).lookingAt();
    return new Failure.ConnectionFailed(
        "connect() to " + peer.address().text() + " failed (" + error + ")", !usual);
  }

  private void send(UpstreamConnection to) {
    stage = Stage.SENDING;
    to.deadline().clear();
    ByteSink head = proxying.loop().sink();
    upgrading = proxying.composeHead(head);
    Channel channel = to.channel();
    ByteBuf buffer = channel.alloc().directBuffer(head.length());
    buffer.writeBytes(head.bytes(), 0, head.length());
    bytesSent += head.length();
    to.write(buffer);
    if (proxying.streamsBody()) {
      proxying.streamBody(this); // what has come already goes with the head
      if (connection == to) {
        flushParts();
      }
      return;
    }
    byte[] own = proxying.ownBody();
    if (own != null) {
      bytesSent += own.length;
      to.write(Unpooled.wrappedBuffer(own));
    } else if (proxying.settings().passRequestBody()) {
      writeBody(channel, proxying.exchange().body());
    }
    to.flush();
    allGiven(to);
  }

  /// All of the request is with the channel: once it is sent, the answer is waited for.
  private void allGiven(UpstreamConnection to) {
    bodySent = true;
    if (stage != Stage.SENDING) {
      return;
    }
    if (to.unsent() == 0) {
      awaitHead(to);
      return;
    }
    to.channel()
        .writeAndFlush(Unpooled.EMPTY_BUFFER)
        .addListener(_ -> {
          if (connection == to && stage == Stage.SENDING) {
            proxying.worker().refreshClock();
            awaitHead(to);
          }
        });
    watchSending(to);
  }

  private void awaitHead(UpstreamConnection to) {
    stage = Stage.HEAD;
    to.deadline().set(proxying.worker().nowNanos(), proxying.readTimeout());
  }

  /// While something of the request waits for the socket, the upstream has `proxy_send_timeout` to
  /// take some of it; while the client sends nothing, there is nothing to time.
  private void watchSending(UpstreamConnection to) {
    if (stage != Stage.SENDING) {
      return;
    }
    long unsent = to.unsent();
    if (unsent == 0) {
      to.deadline().clear();
    } else if (!to.deadline().isSet() || bytesSent != sentBefore || unsent != unsentBefore) {
      sentBefore = bytesSent;
      unsentBefore = unsent;
      to.deadline().set(proxying.worker().nowNanos(), proxying.sendTimeout());
    }
  }

  private void writeBody(Channel channel, RequestBody body) {
    FileChannel file = body.file();
    if (file != null) {
      // retained once more than it is released: the file stays open for another attempt
      channel.write(new DefaultFileRegion(file, 0, body.length()).retain(), channel.voidPromise());
      bytesSent += body.length();
      return;
    }
    if (body.length() == 0) {
      return;
    }
    for (ByteBuf part : body.parts()) {
      bytesSent += part.readableBytes();
      channel.write(part.retainedDuplicate(), channel.voidPromise());
    }
  }

  /// Takes a part of a body that is streamed, framed as it is to be.
  void sendPart(ByteBuf part) {
    UpstreamConnection to = connection;
    if (to == null || stage == Stage.OVER) {
      part.release();
      return;
    }
    bytesSent += part.readableBytes();
    to.channel().write(part, to.channel().voidPromise());
  }

  /// Sends the parts that were taken.
  void flushParts() {
    UpstreamConnection to = connection;
    if (to != null && stage != Stage.OVER) {
      to.flush();
      watchSending(to);
    }
  }

  /// So many bytes of the client went into the tunnel.
  void tunnelled(int bytes) {
    bytesSent += bytes;
  }

  /// True while no more of a streamed body should be read.
  boolean isCongested() {
    UpstreamConnection to = connection;
    return to != null && !to.channel().isWritable();
  }

  /// All of a streamed body has been given.
  void bodyEnded() {
    UpstreamConnection to = connection;
    if (to != null) {
      allGiven(to);
    }
  }

  void upstreamWritable(boolean writable) {
    if (stage == Stage.TUNNEL) {
      proxying.tunnel().upstreamWritable(writable);
      return;
    }
    proxying.upstreamWritable(writable);
  }

  // ---- receiving

  /// Takes bytes that the upstream sent.
  void received(ByteBuf in) {
    bytesReceived += in.readableBytes();
    switch (stage) {
      case CONNECTING, OVER -> in.release();
      case SENDING, HEAD -> head(in);
      case BODY -> body(in);
      case TUNNEL -> proxying.tunnel().fromUpstream(in);
    }
  }

  private void head(ByteBuf in) {
    UpstreamConnection from = connection();
    ResponseHead head = proxying.responseHead();
    ResponseParser parser = from.parser();
    while (true) {
      int end = parser.parse(head, in);
      if (end == ResponseParser.NEED_MORE) {
        in.release();
        if (stage == Stage.HEAD) {
          from.deadline().set(proxying.worker().nowNanos(), proxying.readTimeout());
        }
        return;
      }
      if (end == ResponseParser.INVALID) {
        in.release();
        fail(new Failure.InvalidResponse(parser.reason()));
        return;
      }
      if (!head.interim()) {
        break;
      }
      if (head.status() == 101) {
        switchProtocols(in, head);
        return;
      }
      if (++interim > INTERIM_LIMIT) {
        in.release();
        fail(new Failure.InvalidResponse("upstream sent too many informational responses"));
        return;
      }
      proxying.informational(head);
      head.reset();
      parser.reset();
    }
    if (parser.warning() != null) {
      proxying
          .exchange()
          .log(Level.WARN, parser.warning() + " while reading response header from upstream");
    }
    headNanos = elapsedNanos();
    status = head.status();
    stats().responded(status);
    if (proxying.retriesOn(status)) {
      in.release();
      fail(new Failure.ListedStatus(status));
      return;
    }
    stage = Stage.BODY;
    proxying.framing().begin(head, proxying.method());
    boolean complete = proxying.framing().isComplete() && !in.isReadable();
    if (!proxying.forwardHead(head, complete)) {
      in.release();
      stats().took(headNanos, elapsedNanos());
      end(true);
      proxying.answeredOtherwise();
      return;
    }
    if (complete) {
      in.release();
      finished();
      return;
    }
    rate = TemplateSize.evaluate(proxying.settings().options().limitRate(), proxying.exchange());
    bytesWithHead = bytesReceived;
    body(in);
  }

  private void switchProtocols(ByteBuf in, ResponseHead head) {
    if (!upgrading || !proxying.clientAskedForUpgrade()) {
      in.release();
      fail(new Failure.InvalidResponse("upstream sent unexpected 101 response"));
      return;
    }
    headNanos = elapsedNanos();
    status = 101;
    stats().responded(101);
    stage = Stage.TUNNEL;
    UpstreamConnection from = connection();
    from.deadline().set(proxying.worker().nowNanos(), proxying.readTimeout());
    proxying.openTunnel(head, this, from);
    if (stage == Stage.TUNNEL) {
      proxying.tunnel().fromUpstream(in);
    } else {
      in.release();
    }
  }

  private void body(ByteBuf in) {
    if (rate != 0) {
      limitRate();
    }
    ResponseFraming framing = proxying.framing();
    if (framing.takeWhole(in)) {
      boolean last = framing.isComplete();
      responseLength += in.readableBytes();
      proxying.forwardBody(in, last);
      if (last && stage == Stage.BODY) {
        finished();
      }
      return;
    }
    try {
      ByteBuf part = framing.take(in);
      while (part != null) {
        responseLength += part.readableBytes();
        proxying.forwardBody(part, false);
        part = stage == Stage.BODY ? framing.take(in) : null;
      }
    } finally {
      in.release();
    }
    if (stage != Stage.BODY) {
      return;
    }
    if (framing.isInvalid()) {
      proxying
          .exchange()
          .log(
              Level.ERROR,
              () ->
                  "upstream sent invalid chunked response ("
                      + framing.reason()
                      + ") while "
                      + stage.words);
      cut();
    } else if (framing.isComplete()) {
      if (framing.hasExcess()) {
        excess = true;
        proxying
            .exchange()
            .log(
                Level.WARN,
                "upstream sent more data than specified in \"Content-Length\" header while"
                    + " reading upstream");
      }
      proxying.endBody();
      finished();
    }
  }

  /// The present batch of reads is over: send on what came.
  void readComplete() {
    switch (stage) {
      case BODY -> {
        proxying.flushToClient();
        rearm();
      }
      case TUNNEL -> proxying.tunnel().upstreamReadComplete();
      case CONNECTING, SENDING, HEAD, OVER -> {
        // nothing has been passed on
      }
    }
  }

  private void rearm() {
    UpstreamConnection from = connection;
    if (from != null && stage == Stage.BODY) {
      if (proxying.pausedForClient() || rateTimer != null) {
        from.deadline().clear();
      } else {
        from.deadline().set(proxying.worker().nowNanos(), proxying.readTimeout());
      }
    }
  }

  /// The client takes more again, or not: read from the upstream, or wait.
  void clientWritable(boolean writable) {
    UpstreamConnection from = connection;
    if (from == null) {
      return;
    }
    if (stage == Stage.BODY || stage == Stage.TUNNEL) {
      clientFull = !writable;
      from.channel().config().setAutoRead(writable && rateTimer == null);
      rearm();
    }
  }

  /// `proxy_limit_rate`: after each read waits as long as that read may take; what came together
  /// with the head is free, as in nginx.
  private void limitRate() {
    UpstreamConnection from = connection;
    if (from == null || rateTimer != null || stage != Stage.BODY) {
      return;
    }
    long due = headNanos + (long) ((double) (bytesReceived - bytesWithHead) * SECOND / rate);
    long wait = due - elapsedNanos();
    if (wait < MILLISECOND) {
      return;
    }
    from.channel().config().setAutoRead(false);
    rateTimer =
        proxying
            .worker()
            .loop()
            .schedule(
                () -> {
                  rateTimer = null;
                  if (connection == from && stage == Stage.BODY) {
                    proxying.worker().refreshClock();
                    from.channel().config().setAutoRead(!clientFull);
                    rearm();
                  }
                },
                wait,
                TimeUnit.NANOSECONDS);
  }

  // ---- endings

  /// The response has come whole and has been given to the client's side.
  private void finished() {
    stats().took(headNanos, elapsedNanos());
    end(false);
    proxying.answered(this);
  }

  private boolean reusable() {
    ResponseHead head = proxying.responseHead();
    return bodySent
        && !excess
        && !proxying.framing().endsWithConnection()
        && stage != Stage.TUNNEL
        && head.keepAlive();
  }

  /// Ends this attempt in success; the connection is kept if it can be.
  private void end(boolean discard) {
    boolean keep = !discard && reusable();
    stage = Stage.OVER;
    endMillis = elapsed();
    UpstreamConnection done = connection;
    connection = null;
    count();
    if (done != null) {
      proxying.release(done, keep);
    }
  }

  private void count() {
    stats().moved(bytesSent, bytesReceived);
  }

  private PeerStats.Loop stats() {
    return peer.stats().on(proxying.worker().index());
  }

  private void fail(Failure failure) {
    if (stage == Stage.OVER) {
      return;
    }
    Stage failedIn = stage;
    stage = Stage.OVER;
    endMillis = elapsed();
    if (status == 0) {
      status = failure.status();
    }
    UpstreamConnection broken = connection;
    connection = null;
    count();
    if (broken != null) {
      broken.close();
    }
    proxying.failed(this, failure, failedIn.words, failedIn != Stage.CONNECTING);
  }

  /// The response breaks off: the client must see it.
  private void cut() {
    stage = Stage.OVER;
    endMillis = elapsed();
    UpstreamConnection broken = connection;
    connection = null;
    count();
    if (broken != null) {
      broken.close();
    }
    proxying.cut(this);
  }

  /// The client is gone, or is answered otherwise: nothing more is wanted.
  void abandon() {
    if (stage == Stage.OVER) {
      return;
    }
    stage = Stage.OVER;
    endMillis = elapsed();
    UpstreamConnection broken = connection;
    connection = null;
    count();
    if (broken != null) {
      broken.close();
    }
  }

  void timedOut() {
    String words = stage.words;
    switch (stage) {
      case SENDING -> {
        UpstreamConnection to = connection();
        long unsent = to.unsent();
        if (unsent != 0 && unsent == unsentBefore && bytesSent == sentBefore) {
          fail(new Failure.TimedOut("upstream timed out (110: Connection timed out)"));
        } else {
          watchSending(to);
        }
      }
      case CONNECTING, HEAD ->
          fail(new Failure.TimedOut("upstream timed out (110: Connection timed out)"));
      case BODY -> {
        proxying
            .exchange()
            .log(Level.ERROR, "upstream timed out (110: Connection timed out) while " + words);
        cut();
      }
      case TUNNEL -> proxying.tunnel().timedOut();
      case OVER -> {
        // too late to matter
      }
    }
  }

  /// The upstream closed the connection, in order (`cause` is null) or not.
  void closedByUpstream(@Nullable IOException cause) {
    switch (stage) {
      case CONNECTING -> {
        // the connect listener tells more
      }
      case SENDING, HEAD ->
          fail(
              new Failure.ConnectionFailed(
                  cause == null
                      ? "upstream prematurely closed connection"
                      : "recv() failed (" + systemError(cause) + ")"));
      case BODY -> {
        if (proxying.framing().endsWithConnection() && cause == null) {
          proxying.endBody();
          finished();
        } else {
          proxying
              .exchange()
              .log(
                  Level.ERROR,
                  (cause == null
                          ? "upstream prematurely closed connection"
                          : "readv() failed (" + systemError(cause) + ")")
                      + " while "
                      + stage.words);
          cut();
        }
      }
      case TUNNEL -> {
        if (cause != null) {
          proxying
              .exchange()
              .log(Level.ERROR, "recv() failed (" + systemError(cause) + ") while " + stage.words);
        }
        proxying.tunnel().upstreamClosed();
      }
      case OVER -> {
        // expected
      }
    }
  }

  void bug(RuntimeException bug) {
    abandon();
    proxying.bug(bug);
  }

  // ---- what is told about it

  Peer peer() {
    return peer;
  }

  boolean isOver() {
    return stage == Stage.OVER;
  }

  /// True if it met a connection of the pool that the server had closed: nothing came back.
  boolean wasStale() {
    return pooled && bytesReceived == 0;
  }

  int status() {
    return status;
  }

  void status(int status) {
    this.status = status;
  }

  /// How long the request had waited in the upstream's queue for this attempt; -1 if it had not.
  long queuedMillis() {
    return queuedMillis;
  }

  void queuedFor(long millis) {
    queuedMillis = millis;
  }

  /// How long it took, or has taken so far.
  long elapsedMillis() {
    return endMillis >= 0 ? endMillis : elapsed();
  }

  long connectMillis() {
    return connectMillis;
  }

  long headMillis() {
    return headNanos < 0 ? -1 : headNanos / 1_000_000;
  }

  /// How long it took, in milliseconds; -1 while it is under way.
  long endMillis() {
    return endMillis;
  }

  long bytesSent() {
    return bytesSent;
  }

  long bytesReceived() {
    return bytesReceived;
  }

  long responseLength() {
    return responseLength;
  }

  /// Ends a tunnel; what the client sent last still goes out, if it is there to be told.
  void closeTunnel(boolean flushed) {
    UpstreamConnection done = connection;
    if (flushed && done != null) {
      connection = null;
      done.closeFlushed(proxying.sendTimeout());
    }
    end(true);
  }

  private long elapsed() {
    return elapsedNanos() / 1_000_000;
  }

  private long elapsedNanos() {
    return proxying.worker().nowNanos() - startedNanos;
  }

  private UpstreamConnection connection() {
    UpstreamConnection there = connection;
    if (there == null) {
      throw new IllegalStateException("the attempt has no connection");
    }
    return there;
  }
}
