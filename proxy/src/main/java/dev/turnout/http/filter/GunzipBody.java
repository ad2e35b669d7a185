package dev.turnout.http.filter;

import dev.turnout.http.BodyTransform;
import dev.turnout.http.Exchange;
import dev.turnout.log.Level;
import io.netty.buffer.ByteBuf;
import io.netty.util.concurrent.FastThreadLocal;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/// Makes a compressed body (RFC 1952) plain, however many members it has. What is malformed breaks
/// the response off.
final class GunzipBody extends BodyTransform {
  private static final int POOLED = 16;
  private static final int FIXED_HEADER = 10;
  private static final int TRAILER = 8;
  private static final int LONGEST_HEADER = 64 * 1024;
  private static final int HAS_CRC = 2;
  private static final int HAS_EXTRA = 4;
  private static final int HAS_NAME = 8;
  private static final int HAS_COMMENT = 16;

  private static final FastThreadLocal<ArrayDeque<Inflater>> FREE =
      new FastThreadLocal<>() {
        @Override
        protected ArrayDeque<Inflater> initialValue() {
          return new ArrayDeque<>();
        }

        @Override
        protected void onRemoval(ArrayDeque<Inflater> free) {
          free.forEach(Inflater::end);
        }
      };

  /// The part of a member that comes next.
  private enum Part {
    FIXED,
    EXTRA_LENGTH,
    EXTRA,
    NAME,
    COMMENT,
    HEADER_CRC,
    DATA,
    TRAILER
  }

  private final CRC32 checksum = new CRC32();
  private final byte[] fixed = new byte[FIXED_HEADER];
  private @Nullable Inflater inflater;
  private Part part = Part.FIXED;
  private int flags;
  private int have;
  private int skip;
  private int headerLength;
  private long plain;
  private boolean any;
  private boolean broken;

  GunzipBody(Exchange exchange) {
    super(exchange);
    Inflater free = FREE.get().pollLast();
    inflater = free == null ? new Inflater(true) : free;
  }

  @Override
  protected boolean transform(ByteBuf in) {
    if (broken) {
      return true;
    }
    try {
      while (in.isReadable() && part != Part.DATA) {
        boundary(in);
      }
      if (part != Part.DATA) {
        return true;
      }
      return inflate(in);
    } catch (DataFormatException e) {
      fail("inflate() failed: " + e.getMessage());
      return true;
    }
  }

  /// Takes what stands around the data of a member.
  private void boundary(ByteBuf in) throws DataFormatException {
    if (part != Part.TRAILER && ++headerLength > LONGEST_HEADER) {
      throw new DataFormatException("the header is too long");
    }
    int b = in.readUnsignedByte();
    switch (part) {
      case FIXED -> {
        fixed[have++] = (byte) b;
        if (have == FIXED_HEADER) {
          have = 0;
          flags = fixed[3];
          if (fixed[0] != 0x1f || fixed[1] != (byte) 0x8b || fixed[2] != 8) {
            throw new DataFormatException("incorrect header check");
          }
          enter(Part.EXTRA_LENGTH);
        }
      }
      case EXTRA_LENGTH -> {
        skip |= b << (8 * have++);
        if (have == 2) {
          have = 0;
          enter(skip == 0 ? Part.NAME : Part.EXTRA);
        }
      }
      case EXTRA -> {
        if (--skip == 0) {
          enter(Part.NAME);
        }
      }
      case NAME -> {
        if (b == 0) {
          enter(Part.COMMENT);
        }
      }
      case COMMENT -> {
        if (b == 0) {
          enter(Part.HEADER_CRC);
        }
      }
      case HEADER_CRC -> {
        if (++have == 2) {
          have = 0;
          enter(Part.DATA);
        }
      }
      case TRAILER -> {
        fixed[have++] = (byte) b;
        if (have == TRAILER) {
          have = 0;
          memberOver();
        }
      }
      case DATA -> throw new IllegalStateException("data is not a boundary");
    }
  }

  /// Goes to the first of these parts, from `wanted` on, that the member has.
  private void enter(Part wanted) {
    part =
        switch (wanted) {
          case EXTRA_LENGTH -> {
            skip = 0;
            if ((flags & HAS_EXTRA) != 0) {
              yield wanted;
            }
            enter(Part.NAME);
            yield part;
          }
          case NAME -> {
            if ((flags & HAS_NAME) != 0) {
              yield wanted;
            }
            enter(Part.COMMENT);
            yield part;
          }
          case COMMENT -> {
            if ((flags & HAS_COMMENT) != 0) {
              yield wanted;
            }
            enter(Part.HEADER_CRC);
            yield part;
          }
          case HEADER_CRC -> (flags & HAS_CRC) != 0 ? wanted : Part.DATA;
          case FIXED, EXTRA, DATA, TRAILER -> wanted;
        };
  }

  private boolean inflate(ByteBuf in) throws DataFormatException {
    Inflater mine = inflater();
    ByteBuffer from = in.nioBuffer();
    mine.setInput(from);
    ByteBuf out = buffer(STEP);
    boolean whole = false;
    try {
      int n = mine.inflate(out.internalNioBuffer(0, STEP));
      whole = true;
      out.writerIndex(n);
    } finally {
      if (!whole) {
        out.release();
      }
    }
    int made = out.readableBytes();
    checksum.update(out.internalNioBuffer(0, made));
    plain += made;
    in.readerIndex(in.writerIndex() - from.remaining());
    if (mine.needsDictionary()) {
      out.release();
      throw new DataFormatException("a dictionary is needed");
    }
    boolean finished = mine.finished();
    if (finished) {
      part = Part.TRAILER;
    }
    any = true;
    if (made > 0) {
      next().writeBody(exchange(), out, false);
    } else {
      out.release();
    }
    if (isReleased()) {
      return true;
    }
    return !in.isReadable() && (finished || made < STEP);
  }

  private void memberOver() throws DataFormatException {
    int sum = littleEndian(0);
    int length = littleEndian(4);
    if (sum != (int) checksum.getValue()) {
      throw new DataFormatException("incorrect data check");
    }
    if (length != (int) plain) {
      throw new DataFormatException("incorrect length check");
    }
    inflater().reset();
    checksum.reset();
    plain = 0;
    headerLength = 0;
    part = Part.FIXED;
  }

  private int littleEndian(int at) {
    return (fixed[at] & 0xff)
        | (fixed[at + 1] & 0xff) << 8
        | (fixed[at + 2] & 0xff) << 16
        | (fixed[at + 3] & 0xff) << 24;
  }

  @Override
  protected void finish() {
    if (broken) {
      return;
    }
    if (part != Part.FIXED || have != 0) {
      fail(any ? "inflate() ended before the end of the stream" : "gzip header is not complete");
      return;
    }
    next().writeEnd(exchange());
  }

  private void fail(String reason) {
    broken = true;
    exchange().log(Level.ERROR, reason);
    next().abort(exchange());
  }

  private Inflater inflater() {
    Inflater mine = inflater;
    if (mine == null) {
      throw new IllegalStateException("the exchange is over");
    }
    return mine;
  }

  @Override
  protected void free() {
    Inflater mine = inflater;
    if (mine == null) {
      return;
    }
    inflater = null;
    mine.reset();
    ArrayDeque<Inflater> free = FREE.get();
    if (free.size() < POOLED) {
      free.addLast(mine);
    } else {
      mine.end();
    }
  }
}
