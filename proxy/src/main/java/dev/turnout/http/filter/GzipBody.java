package dev.turnout.http.filter;

import dev.turnout.http.BodyTransform;
import dev.turnout.http.Exchange;
import io.netty.buffer.ByteBuf;
import io.netty.util.concurrent.FastThreadLocal;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import org.jspecify.annotations.Nullable;

/// Compresses a body (RFC 1952). Like nginx's, it gives away what is compressed when it has a
/// buffer full, unless each part is to reach the client at once.
final class GzipBody extends BodyTransform {
  private static final byte[] HEADER = header(0);
  private static final byte[] FASTEST = header(4);
  private static final byte[] SMALLEST = header(2);
  private static final int POOLED = 16;

  /// Deflaters that are free, on each loop: making one costs more than compressing a small body.
  private static final FastThreadLocal<ArrayDeque<Deflater>> FREE =
      new FastThreadLocal<>() {
        @Override
        protected ArrayDeque<Deflater> initialValue() {
          return new ArrayDeque<>();
        }

        @Override
        protected void onRemoval(ArrayDeque<Deflater> free) {
          free.forEach(Deflater::end);
        }
      };

  private final CRC32 checksum = new CRC32();
  private @Nullable Deflater deflater;
  private @Nullable ByteBuf out;
  private boolean unsynced;
  private long in;
  private long made = HEADER.length;

  /// @param effort XFL, what zlib says there of its level (RFC 1952, section 2.3.1)
  private static byte[] header(int effort) {
    return new byte[] {0x1f, (byte) 0x8b, Deflater.DEFLATED, 0, 0, 0, 0, 0, (byte) effort, 3};
  }

  GzipBody(Exchange exchange, int level) {
    super(exchange);
    Deflater free = FREE.get().pollLast();
    Deflater mine = free == null ? new Deflater(level, true) : free;
    mine.setLevel(level);
    deflater = mine;
    out = buffer(STEP).writeBytes(level == 1 ? FASTEST : level == 9 ? SMALLEST : HEADER);
  }

  @Override
  protected boolean transform(ByteBuf body) {
    int n = Math.min(STEP, body.readableBytes());
    ByteBuffer piece = body.nioBuffer(body.readerIndex(), n);
    checksum.update(piece.duplicate());
    deflater().setInput(piece);
    in += n;
    unsynced = true;
    deflate(Deflater.NO_FLUSH);
    body.skipBytes(n);
    return !body.isReadable();
  }

  @Override
  protected void sync() {
    if (unsynced) {
      unsynced = false;
      deflate(Deflater.SYNC_FLUSH);
      pass(false);
    }
  }

  @Override
  protected void finish() {
    deflater().finish();
    deflate(Deflater.NO_FLUSH);
    ByteBuf last = room(8);
    last.writeIntLE((int) checksum.getValue()).writeIntLE((int) in);
    made += 8;
    pass(true);
    giveBack();
  }

  private void deflate(int flush) {
    Deflater mine = deflater();
    while (true) {
      ByteBuf to = room(1);
      int space = to.writableBytes();
      int n = mine.deflate(to.internalNioBuffer(to.writerIndex(), space), flush);
      to.writerIndex(to.writerIndex() + n);
      made += n;
      if (n < space) {
        return;
      }
    }
  }

  /// The buffer, with room for this much; a full one is passed on.
  private ByteBuf room(int bytes) {
    ByteBuf there = out;
    if (there != null && there.writableBytes() >= bytes) {
      return there;
    }
    pass(false);
    ByteBuf fresh = buffer(STEP);
    out = fresh;
    return fresh;
  }

  private void pass(boolean last) {
    ByteBuf full = out;
    out = null;
    if (full != null) {
      next().writeBody(exchange(), full, last);
    }
  }

  private Deflater deflater() {
    Deflater mine = deflater;
    if (mine == null) {
      throw new IllegalStateException("the body has been compressed");
    }
    return mine;
  }

  private void giveBack() {
    Deflater mine = deflater;
    if (mine == null) {
      return;
    }
    deflater = null;
    mine.reset();
    ArrayDeque<Deflater> free = FREE.get();
    if (free.size() < POOLED) {
      free.addLast(mine);
    } else {
      mine.end();
    }
  }

  @Override
  protected void free() {
    ByteBuf unsent = out;
    if (unsent != null) {
      out = null;
      unsent.release();
    }
    giveBack();
  }

  /// `$gzip_ratio`: how many times smaller it became, rounded to hundredths.
  String ratio() {
    long hundredths = (in * 1000 / made + 5) / 10;
    return hundredths / 100 + "." + (hundredths % 100 < 10 ? "0" : "") + hundredths % 100;
  }
}
