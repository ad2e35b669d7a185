package dev.turnout.http.proxy;

import dev.turnout.http.Fields;
import dev.turnout.http.ResponseHead;
import dev.turnout.http.h1.ChunkedDecoder;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/// Where the body of an upstream's response ends. Reused; owned by one exchange.
public final class ResponseFraming {
  private ResponseHead.Framing kind = ResponseHead.Framing.NONE;
  private @Nullable ChunkedDecoder chunks;
  private long left;
  private boolean complete;
  private boolean invalid;
  private boolean excess;

  /// Begins with the body that `head` announces to a request with this method.
  public void begin(ResponseHead head, String method) {
    kind = head.framing(method);
    left = head.contentLength();
    invalid = false;
    excess = false;
    complete =
        kind == ResponseHead.Framing.NONE || (kind == ResponseHead.Framing.LENGTH && left == 0);
    if (kind == ResponseHead.Framing.CHUNKED) {
      ChunkedDecoder decoder = chunks;
      if (decoder == null) {
        chunks = new ChunkedDecoder();
      } else {
        decoder.reset();
      }
    }
  }

  /// True once the last byte has been taken.
  public boolean isComplete() {
    return complete;
  }

  /// True if the chunks are malformed.
  public boolean isInvalid() {
    return invalid;
  }

  /// True if the upstream sent more than it announced.
  public boolean hasExcess() {
    return excess;
  }

  /// True if the end of the connection is the end of the body.
  public boolean endsWithConnection() {
    return kind == ResponseHead.Framing.UNTIL_CLOSE;
  }

  /// What was malformed.
  public String reason() {
    ChunkedDecoder decoder = chunks;
    return decoder == null ? "" : decoder.reason();
  }

  /// The trailer fields of a chunked body, once it is complete.
  @Nullable Fields trailers() {
    ChunkedDecoder decoder = chunks;
    return kind == ResponseHead.Framing.CHUNKED && decoder != null ? decoder.trailers() : null;
  }

  /// True if all of `in` is body: then it need not be cut, and is counted.
  public boolean takeWhole(ByteBuf in) {
    int n = in.readableBytes();
    if (complete || n == 0) {
      return false;
    }
    return switch (kind) {
      case NONE, CHUNKED -> false;
      case UNTIL_CLOSE -> true;
      case LENGTH -> {
        if (n > left) {
          yield false;
        }
        left -= n;
        complete = left == 0;
        yield true;
      }
    };
  }

  /// Takes the next part of the body out of `in`, which stays the caller's, and so is the part;
  /// null if there is none.
  public @Nullable ByteBuf take(ByteBuf in) {
    if (invalid || !in.isReadable()) {
      return null;
    }
    if (complete) {
      excess = true;
      return null;
    }
    return switch (kind) {
      case NONE, UNTIL_CLOSE -> null;
      case LENGTH -> {
        ByteBuf part = in.readRetainedSlice((int) Math.min(left, in.readableBytes()));
        left -= part.readableBytes();
        complete = left == 0;
        excess = complete && in.isReadable();
        yield part;
      }
      case CHUNKED -> chunk(in);
    };
  }

  private @Nullable ByteBuf chunk(ByteBuf in) {
    ChunkedDecoder decoder = chunks;
    if (decoder == null) {
      throw new IllegalStateException("chunked without a decoder");
    }
    switch (decoder.decode(in)) {
      case DATA -> {
        return decoder.take(in);
      }
      case DONE -> {
        complete = true;
        excess = in.isReadable();
      }
      case INVALID -> invalid = true;
      case NEED_MORE -> {
        // the next read brings more
      }
    }
    return null;
  }
}
