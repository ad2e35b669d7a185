package dev.turnout.http;

import dev.turnout.log.Level;
import dev.turnout.net.TcpState;
import dev.turnout.net.Worker;
import io.netty.buffer.ByteBuf;
import java.net.SocketAddress;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A request that the node makes to itself on behalf of another, its parent: an exchange of its own
/// that goes through the phases of its location on the same loop, and whose response goes to a
/// {@link Receiver} instead of a client. Confined to that loop.
///
/// It has the head of the client's request and the variables that were assigned there, its own
/// path, arguments and response, and no body unless it is given the one that its parent has read,
/// or one of its own. Access rules do not ask it again, limits count the client's request only, and
/// it is not logged unless `log_subrequest` says so.
///
/// Nothing happens before control goes back to the loop: neither does it begin while its parent is
/// in the middle of something, nor is the receiver told of its end from within whoever answered.
public final class Subrequest implements Downstream {
  /// How deep subrequests may make subrequests.
  private static final int MOST_NESTED = 50;

  /// How many one request of a client may have under way, those of its subrequests included.
  private static final int MOST_AT_ONCE = 10_000;

  private final Exchange parent;
  private final String path;
  private final @Nullable String args;
  private final int depth;
  private String method = "GET";
  private boolean sharesBody;
  private boolean again;
  private boolean ownVariables;
  private @Nullable Consumer<Exchange> preparation;
  private byte @Nullable [] ownBody;
  private boolean headOnly;
  private boolean inMemory;
  private boolean background;
  private byte @Nullable [] stub;
  private @Nullable Exchange exchange;
  private @Nullable Receiver receiver;
  private State state = State.NEW;
  private boolean headWritten;
  private boolean lastWritten;
  private boolean whole;
  private long bytes;

  private enum State {
    NEW,
    RUNNING,
    ENDING,
    OVER
  }

  /// What takes the response of a subrequest. Of the methods that take something each is called in
  /// the order of the response; [#ended] or [#cancelled] is the last call.
  public interface Receiver {
    /// The head is there, in {@link Exchange#response()}.
    default void head(Exchange subrequest) {}

    /// Takes a part of the body.
    void data(Exchange subrequest, ByteBuf part);

    /// Takes a part of a file as body.
    void file(Exchange subrequest, FilePart part);

    /// What was given so far should not wait for more.
    default void flush() {}

    /// False while it has more than it should; then {@link Exchange#clientWritable} goes on.
    default boolean isWritable() {
      return true;
    }

    /// It is over, and can still be asked what it was; `whole` if its response did not break off.
    void ended(Exchange subrequest, boolean whole);

    /// It was given up because its parent is over.
    default void cancelled() {}
  }

  /// What is done with a response that was collected in memory.
  @FunctionalInterface
  public interface Collected {
    /// The subrequest is over. `body` is null if the response broke off or was too large, which has
    /// been logged.
    void collected(Exchange subrequest, byte @Nullable [] body);
  }

  Subrequest(Exchange parent, String path, @Nullable String args) {
    this.parent = parent;
    this.path = path;
    this.args = args;
    Subrequest above = parent.asSubrequest();
    depth = above == null ? 1 : above.depth + 1;
  }

  // ---- what it is, said before it starts

  /// Has this method instead of GET.
  public Subrequest method(String method) {
    this.method = method;
    return this;
  }

  /// Is the request of its parent once more: answered by the same location, with its method, body
  /// and captures, and without going through the phases.
  public Subrequest again() {
    again = true;
    sharesBody = true;
    method = parent.method();
    return this;
  }

  /// Has the body that its parent has read.
  public Subrequest withBody() {
    sharesBody = true;
    return this;
  }

  /// Has this body, and a `Content-Length` that says so, in place of what the client sent.
  public Subrequest body(byte[] body) {
    ownBody = body;
    return this;
  }

  /// Has variables of its own: what was assigned in its parent is not seen here, nor the other way
  /// round.
  public Subrequest ownVariables() {
    ownVariables = true;
    return this;
  }

  boolean hasOwnVariables() {
    return ownVariables;
  }

  /// Only the head of the response is wanted: it is over as soon as no more is at hand.
  public Subrequest headOnly() {
    headOnly = true;
    return this;
  }

  /// The parent's response does not wait for it, but the parent's connection does.
  public Subrequest background() {
    background = true;
    return this;
  }

  /// Stands in for the answer if that is an error of ours, or has no body.
  public Subrequest stub(byte[] text) {
    stub = text;
    return this;
  }

  /// Files of its response come as bytes.
  public Subrequest inMemory() {
    inMemory = true;
    return this;
  }

  /// Does this with its exchange before anything else happens to it.
  public Subrequest prepared(Consumer<Exchange> step) {
    preparation = step;
    return this;
  }

  /// Starts it, and has its response collected in memory; false if there are too many, which is
  /// logged.
  public boolean collect(Collected then) {
    inMemory = true;
    return start(new Collector(then));
  }

  /// Starts it; false if there are too many, which is logged.
  public boolean start(Receiver to) {
    Exchange main = parent.main();
    Subrequests family = main.subrequests();
    if (depth > MOST_NESTED) {
      parent.log(Level.ERROR, "subrequests cycle while processing \"" + path + "\"");
      return false;
    }
    if (family.family() >= MOST_AT_ONCE) {
      parent.log(
          Level.ERROR, "request reference counter overflow while processing \"" + path + "\"");
      return false;
    }
    Exchange made = new Exchange(this, parent);
    made.target(path, args, false);
    made.method(method);
    if (again) {
      made.repeat(parent);
    }
    byte[] given = ownBody;
    if (given != null) {
      RequestHead head = made.changeRequest();
      head.setField("Content-Length", Integer.toString(given.length));
      head.contentLength(given.length);
      head.chunked(false);
      made.body().given(given);
    } else if (sharesBody) {
      made.body().lent(parent.body());
    } else {
      made.body().none();
    }
    exchange = made;
    receiver = to;
    Consumer<Exchange> step = preparation;
    if (step != null) {
      step.accept(made);
    }
    state = State.RUNNING;
    family.family(1);
    parent.subrequests().add(this);
    parent
        .worker()
        .loop()
        .execute(() -> {
          if (state == State.RUNNING) {
            parent.worker().refreshClock();
            made.engine().startSubrequest(made);
          }
        });
    return true;
  }

  // ---- its life

  Exchange parent() {
    return parent;
  }

  boolean isBackground() {
    return background;
  }

  /// True if its body must come as bytes, not as files.
  boolean isInMemory() {
    return inMemory;
  }

  /// What stands in for an answer without a body, while there is none; taken once.
  byte @Nullable [] takeStub() {
    byte[] text = headWritten ? null : stub;
    if (text != null) {
      stub = null;
    }
    return text;
  }

  private Exchange exchange() {
    Exchange there = exchange;
    if (there == null) {
      throw new IllegalStateException("the subrequest has not been started");
    }
    return there;
  }

  private Receiver receiver() {
    Receiver there = receiver;
    if (there == null) {
      throw new IllegalStateException("the subrequest has not been started");
    }
    return there;
  }

  private void finish(boolean whole) {
    if (state != State.RUNNING) {
      return;
    }
    byte[] text = stub;
    if (whole && text != null && bytes == 0) {
      receiver().data(exchange(), BodyFilter.buffer(text.length).writeBytes(text));
    }
    state = State.ENDING;
    this.whole = whole;
    parent.worker().loop().execute(this::over);
  }

  private void over() {
    if (state != State.ENDING) {
      return; // cancelled meanwhile
    }
    parent.worker().refreshClock();
    left();
    Exchange mine = exchange();
    mine.end();
    parent.subrequests().remove(this);
    parent.guarded(() -> receiver().ended(mine, whole));
    mine.release();
    if (background && parent.isLive() && !parent.isHeldOpen()) {
      parent.downstream().settled(parent);
    }
  }

  private void left() {
    state = State.OVER;
    parent.main().subrequests().family(-1);
  }

  /// The parent is over.
  void cancel() {
    if (state == State.RUNNING || state == State.ENDING) {
      left();
      exchange().cancel();
      receiver().cancelled();
    }
  }

  // ---- where the response goes

  private boolean isWanted() {
    return state == State.RUNNING && !headOnly && !exchange().isHead();
  }

  @Override
  public void writeHead(Exchange exchange, boolean last) {
    if (state != State.RUNNING) {
      return;
    }
    headWritten = true;
    lastWritten |= last;
    receiver().head(exchange);
  }

  @Override
  public void writeBody(Exchange exchange, ByteBuf body, boolean last) {
    int size = body.readableBytes();
    if (size == 0 || !isWanted()) {
      body.release();
    } else {
      bytes += size;
      receiver().data(exchange, body);
    }
    lastWritten |= last;
  }

  @Override
  public void writeFile(Exchange exchange, FilePart file, boolean last) {
    if (file.length() == 0 || !isWanted()) {
      file.close();
    } else {
      bytes += file.length();
      receiver().file(exchange, file);
    }
    lastWritten |= last;
  }

  @Override
  public void writeEnd(Exchange exchange) {
    lastWritten = true;
  }

  @Override
  public void writeInformational(Exchange exchange, int status, ResponseHeaders fields) {
    // they are for clients
  }

  @Override
  public void flush() {
    if (state != State.RUNNING) {
      return;
    }
    if (lastWritten || (headOnly && headWritten)) {
      finish(true);
    } else {
      receiver().flush();
    }
  }

  @Override
  public boolean isWritable() {
    return !isWanted() || receiver().isWritable();
  }

  @Override
  public long bytesSent() {
    return bytes;
  }

  @Override
  public void abort(Exchange exchange) {
    finish(false);
  }

  @Override
  public void settled(Exchange exchange) {
    // its own background subrequests end with it
  }

  // ---- the client, who is the parent's

  @Override
  public Worker worker() {
    return parent.worker();
  }

  @Override
  public long connectionNumber() {
    return parent.downstream().connectionNumber();
  }

  @Override
  public long requestNumber() {
    return parent.downstream().requestNumber();
  }

  @Override
  public SocketAddress remoteAddress() {
    return parent.remoteAddress();
  }

  @Override
  public @Nullable ProxyHeader proxyHeader() {
    return parent.downstream().proxyHeader();
  }

  @Override
  public @Nullable TcpState tcpState() {
    return parent.downstream().tcpState();
  }

  @Override
  public long openedNanos() {
    return parent.downstream().openedNanos();
  }

  @Override
  public SocketAddress localAddress() {
    return parent.downstream().localAddress();
  }

  @Override
  public void becomeTunnel(Exchange exchange, Tunnel tunnel) {
    throw new IllegalStateException("a subrequest cannot become a tunnel");
  }

  @Override
  public void writeTunnel(ByteBuf bytes) {
    bytes.release();
  }

  @Override
  public void flushTunnel() {}

  @Override
  public void closeTunnel() {}

  @Override
  public void readTunnel(boolean read) {}

  // its body, if it has one, is there already

  @Override
  public void readBody(Exchange exchange) {}

  @Override
  public int discardBody(Exchange exchange) {
    return 0;
  }

  @Override
  public void pauseBody(boolean pause) {}
}
