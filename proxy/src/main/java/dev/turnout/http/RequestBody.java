package dev.turnout.http;

import dev.turnout.log.Level;
import dev.turnout.net.OffLoop;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// The body of a request: not read, kept whole (in memory up to `client_body_buffer_size`, beyond
/// that in a temporary file), streamed to someone, or discarded. Confined to its exchange's loop;
/// the file is written off the loop while the client is not read.
public final class RequestBody implements BodyReceiver {
  private static final AtomicLong FILE_NUMBER = new AtomicLong();

  /// Parts smaller than this are put together: a client that sends byte by byte must not make each
  /// byte hold a read buffer.
  private static final int SMALL = 2048;

  private final Exchange exchange;
  private final List<ByteBuf> memory = new ArrayList<>(2);
  private @Nullable ByteBuf collecting;
  private long inMemory;
  private long length;
  private Mode mode = Mode.UNREAD;
  private @Nullable Runnable whenRead;
  private @Nullable BodyReceiver receiver;
  private @Nullable TempFile file;
  private boolean keepFile;
  private boolean writing;
  private boolean complete;
  private boolean passedOn;
  private int generation;
  private boolean borrowed;
  private @Nullable RequestBody lender;

  private record TempFile(FileChannel channel, Path path) {}

  private enum Mode {
    UNREAD,
    KEEPING,
    STREAMING,
    DISCARDING
  }

  RequestBody(Exchange exchange) {
    this.exchange = exchange;
  }

  /// A subrequest has no body, whatever the head of the request says.
  void none() {
    borrowed = true;
    lender = null;
    complete = true;
  }

  /// A subrequest has this body, made for it.
  void given(byte[] bytes) {
    none();
    if (bytes.length != 0) {
      memory.add(Unpooled.wrappedBuffer(bytes));
      length = bytes.length;
    }
  }

  /// A subrequest has what `from` has kept, if that has been read whole; it stays owned by `from`.
  void lent(RequestBody from) {
    none();
    RequestBody owner = from.borrowed && from.lender != null ? from.lender : from;
    boolean isWhole = owner.mode == Mode.KEEPING && owner.complete && !owner.writing;
    if (isWhole || (owner.borrowed && !owner.memory.isEmpty())) {
      lender = owner;
      length = owner.length;
    }
  }

  /// Has these bytes in place of what has been read, which must be all of it.
  public void replace(byte[] bytes) throws IOException {
    forgetWhatWasRead();
    if (bytes.length != 0) {
      memory.add(Unpooled.wrappedBuffer(bytes));
    }
    length = bytes.length;
    inMemory = bytes.length;
  }

  /// Has what is in a file in place of what has been read, which must be all of it. Takes
  /// `channel`.
  ///
  /// @param remove the file is taken away when it is no longer needed
  public void replace(FileChannel channel, Path path, boolean remove) throws IOException {
    forgetWhatWasRead();
    file = new TempFile(channel, path);
    keepFile = !remove;
    length = channel.size();
  }

  /// As [#replace(byte[])], in a temporary file; then runs `done`.
  public void replaceInFile(byte[] bytes, Runnable done) throws IOException {
    replace(bytes);
    whenRead = done;
    spill(true);
  }

  private void forgetWhatWasRead() throws IOException {
    lender = null;
    memory.forEach(ByteBuf::release);
    memory.clear();
    collecting = null;
    inMemory = 0;
    TempFile before = file;
    file = null;
    if (before != null && !writing) {
      before.channel().close();
      if (!keepFile) {
        Files.deleteIfExists(before.path()); // at once: the script may look
      }
    }
    keepFile = false;
    passedOn = false;
    complete = true;
    if (!borrowed) {
      mode = Mode.KEEPING;
    }
  }

  /// True if the request has a body, even an empty one in chunks.
  public boolean isPresent() {
    if (borrowed) {
      return lender != null || !memory.isEmpty();
    }
    return exchange.request().contentLength() > 0 || exchange.request().chunked();
  }

  /// True if it says that it is larger than `client_max_body_size` allows here. An internal
  /// redirect leads on whatever the size: to the page for just that error, for one.
  boolean isTooLarge() {
    long limit = exchange.core().clientMaxBodySize();
    return limit > 0 && !exchange.isInternal() && exchange.request().contentLength() > limit;
  }

  /// Answers 413, unread.
  void refuse() {
    exchange.log(
        Level.ERROR,
        "client intended to send too large body: " + exchange.request().contentLength() + " bytes");
    discard();
    exchange.finish(413);
  }

  /// Reads it whole, then runs `done`. What goes wrong ends the exchange with 400, 408 or 413.
  public void read(Runnable done) {
    if (borrowed) {
      done.run();
      return;
    }
    if (complete || !isPresent()) {
      complete = true;
      if (exchange.core().clientBodyInFileOnly() == CoreSettings.BodyInFile.OFF
          || length == 0
          || file != null) {
        done.run();
        return;
      }
    }
    if (mode == Mode.DISCARDING) {
      done.run();
      return;
    }
    mode = Mode.KEEPING;
    whenRead = done;
    exchange.downstream().readBody(exchange);
  }

  /// Reads what has come already. If that is all of it `done` runs, as after [#read]; if it is not,
  /// false is returned and it is to be streamed.
  public boolean readAtHand(Runnable done) {
    boolean whole = exchange.downstream().isBodyAtHand();
    if (whole) {
      read(done);
    }
    return whole;
  }

  /// Passes it on to `to` as it comes.
  public void stream(BodyReceiver to) {
    mode = Mode.STREAMING;
    receiver = to;
    passedOn = isPresent();
    if (isPresent()) {
      exchange.downstream().readBody(exchange);
    } else {
      complete = true;
      to.end(exchange);
    }
  }

  /// It is thrown away by the wire, what has come of it and what is still to come. Returns the
  /// status to answer with if what has come is malformed, else 0.
  public int discard() {
    if (borrowed || (mode != Mode.UNREAD && mode != Mode.STREAMING)) {
      return 0;
    }
    mode = Mode.DISCARDING;
    receiver = null;
    return isPresent() ? exchange.downstream().discardBody(exchange) : 0;
  }

  /// True while parts are wanted.
  public boolean isWanted() {
    return mode == Mode.KEEPING || mode == Mode.STREAMING;
  }

  /// True once all of it has come.
  public boolean isComplete() {
    return complete;
  }

  /// Bytes that have been kept.
  public long length() {
    return length;
  }

  /// The parts kept in memory; empty if there is a file. They stay owned by this body.
  public List<ByteBuf> parts() {
    return lender == null ? memory : lender.memory;
  }

  /// The temporary file that holds all of it, or null.
  public @Nullable FileChannel file() {
    TempFile there = lender == null ? file : lender.file;
    return there == null ? null : there.channel();
  }

  /// The path of the temporary file, or null.
  public @Nullable Path path() {
    TempFile there = lender == null ? file : lender.file;
    return there == null ? null : there.path();
  }

  /// All of it as a text, or null if it is not in memory.
  public @Nullable String text() {
    if (lender != null) {
      return lender.text();
    }
    if (file != null || !complete || length == 0) {
      return null;
    }
    StringBuilder out = new StringBuilder((int) length);
    for (ByteBuf part : memory) {
      out.append(part.toString(StandardCharsets.ISO_8859_1));
    }
    return out.toString();
  }

  @Override
  public void data(Exchange exchange, ByteBuf part) {
    BodyReceiver to = receiver;
    if (mode == Mode.STREAMING && to != null) {
      length += part.readableBytes();
      to.data(exchange, part);
      return;
    }
    if (mode != Mode.KEEPING) {
      part.release();
      return;
    }
    int size = part.readableBytes();
    keep(part, size);
    inMemory += size;
    length += size;
    if (inMemory > exchange.core().clientBodyBufferSize() && !writing) {
      spill(false);
    }
  }

  @Override
  public void pause(Exchange exchange) {
    BodyReceiver to = receiver;
    if (mode == Mode.STREAMING && to != null) {
      to.pause(exchange);
    }
  }

  private void keep(ByteBuf part, int size) {
    ByteBuf last = collecting;
    if (last != null && last.writableBytes() >= size) {
      last.writeBytes(part);
      part.release();
    } else if (size < SMALL) {
      ByteBuf fresh = part.alloc().directBuffer(2 * SMALL, 2 * SMALL).writeBytes(part);
      part.release();
      memory.add(fresh);
      collecting = fresh;
    } else {
      memory.add(part);
      collecting = null;
    }
  }

  @Override
  public void end(Exchange exchange) {
    complete = true;
    BodyReceiver to = receiver;
    if (mode == Mode.STREAMING && to != null) {
      to.end(exchange);
      return;
    }
    if (mode != Mode.KEEPING || writing) {
      return;
    }
    boolean toFile =
        file != null
            || (exchange.core().clientBodyInFileOnly() != CoreSettings.BodyInFile.OFF
                && length > 0);
    if (toFile) {
      spill(true);
    } else {
      finished();
    }
  }

  @Override
  public void failed(Exchange exchange, int status) {
    BodyReceiver to = receiver;
    if (mode == Mode.STREAMING && to != null) {
      to.failed(exchange, status);
      return;
    }
    mode = Mode.DISCARDING;
    whenRead = null;
    if (status != 0) {
      exchange.finish(status);
    }
  }

  private void finished() {
    Runnable done = whenRead;
    whenRead = null;
    if (done != null) {
      done.run();
    }
  }

  /// Moves what is in memory to the file. The client is not read meanwhile.
  private void spill(boolean last) {
    writing = true;
    exchange.downstream().pauseBody(true);
    List<ByteBuf> parts = List.copyOf(memory);
    memory.clear();
    collecting = null;
    inMemory = 0;
    CoreSettings core = exchange.core();
    int mine = generation;
    TempFile open = file;
    OffLoop.run(
        exchange.worker(),
        () -> {
          TempFile fresh = null;
          try {
            fresh = open == null ? create(Path.of(core.clientBodyTempPath())) : null;
            TempFile to = fresh == null ? open : fresh;
            write(parts, to);
            fresh = null;
            return to;
          } finally {
            parts.forEach(ByteBuf::release);
            if (fresh != null) {
              remove(fresh); // nobody else knows of it
            }
          }
        },
        (to, failure) -> {
          if (open == null && to != null && mine == generation) {
            exchange.log(
                core.clientBodyInFileOnly() == CoreSettings.BodyInFile.OFF
                    ? Level.WARN
                    : Level.NOTICE,
                "a client request body is buffered to a temporary file " + to.path());
          }
          written(mine, to == null ? open : to, failure);
        });
    keepFile = core.clientBodyInFileOnly() == CoreSettings.BodyInFile.ON;
    if (last) {
      complete = true;
    }
  }

  private static void write(List<ByteBuf> parts, @Nullable TempFile to) throws IOException {
    if (to == null) {
      throw new IOException("no temporary file");
    }
    for (ByteBuf part : parts) {
      for (ByteBuffer bytes : part.nioBuffers()) {
        while (bytes.hasRemaining()) {
          to.channel().write(bytes);
        }
      }
    }
  }

  private static void remove(TempFile file) throws IOException {
    file.channel().close();
    Files.deleteIfExists(file.path());
  }

  private static TempFile create(Path directory) throws IOException {
    Files.createDirectories(directory);
    while (true) {
      Path name = directory.resolve(String.format("%010d", FILE_NUMBER.incrementAndGet()));
      try {
        FileChannel channel =
            FileChannel.open(
                name,
                StandardOpenOption.CREATE_NEW,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);
        return new TempFile(channel, name);
      } catch (java.nio.file.FileAlreadyExistsException _) {
        // left by an earlier process: take the next number
      }
    }
  }

  private void written(int mine, @Nullable TempFile to, @Nullable IOException failure) {
    if (mine != generation) {
      if (to != null) {
        close(to, false);
      }
      return;
    }
    writing = false;
    file = to;
    if (failure != null) {
      exchange.log(
          Level.CRIT, "writing client request body to a temporary file failed: " + failure);
      failed(exchange, 500);
      return;
    }
    if (!memory.isEmpty() && (complete || inMemory > exchange.core().clientBodyBufferSize())) {
      spill(complete);
      return;
    }
    boolean wasComplete = complete;
    exchange.downstream().pauseBody(false);
    if (wasComplete) {
      finished();
    }
  }

  /// True if all or some of it has been passed on without being kept: it cannot be read again.
  public boolean isPassedOn() {
    return passedOn;
  }

  /// Lets go of everything; the temporary file is removed unless it was asked for.
  public void release() {
    generation++;
    borrowed = false;
    lender = null;
    if (!memory.isEmpty()) {
      memory.forEach(ByteBuf::release);
      memory.clear();
    }
    collecting = null;
    inMemory = 0;
    length = 0;
    passedOn = false;
    mode = Mode.UNREAD;
    whenRead = null;
    receiver = null;
    complete = false;
    if (file != null && !writing) {
      close(file, keepFile);
    }
    file = null;
    writing = false;
    keepFile = false;
  }

  private void close(TempFile done, boolean keep) {
    OffLoop.run(
        exchange.worker(),
        () -> {
          done.channel().close();
          if (!keep) {
            Files.deleteIfExists(done.path());
          }
          return done;
        },
        (_, _) -> {
          // a temporary file that stays behind harms nobody
        });
  }
}
