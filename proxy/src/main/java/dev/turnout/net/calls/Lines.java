package dev.turnout.net.calls;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// An answer that goes on line by line, and may fall silent. Read by one thread; another one, which
/// it owns, waits for the other side.
public final class Lines implements AutoCloseable {
  private static final int AHEAD = 64;

  /// What was read, or why nothing more is.
  private sealed interface Item {
    record Line(String text) implements Item {}

    record End(@Nullable IOException failure) implements Item {}
  }

  private final String where;
  private final InputStream in;
  private final int longest;
  private final ArrayBlockingQueue<Item> read = new ArrayBlockingQueue<>(AHEAD);
  private final Thread reader;
  private @Nullable Item ahead;
  private boolean ended;

  /// @param where whom the answer comes from, for errors
  /// @param in is closed with this
  /// @param longest the longest line that is taken, in bytes
  public Lines(String where, InputStream in, int longest) {
    this.where = where;
    this.in = in;
    this.longest = longest;
    this.reader = Thread.ofVirtual().name("lines-" + where).start(this::run);
  }

  private void run() {
    try {
      try (InputStream buffered = new BufferedInputStream(in)) {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = buffered.read(); b >= 0; b = buffered.read()) {
          if (b != '\n') {
            line.write(b);
          } else if (line.size() > 0) {
            read.put(new Item.Line(line.toString(java.nio.charset.StandardCharsets.UTF_8)));
            line = new ByteArrayOutputStream();
          }
          if (line.size() > longest) {
            throw new IOException("a line is longer than " + longest + " bytes");
          }
        }
        read.put(new Item.End(null));
      } catch (IOException e) {
        read.put(new Item.End(e));
      }
    } catch (InterruptedException _) {
      // closed: nobody reads on
    }
  }

  /// Waits until there is a line, or the answer has ended; false if neither comes in time.
  public boolean awaits(long millis) throws InterruptedException {
    if (ended || ahead != null) {
      return true;
    }
    ahead = read.poll(millis, TimeUnit.MILLISECONDS);
    return ahead != null;
  }

  /// The next line; null: the other side has ended its answer.
  ///
  /// @param millis how long it may be silent
  /// @throws CallException if it is silent for longer, or the connection is lost
  public @Nullable String next(long millis) throws CallException, InterruptedException {
    if (ended) {
      return null;
    }
    Item next = ahead != null ? ahead : read.poll(millis, TimeUnit.MILLISECONDS);
    ahead = null;
    return switch (next) {
      case Item.Line(String text) -> text;
      case Item.End(IOException failure) -> {
        ended = true;
        if (failure != null) {
          throw new CallException(where + ": the connection was lost", failure);
        }
        yield null;
      }
      case null -> throw new CallException(where + " said nothing for " + millis + " ms");
    };
  }

  @Override
  public void close() {
    reader.interrupt(); // which closes the connection, if it waits for that
    try {
      in.close();
    } catch (IOException _) {
      // nothing is lost that was wanted
    }
  }
}
