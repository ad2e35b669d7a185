package dev.turnout.http.h1;

import dev.turnout.http.CoreSettings;
import dev.turnout.http.Downstream;
import dev.turnout.http.Exchange;
import dev.turnout.http.FilePart;
import dev.turnout.http.Generation;
import dev.turnout.http.ProxyHeader;
import dev.turnout.http.RequestBody;
import dev.turnout.http.RequestHead;
import dev.turnout.http.Response;
import dev.turnout.http.ResponseHeaders;
import dev.turnout.http.ServerNames;
import dev.turnout.http.Status;
import dev.turnout.http.Tunnel;
import dev.turnout.http.UriPath;
import dev.turnout.log.Level;
import dev.turnout.net.Deadline;
import dev.turnout.net.TcpState;
import dev.turnout.net.Transport;
import dev.turnout.net.Worker;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.DefaultFileRegion;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/// Stop 2 of a request: one client connection that speaks HTTP/1. Bytes become exchanges, one at a
/// time and in order; responses become bytes. Confined to its loop.
///
/// An idle connection holds no exchange and no buffer. Reading is never switched off for an
/// exchange that is under way, so that a client that goes away is noticed, unless it sends more
/// than is held for the next request.
public final class Http1Connection extends ChannelInboundHandlerAdapter implements Downstream {
  /// What is held of bytes that nobody wants yet, before reading stops.
  private static final int HELD = 64 * 1024;

  /// A body that is at hand goes out in one piece with the head up to this size.
  private static final int JOINED = 8 * 1024;

  private static final byte[] CONTINUE =
      "HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1);

  private enum State {
    IDLE,
    HEAD,
    BUSY,
    DRAINING,
    LINGERING,
    TUNNEL,
    CLOSED
  }

  private final Http1Loop shared;
  private final ListenPoint point;
  private final long number;
  private final BodyFraming framing = new BodyFraming();
  private @Nullable RequestParser parser;
  private @Nullable HeadLimits parserLimits;
  private @Nullable ChannelHandlerContext context;
  private @Nullable Deadline deadline;
  private @Nullable Exchange exchange;
  private @Nullable ByteBuf pending;
  private @Nullable ByteBuf held;
  private @Nullable Tunnel tunnel;

  private State state = State.IDLE;
  private int requests;
  private long openedNanos;
  private long bytesSent;
  private long lingerUntil;
  private boolean processing;
  private boolean flushLater;
  private boolean chunked;
  private boolean keepAlive;
  private boolean lastWritten;
  private boolean inputEnded;
  private boolean bodyWanted;
  private boolean bodyPaused;
  private boolean readingStopped;
  private boolean expectsContinue;
  private boolean sentAhead;
  private boolean partsGiven;
  private boolean sendWaiting;
  private boolean endAwaited;
  private long sentBefore;
  private long unsentBefore;
  private long sendTimeout;
  private long keepaliveTimeout;
  private long keepaliveMinTimeout;
  private long idleSince;
  private long lingeringTimeout;
  private boolean requestRefused;

  /// The client is being waited for after the last answer; else a closing connection only sends
  /// what it has.
  private boolean lingering;

  /// Set when bytes of the client were left unread on purpose: the close must linger.
  private boolean unreadLeft;

  /// The client is gone, but its exchange goes on: `proxy_ignore_client_abort`.
  private boolean abandoned;

  /// The response has no body, whatever is written: HEAD, 204, 304.
  private boolean suppressBody;

  /// A connection that came in through `point`.
  public Http1Connection(Http1Loop shared, ListenPoint point) {
    this.shared = shared;
    this.point = point;
    this.number = shared.counters().accepted();
  }

  // ---- the channel

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    context = ctx;
    Worker worker = shared.worker();
    openedNanos = worker.refreshClock();
    shared.opened(this);
    Deadline limit = new Deadline(ctx.channel().eventLoop(), this::timedOut);
    deadline = limit;
    limit.set(openedNanos, point.serving().settings().headerTimeout());
    if (shared.isFull()) {
      shared.counters().dropped();
      point
          .serving()
          .settings()
          .servers()
          .defaultServer()
          .base()
          .core()
          .errorLog()
          .log(Level.ALERT, shared.connectionLimit() + " worker_connections are not enough");
      close();
    } else if (shared.isEnding() || point.isClosed()) {
      close();
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf in = (ByteBuf) message;
    shared.worker().refreshClock();
    switch (state) {
      case TUNNEL -> {
        Tunnel through = tunnel;
        if (through == null) {
          in.release();
        } else {
          through.fromClient(in);
        }
      }
      case LINGERING -> {
        in.release();
        if (lingering) {
          linger();
        }
      }
      case CLOSED -> in.release();
      case IDLE, HEAD, BUSY, DRAINING -> {
        ByteBuf before = pending;
        if (before == null) {
          pending = in;
        } else {
          pending = joined(ctx, before, in);
        }
        process();
      }
    }
  }

  private static ByteBuf joined(ChannelHandlerContext ctx, ByteBuf before, ByteBuf more) {
    int size = before.readableBytes() + more.readableBytes();
    if (before.isReadable()
        && before.writableBytes() >= more.readableBytes()
        && before.refCnt() == 1) {
      before.writeBytes(more);
      more.release();
      return before;
    }
    // Room for as much again: what comes byte by byte must not be copied at every byte.
    ByteBuf both = ctx.alloc().buffer(2 * size).writeBytes(before).writeBytes(more);
    before.release();
    more.release();
    return both;
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    Exchange present = exchange;
    if (state == State.TUNNEL && present != null && present.upstreaming() != null) {
      Tunnel through = tunnel;
      if (through != null) {
        through.clientReadComplete();
      }
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    boolean writable = ctx.channel().isWritable();
    Tunnel through = tunnel;
    if (through != null) {
      through.clientWritable(writable);
      return;
    }
    Exchange present = exchange;
    if (present != null && state == State.BUSY) {
      present.clientWritable(writable);
    } else if (writable && state == State.IDLE && pending != null && !processing) {
      shared.worker().refreshClock();
      process();
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event instanceof ChannelInputShutdownEvent) {
      shared.worker().refreshClock();
      inputFinished();
    }
  }

  private void inputFinished() {
    inputEnded = true;
    switch (state) {
      case TUNNEL -> {
        Tunnel through = tunnel;
        if (through != null) {
          through.clientFinished();
        }
      }
      case IDLE -> {
        if (!isMoreAtHand()) {
          close();
        } // else the requests that were sent ahead are answered first
      }
      case HEAD, DRAINING -> close();
      case LINGERING -> {
        if (lingering) {
          close();
        }
      }
      case CLOSED -> {
        // nothing is left to end
      }
      case BUSY -> {
        Exchange present = exchange;
        if (present == null) {
          close();
          return;
        }
        if (!isMoreAtHand()) {
          present.closeAfter();
        }
        if ((!framing.isComplete() || present.isPaused()) && !isMoreAtHand()) {
          if (present.upstreaming() == null) { // which says so itself
            present.log(Level.INFO, "client prematurely closed connection");
          }
          gone();
        } else if (present.upstreaming() != null) {
          present.upstreaming().clientChanged(present, true, false);
        } else if (present.isAccompanied() && !isMoreAtHand()) {
          clientFinished(present);
        }
      }
    }
  }

  /// The client sends nothing any more while something works for its request.
  private void clientFinished(Exchange present) {
    Exchange.Companion beside = present.companion();
    if (beside != null && !beside.clientGone()) {
      present.log(Level.INFO, "client prematurely closed connection");
      gone();
    }
  }

  /// True while bytes that the client sent are waiting for their turn.
  private boolean isMoreAtHand() {
    ByteBuf in = pending;
    return in != null && in.isReadable();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    gone();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (cause instanceof Error error && !(cause instanceof StackOverflowError)) {
      throw error;
    }
    Exchange present = exchange;
    if (cause instanceof java.io.IOException) {
      if (present != null && state == State.BUSY) {
        present.log(Level.INFO, () -> "client connection failed (" + cause.getMessage() + ")");
      }
    } else if (present != null) {
      RuntimeException bug =
          cause instanceof RuntimeException known ? known : new IllegalStateException(cause);
      shared.engine().failed(present, bug);
    }
    gone();
  }

  /// The client is gone: what is under way ends.
  private void gone() {
    if (state == State.CLOSED) {
      return;
    }
    State before = state;
    state = State.CLOSED;
    Exchange present = exchange;
    Tunnel through = tunnel;
    tunnel = null;
    if (through != null) {
      through.clientClosed();
    }
    if (present != null) {
      if (before == State.HEAD) {
        headGivenUp(present);
      } else {
        Exchange.Upstreaming way = present.upstreaming();
        boolean cutShort = false;
        if (bodyWanted && !framing.isComplete()) {
          bodyWanted = false;
          present.body().failed(present, 0);
          cutShort = true;
        }
        if (way != null && through == null) {
          way.clientChanged(present, true, false);
        }
        Exchange.Companion beside = present.companion();
        boolean goesOn = beside != null && beside.isBusy() && beside.clientGone();
        if ((way != null && way.outlivesClient())
            || goesOn
            || (lastWritten && present.isHeldOpen())) {
          abandoned = true;
          shared.abandoned(this);
        } else {
          int status = present.response().status();
          if (!lastWritten && cutShort && (status == 0 || status == Status.CLIENT_CLOSED)) {
            present.response().status(400); // nginx's status of a body that was cut short
          } else if (!lastWritten && status == 0) {
            present.response().status(Status.CLIENT_CLOSED);
          }
          exchangeOver(present);
        }
      }
    }
    releaseBuffers();
    Deadline limit = deadline;
    if (limit != null) {
      limit.cancel();
    }
    shared.closed(this);
    channel().close();
  }

  /// The client went in the middle of a head: nginx logs a bad request.
  private void headGivenUp(Exchange present) {
    shared.counters().readingEnded();
    RequestParser reader = parser;
    if (reader == null || !reader.started(present.request())) {
      exchange = null;
      shared.giveBack(present);
      return;
    }
    shared.counters().requestBegan();
    bytesSent = 0;
    reader.giveUp(present.request());
    present.log(
        Level.INFO, "client prematurely closed connection while reading client request headers");
    shared.engine().abandon(present, 400);
    exchangeOver(present);
  }

  private void releaseBuffers() {
    ByteBuf unread = pending;
    if (unread != null) {
      pending = null;
      unread.release();
    }
    ByteBuf unsent = held;
    if (unsent != null) {
      held = null;
      unsent.release();
    }
  }

  // ---- reading requests

  /// Works through what has been read: heads, bodies, and requests sent ahead.
  private void process() {
    if (processing) {
      return;
    }
    processing = true;
    try {
      while (state != State.CLOSED && step()) {
        // each step used something up
      }
      if (partsGiven) {
        partsGiven = false;
        if (state == State.BUSY && bodyWanted) {
          exchange().body().pause(exchange());
        }
      }
    } finally {
      processing = false;
    }
    if (!isMoreAtHand()) {
      dropPending();
      if (inputEnded && isWaitingForBytes()) {
        gone();
      }
    }
    if (flushLater && state != State.CLOSED) {
      flushLater = false;
      context().flush();
    }
    holdBack();
  }

  private boolean isWaitingForBytes() {
    return switch (state) {
      case HEAD, DRAINING -> true;
      case BUSY -> bodyWanted && !bodyPaused && !framing.isComplete();
      case IDLE, LINGERING, TUNNEL, CLOSED -> false;
    };
  }

  private boolean step() {
    ByteBuf in = pending;
    return switch (state) {
      case IDLE -> {
        if (in == null || !in.isReadable()) {
          dropPending();
          yield false;
        }
        if (!channel().isWritable()) {
          yield false; // the next answer waits until the client has taken those before it
        }
        beginHead();
        yield true;
      }
      case HEAD -> in != null && readHead(in);
      case BUSY -> in != null && bodyWanted && !bodyPaused && readBodyPart(in);
      case DRAINING -> drain(in);
      case LINGERING, TUNNEL, CLOSED -> {
        dropPending();
        yield false;
      }
    };
  }

  private void dropPending() {
    ByteBuf in = pending;
    if (in != null) {
      pending = null;
      in.release();
    }
  }

  private void beginHead() {
    ListenPoint.Serving serving = point.serving();
    HeadLimits limits = serving.settings().limits();
    RequestParser reader = parser;
    if (reader == null || !limits.equals(parserLimits)) {
      parser = new RequestParser(limits);
      parserLimits = limits;
    } else {
      reader.reset();
    }
    Exchange next = shared.takeExchange();
    exchange = next;
    next.begin(this, serving.generation(), servers(serving).defaultServer());
    next.started();
    if (sentAhead) {
      next.request().sentAhead();
    }
    state = State.HEAD;
    shared.counters().readingBegan();
  }

  private ServerNames servers(ListenPoint.Serving serving) {
    return serving.settings().servers(channel().localAddress());
  }

  private boolean readHead(ByteBuf in) {
    Exchange present = exchange();
    RequestParser reader = parser;
    if (reader == null) {
      throw new IllegalStateException("a head without a parser");
    }
    int end = reader.parse(present.request(), in);
    if (end == RequestParser.NEED_MORE) {
      dropPending();
      if (!reader.started(present.request())) {
        return false;
      }
      deadline().set(present.startNanos(), point.serving().settings().headerTimeout());
      return false;
    }
    shared.counters().readingEnded();
    shared.counters().requestBegan();
    requests++;
    bytesSent = 0;
    lastWritten = false;
    bodyWanted = false;
    bodyPaused = false;
    chunked = false;
    state = State.BUSY;
    deadline().clear();
    if (end == RequestParser.REFUSED) {
      refuse(present, reader.status(), reader.reason());
      return true;
    }
    RequestHead head = present.request();
    if (reader.ignored() != null) {
      present.log(Level.INFO, reader.ignored());
    }
    framing.begin(head);
    expectsContinue = head.expectsContinue();
    if (expectsContinue && framing.isComplete()) {
      sendContinue(); // as nginx does, though there is nothing to go on with
    }
    ListenPoint.Serving serving = point.serving();
    UriPath target = UriPath.of(head, serving.settings().mergeSlashes());
    if (target == null) {
      refuse(present, 400, "client sent invalid request target");
      return true;
    }
    present.target(target.path(), target.args(), target.decoded());
    shared.engine().start(present, servers(serving), head.host());
    return true;
  }

  private void refuse(Exchange present, int status, String reason) {
    framing.none();
    present.log(Level.INFO, reason + " while reading client request headers");
    present.closeAfter();
    requestRefused = true;
    shared.engine().refuse(present, status);
  }

  private boolean readBodyPart(ByteBuf in) {
    Exchange present = exchange();
    RequestBody body = present.body();
    ByteBuf part = framing.take(in);
    long limit = present.core().clientMaxBodySize();
    if (limit > 0 && (framing.received() > limit || tooMuchAnnounced(limit))) {
      if (part != null) {
        part.release();
      }
      present.log(
          Level.ERROR,
          "client intended to send too large chunked body: "
              + (framing.received() + framing.announced())
              + " bytes");
      bodyEnds(present, 413);
      return true;
    }
    if (part != null) {
      if (deadline().isSet()) {
        deadline().set(shared.worker().nowNanos(), present.core().clientBodyTimeout());
      }
      partsGiven = true;
      body.data(present, part);
    }
    if (framing.isInvalid()) {
      present.log(Level.ERROR, "client sent invalid chunked body: " + framing.reason());
      bodyEnds(present, framing.status());
      return true;
    }
    if (framing.isComplete()) {
      if (exchange == present && bodyWanted) {
        bodyWanted = false;
        deadline().clear();
        body.end(present);
      }
      return true;
    }
    return part != null;
  }

  private boolean tooMuchAnnounced(long limit) {
    return framing.announced() > limit - framing.received();
  }

  private void bodyEnds(Exchange present, int status) {
    bodyWanted = false;
    deadline().clear();
    present.closeAfter();
    framing.none();
    dropPending();
    unreadLeft = true;
    present.body().failed(present, status);
  }

  private boolean drain(@Nullable ByteBuf in) {
    if (in != null) {
      framing.skip(in);
    }
    if (framing.isInvalid()) {
      lingerBegin();
      return false;
    }
    if (!framing.isComplete()) {
      dropPending();
      linger();
      return false;
    }
    becomeIdle();
    return true;
  }

  /// Stops reading while too much is held for later, and goes on when it is used up.
  private void holdBack() {
    ByteBuf in = pending;
    boolean stop = bodyPaused || (in != null && in.readableBytes() > HELD);
    if (stop != readingStopped && state != State.CLOSED) {
      readingStopped = stop;
      channel().config().setAutoRead(!stop);
    }
  }

  @Override
  public void readBody(Exchange present) {
    if (present != exchange || state != State.BUSY) {
      return;
    }
    bodyWanted = true;
    if (expectsContinue) {
      sendContinue(); // also where the body is there already, as nginx does
    }
    deadline().set(shared.worker().nowNanos(), present.core().clientBodyTimeout());
    if (!processing) {
      process();
    }
  }

  private void sendContinue() {
    expectsContinue = false;
    bytesSent += CONTINUE.length;
    ChannelHandlerContext ctx = context();
    ctx.writeAndFlush(Unpooled.wrappedBuffer(CONTINUE), ctx.voidPromise());
  }

  @Override
  public boolean isBodyAtHand() {
    ByteBuf in = pending;
    return state == State.BUSY && in != null && framing.isWholeIn(in);
  }

  @Override
  public int discardBody(Exchange present) {
    ByteBuf in = pending;
    if (present != exchange || state != State.BUSY || in == null || bodyWanted) {
      return 0;
    }
    framing.skip(in);
    if (!framing.isInvalid()) {
      return 0;
    }
    present.log(Level.ERROR, "client sent invalid chunked body: " + framing.reason());
    present.closeAfter();
    unreadLeft = true;
    return framing.status();
  }

  @Override
  public void pauseBody(boolean pause) {
    if (bodyPaused == pause) {
      return;
    }
    bodyPaused = pause;
    if (pause) {
      deadline().clear();
    } else if (bodyWanted && exchange != null) {
      deadline().set(shared.worker().nowNanos(), exchange.core().clientBodyTimeout());
    }
    if (!processing) {
      process();
    }
  }

  // ---- time

  private void timedOut() {
    shared.worker().refreshClock();
    Exchange present = exchange;
    switch (state) {
      case IDLE -> close();
      case HEAD -> {
        if (present == null) {
          close();
          return;
        }
        if (parser != null) {
          parser.giveUp(present.request());
        }
        present.log(Level.INFO, "client timed out while reading client request headers");
        shared.counters().readingEnded();
        shared.counters().requestBegan();
        requests++;
        bytesSent = 0;
        lastWritten = false;
        state = State.BUSY;
        framing.none();
        present.closeAfter();
        shared.engine().refuse(present, 408);
      }
      case BUSY -> {
        if (present == null) {
          close();
        } else if (sendWaiting) {
          checkSending(present);
        } else if (bodyWanted) {
          present.log(Level.INFO, "client timed out while reading client request body");
          bodyEnds(present, 408);
        }
      }
      case DRAINING, LINGERING, TUNNEL -> close();
      case CLOSED -> {
        // nothing is left to time
      }
    }
  }

  /// The client took nothing for `send_timeout`, or took something and is given more time.
  private void checkSending(Exchange present) {
    long waiting = unsent();
    if (waiting == 0) {
      sent(present);
    } else if (bytesSent == sentBefore && waiting == unsentBefore) {
      present.log(
          Level.INFO, "client timed out (110: Connection timed out) while sending to client");
      present.response().status(408);
      gone();
    } else {
      awaitSending(present);
    }
  }

  /// Everything written so far is with the socket.
  private void sent(Exchange present) {
    if (sendWaiting) {
      sendWaiting = false;
      if (bodyWanted && !bodyPaused) {
        deadline().set(shared.worker().nowNanos(), present.core().clientBodyTimeout());
      } else {
        deadline().clear();
      }
    }
  }

  private void awaitSending(Exchange present) {
    sendWaiting = true;
    sentBefore = bytesSent;
    unsentBefore = unsent();
    deadline().set(shared.worker().nowNanos(), present.core().sendTimeout());
  }

  /// Not 0 while something waits for the socket; changes whenever the socket takes something of it.
  private long unsent() {
    ChannelOutboundBuffer out = channel().unsafe().outboundBuffer();
    if (out == null || out.totalPendingWriteBytes() == 0) {
      return 0;
    }
    long left = out.totalPendingWriteBytes() - out.currentProgress();
    return left == 0 ? -1 : left; // of a file only the progress is known
  }

  // ---- writing responses

  @Override
  public void writeHead(Exchange present, boolean last) {
    if (state != State.BUSY || present != exchange) {
      endAbandoned(present);
      return;
    }
    Response response = present.response();
    int status = response.status();
    RequestHead request = present.request();
    boolean noBody = present.isHead() || status == 204 || status == 304 || status < 200;
    keepAlive = mayKeepAlive(present);
    chunked =
        !noBody
            && (response.contentLength() < 0 || response.areTrailersExpected())
            && request.version() >= 11
            && present.core().chunkedTransferEncoding();
    if (!noBody && response.contentLength() < 0 && !chunked) {
      keepAlive = false;
    }
    if (!keepAlive) {
      present.closeAfter();
    }
    var head = shared.composer().compose(present, chunked, keepAlive);
    long length = response.contentLength();
    int room = noBody || last ? 0 : length >= 0 ? (int) Math.min(length, JOINED) : 512;
    ByteBuf buffer = context().alloc().directBuffer(head.length() + room);
    buffer.writeBytes(head.bytes(), 0, head.length());
    present.headBytes(head.length());
    held = buffer;
    if (noBody || last) {
      if (chunked) {
        Chunks.last(buffer, response);
      }
      lastWritten = lastWritten || last || (noBody && status >= 200);
      suppressBody = noBody;
    } else {
      suppressBody = false;
    }
  }

  private boolean mayKeepAlive(Exchange present) {
    RequestHead request = present.request();
    CoreSettings core = present.core();
    if (!present.isKeepAlive()
        || shared.isEnding()
        || (inputEnded && !isMoreAtHand())
        || point.isClosed()
        || core.keepaliveTimeout() == 0
        || requests >= core.keepaliveRequests()
        || expectsContinue) {
      return false;
    }
    if (shared.worker().nowNanos() - openedNanos > core.keepaliveTime() * 1_000_000) {
      return false;
    }
    return request.version() >= 11
        ? !request.hasConnectionClose()
        : request.hasConnectionKeepAlive() && request.version() == 10;
  }

  @Override
  public void writeBody(Exchange present, ByteBuf body, boolean last) {
    if (state != State.BUSY || present != exchange || suppressBody) {
      body.release();
      lastWritten = lastWritten || last;
      return;
    }
    int size = body.readableBytes();
    if (chunked && size > 0) {
      writeChunkSize(size);
    }
    ByteBuf head = held;
    if (head != null && size <= JOINED && head.writableBytes() >= size + (chunked ? 7 : 0)) {
      head.writeBytes(body);
      body.release();
      if (chunked) {
        Chunks.end(head, size, last, present.response());
      }
    } else {
      writeHeld();
      if (size > 0) {
        write(body);
      } else {
        body.release();
      }
      if (chunked) {
        ByteBuf end = context().alloc().directBuffer(16);
        Chunks.end(end, size, last, present.response());
        held = end;
      }
    }
    lastWritten = lastWritten || last;
  }

  private void writeChunkSize(long size) {
    ByteBuf out = held;
    int room = Chunks.longestSize(size);
    if (out == null || out.writableBytes() < room) {
      writeHeld();
      out = context().alloc().directBuffer(Math.max(16, room));
      held = out;
    }
    Chunks.size(out, size);
  }

  @Override
  public void writeFile(Exchange present, FilePart file, boolean last) {
    if (state != State.BUSY || present != exchange || suppressBody || file.length() == 0) {
      file.close();
      if (last) {
        writeEnd(present);
      }
      return;
    }
    if (chunked) {
      writeChunkSize(file.length());
    }
    DefaultFileRegion region = new DefaultFileRegion(file.channel(), file.offset(), file.length());
    if (!file.closes()) {
      region.retain(); // it is never let go of: the last part closes the channel
    }
    writeHeld();
    bytesSent += file.length();
    ChannelHandlerContext ctx = context();
    ctx.write(region, ctx.voidPromise());
    if (chunked) {
      ByteBuf end = ctx.alloc().directBuffer(16);
      Chunks.end(end, 1, last, present.response());
      held = end;
    }
    lastWritten = lastWritten || last;
  }

  @Override
  public void writeEnd(Exchange present) {
    if (state != State.BUSY || present != exchange) {
      return;
    }
    if (chunked && !suppressBody && !lastWritten) {
      ByteBuf out = held;
      if (out == null || out.writableBytes() < Chunks.SHORTEST_LAST) {
        writeHeld();
        out = context().alloc().directBuffer(16);
        held = out;
      }
      Chunks.last(out, present.response());
    }
    lastWritten = true;
  }

  @Override
  public void writeInformational(Exchange present, int status, ResponseHeaders fields) {
    if (state != State.BUSY || present != exchange) {
      return;
    }
    var head = shared.composer().informational(status, fields);
    ByteBuf buffer = context().alloc().directBuffer(head.length());
    buffer.writeBytes(head.bytes(), 0, head.length());
    write(buffer);
    context().flush();
  }

  private void writeHeld() {
    ByteBuf out = held;
    if (out != null) {
      held = null;
      write(out);
    }
  }

  private void write(ByteBuf out) {
    bytesSent += out.readableBytes();
    ChannelHandlerContext ctx = context();
    ctx.write(out, ctx.voidPromise());
  }

  @Override
  public void flush() {
    if (state != State.BUSY) {
      return;
    }
    writeHeld();
    Exchange present = exchange();
    if (processing
        && lastWritten
        && keepAlive
        && present.isKeepAlive()
        && isMoreAtHand()
        && channel().isWritable()) {
      flushLater = true; // requests sent ahead are answered in one go
      responseOver();
      return;
    }
    context().flush();
    if (state != State.BUSY) {
      return; // the flush found the client gone
    }
    if (unsent() == 0) {
      sent(present);
      if (lastWritten) {
        responseOver();
      }
      return;
    }
    if (lastWritten && !endAwaited) {
      endAwaited = true;
      context()
          .writeAndFlush(Unpooled.EMPTY_BUFFER)
          .addListener(sent -> {
            if (exchange == present && state == State.BUSY && endAwaited && sent.isSuccess()) {
              shared.worker().refreshClock();
              responseOver();
            }
          });
      if (!endAwaited) {
        return; // sent meanwhile
      }
    }
    if (!sendWaiting) {
      awaitSending(present);
    }
  }

  /// The response is with the socket, whole.
  private void responseOver() {
    Exchange present = exchange();
    if (present.isHeldOpen()) {
      sendWaiting = false;
      endAwaited = false;
      deadline().clear();
      return; // settled() goes on
    }
    boolean keep = keepAlive && present.isKeepAlive();
    bodyWanted = false;
    bodyPaused = false;
    sendWaiting = false;
    endAwaited = false;
    deadline().clear();
    sendTimeout = present.core().sendTimeout();
    long lingeringTimeout = present.core().lingeringTimeout();
    long lingeringTime = present.core().lingeringTime();
    CoreSettings.Lingering lingering = present.core().lingeringClose();
    keepaliveTimeout = present.core().keepaliveTimeout();
    keepaliveMinTimeout = present.core().keepaliveMinTimeout();
    this.lingeringTimeout = lingeringTimeout;
    lingerUntil = shared.worker().nowNanos() + lingeringTime * 1_000_000;
    exchangeOver(present);
    if (state == State.CLOSED) {
      return;
    }
    boolean unread = unreadLeft || !framing.isComplete() || isMoreAtHand();
    if (!keep) {
      if (lingering == CoreSettings.Lingering.ALWAYS
          || (lingering == CoreSettings.Lingering.ON && (unread || requestRefused))) {
        lingerBegin();
      } else {
        closeFlushed();
      }
      return;
    }
    if (framing.isComplete()) {
      becomeIdle();
    } else {
      state = State.DRAINING;
      linger();
    }
    if (!processing) {
      process();
    }
  }

  private void exchangeOver(Exchange present) {
    present.end();
    exchange = null;
    shared.counters().requestEnded();
    shared.giveBack(present);
  }

  private void becomeIdle() {
    state = State.IDLE;
    sentAhead = isMoreAtHand();
    if (shared.isEnding() || point.isClosed() || (inputEnded && !isMoreAtHand())) {
      closeFlushed();
      return;
    }
    idleSince = shared.worker().nowNanos();
    deadline().set(idleSince, keepaliveTimeout);
  }

  private void lingerBegin() {
    state = State.LINGERING;
    lingering = true;
    dropPending();
    Channel channel = channel();
    if (readingStopped) {
      readingStopped = false;
      channel.config().setAutoRead(true);
    }
    flushLater = false;
    if (inputEnded || !(channel instanceof DuplexChannel duplex)) {
      lingering = false;
      closeFlushed();
      return;
    }
    context()
        .writeAndFlush(Unpooled.EMPTY_BUFFER)
        .addListener(_ -> {
          if (state == State.LINGERING) {
            duplex.shutdownOutput();
          }
        });
    if (state == State.LINGERING) {
      linger();
    }
  }

  private void linger() {
    long now = shared.worker().nowNanos();
    if (now >= lingerUntil) {
      close();
      return;
    }
    deadline().set(now, Math.min(lingeringTimeout, (lingerUntil - now) / 1_000_000));
  }

  /// Closes once everything written is sent.
  private void closeFlushed() {
    state = State.LINGERING;
    dropPending();
    flushLater = false;
    deadline().set(shared.worker().nowNanos(), sendTimeout);
    context().writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(_ -> close());
  }

  @Override
  public void abort(Exchange present) {
    if (abandoned) {
      endAbandoned(present);
    } else if (present == exchange) {
      close();
    }
  }

  @Override
  public void breakOff(Exchange present) {
    if (abandoned
        || present != exchange
        || state != State.BUSY
        || present.isHeldOpen()
        || (bodyWanted && !framing.isComplete())) {
      abort(present);
      return;
    }
    writeHeld();
    if (unsent() == 0) {
      close();
      return;
    }
    bodyWanted = false;
    bodyPaused = false;
    sendWaiting = false;
    endAwaited = false;
    sendTimeout = present.core().sendTimeout();
    exchangeOver(present);
    if (state != State.CLOSED) {
      closeFlushed();
    }
  }

  @Override
  public void settled(Exchange present) {
    if (abandoned) {
      endAbandoned(present);
    } else if (present == exchange && state == State.BUSY && lastWritten) {
      flush();
    }
  }

  /// The exchange that outlived its client has an answer, which nobody wants: it ends once whoever
  /// gave the answer has let go of it.
  private void endAbandoned(Exchange present) {
    if (abandoned && present == exchange && !present.isAccompanied()) {
      abandoned = false;
      shared
          .worker()
          .loop()
          .execute(() -> {
            if (present == exchange) {
              shared.abandonedIsOver(this);
              exchangeOver(present);
            }
          });
    }
  }

  /// Ends the exchange that went on without its client.
  void cutAbandoned() {
    shared.abandonedIsOver(this);
    abandoned = false;
    Exchange present = exchange;
    if (present != null) {
      exchangeOver(present);
    }
  }

  /// Closes at once.
  void close() {
    gone();
  }

  void closeIfIdle() {
    if (state == State.IDLE && keepaliveMinTimeout > 0 && requests > 0) {
      long now = shared.worker().refreshClock();
      long left = keepaliveMinTimeout - (now - idleSince) / 1_000_000;
      if (left > 0) {
        deadline().set(now, Math.min(left, keepaliveTimeout));
        return;
      }
    }
    if (state == State.IDLE || (state == State.HEAD && exchange().request().length() == 0)) {
      close();
    }
  }

  /// Closes if what it is about began under `old`: its request, or else the connection itself.
  void closeIfOf(Generation old, long replacedNanos) {
    Exchange present = exchange;
    boolean left = openedNanos - replacedNanos < 0;
    if (present != null && state != State.HEAD) {
      left = present.isLive() && present.generation() == old;
    }
    if (left) {
      close();
    }
  }

  @Override
  public void becomeTunnel(Exchange present, Tunnel through) {
    if (state == State.CLOSED) {
      through.clientClosed();
      return;
    }
    writeHeld();
    context().flush();
    tunnel = through;
    state = State.TUNNEL;
    deadline().clear();
    keepAlive = false;
    ByteBuf in = pending;
    if (in != null) {
      pending = null;
      if (in.isReadable()) {
        through.fromClient(in);
        through.clientReadComplete();
      } else {
        in.release();
      }
    }
    if (readingStopped) {
      readingStopped = false;
      channel().config().setAutoRead(true);
    }
  }

  @Override
  public void writeTunnel(ByteBuf bytes) {
    if (state == State.TUNNEL) {
      write(bytes);
    } else {
      bytes.release();
    }
  }

  @Override
  public void flushTunnel() {
    if (state == State.TUNNEL) {
      context().flush();
    }
  }

  @Override
  public void closeTunnel() {
    if (state == State.TUNNEL) {
      deadline().set(shared.worker().nowNanos(), exchange().core().sendTimeout());
      context().writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(_ -> close());
    }
  }

  @Override
  public void readTunnel(boolean read) {
    if (state == State.TUNNEL) {
      channel().config().setAutoRead(read);
    }
  }

  // ---- what others ask

  @Override
  public boolean isWritable() {
    return channel().isWritable();
  }

  @Override
  public Worker worker() {
    return shared.worker();
  }

  @Override
  public long connectionNumber() {
    return number;
  }

  @Override
  public long requestNumber() {
    return requests;
  }

  @Override
  public SocketAddress remoteAddress() {
    return channel().remoteAddress();
  }

  @Override
  public @Nullable ProxyHeader proxyHeader() {
    return channel().attr(ProxyProtocol.HEADER).get();
  }

  @Override
  public long openedNanos() {
    return openedNanos;
  }

  @Override
  public OptionalInt peerUser() {
    return Transport.peerUser(channel());
  }

  @Override
  public @Nullable TcpState tcpState() {
    return Transport.tcpState(channel());
  }

  @Override
  public SocketAddress localAddress() {
    return channel().localAddress();
  }

  @Override
  public long bytesSent() {
    return bytesSent;
  }

  ListenPoint point() {
    return point;
  }

  private ChannelHandlerContext context() {
    ChannelHandlerContext ctx = context;
    if (ctx == null) {
      throw new IllegalStateException("the connection is not open yet");
    }
    return ctx;
  }

  private Channel channel() {
    return context().channel();
  }

  private Deadline deadline() {
    Deadline limit = deadline;
    if (limit == null) {
      throw new IllegalStateException("the connection is not open yet");
    }
    return limit;
  }

  private Exchange exchange() {
    Exchange present = exchange;
    if (present == null) {
      throw new IllegalStateException("no request is under way");
    }
    return present;
  }
}
