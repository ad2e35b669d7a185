package dev.turnout.http.h1;

import dev.turnout.http.RequestHead;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/// Where the body of the present request ends (RFC 9112 section 6.3): counts `Content-Length` down,
/// or reads the chunks. Owned by one connection, which may throw the body away after its exchange
/// is over.
final class BodyFraming {
  private @Nullable ChunkedDecoder chunks;
  private boolean chunked;
  private boolean complete = true;
  private long left;
  private long received;
  private int status;

  /// Begins with the body that `head` announces.
  void begin(RequestHead head) {
    chunked = head.chunked();
    left = Math.max(0, head.contentLength());
    complete = !chunked && left == 0;
    received = 0;
    status = 0;
    if (chunked) {
      ChunkedDecoder decoder = chunks;
      if (decoder == null) {
        chunks = new ChunkedDecoder();
      } else {
        decoder.reset();
      }
    }
  }

  /// True once the last byte of the body has been taken.
  boolean isComplete() {
    return complete;
  }

  /// True if the body is malformed: see [#status()].
  boolean isInvalid() {
    return status != 0;
  }

  /// What a malformed body is answered with.
  int status() {
    return status;
  }

  /// What was malformed.
  String reason() {
    ChunkedDecoder decoder = chunks;
    return decoder == null ? "" : decoder.reason();
  }

  /// Bytes of body taken so far.
  long received() {
    return received;
  }

  /// Bytes that the present chunk or length still announces.
  long announced() {
    ChunkedDecoder decoder = chunks;
    return chunked && decoder != null ? decoder.remaining() : left;
  }

  /// Takes the next part of the body out of `in`; null if there is none (it is used up, the body is
  /// complete, or it is malformed). The caller owns what it gets.
  @Nullable ByteBuf take(ByteBuf in) {
    if (complete || status != 0) {
      return null;
    }
    if (!chunked) {
      int n = (int) Math.min(left, in.readableBytes());
      if (n == 0) {
        return null;
      }
      left -= n;
      received += n;
      complete = left == 0;
      return in.readRetainedSlice(n);
    }
    ChunkedDecoder decoder = chunks;
    if (decoder == null) {
      throw new IllegalStateException("chunked without a decoder");
    }
    switch (decoder.decode(in)) {
      case DATA -> {
        ByteBuf data = decoder.take(in);
        received += data.readableBytes();
        return data;
      }
      case DONE -> complete = true;
      case INVALID -> status = decoder.status();
      case NEED_MORE -> {
        // the next read brings more
      }
    }
    return null;
  }

  /// True if `in` holds the rest of the body, whole and well formed; nothing is taken.
  boolean isWholeIn(ByteBuf in) {
    if (!chunked) {
      return left <= in.readableBytes();
    }
    if (received > 0 || complete || status != 0) {
      return complete;
    }
    BodyFraming ahead = new BodyFraming();
    ahead.chunked = true;
    ahead.complete = false;
    ahead.chunks = new ChunkedDecoder();
    ahead.skip(in.duplicate());
    return ahead.complete;
  }

  /// Throws away what `in` holds of the body.
  void skip(ByteBuf in) {
    ByteBuf part = take(in);
    while (part != null) {
      part.release();
      part = take(in);
    }
  }

  /// There is no body to come.
  void none() {
    complete = true;
    status = 0;
  }
}
