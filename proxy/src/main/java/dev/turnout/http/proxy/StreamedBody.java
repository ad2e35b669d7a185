package dev.turnout.http.proxy;

import dev.turnout.http.BodyReceiver;
import dev.turnout.http.Exchange;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// The body of a request that goes to the upstream while it comes from the client
/// (`proxy_request_buffering off`). Belongs to its [Proxying], and is used again with it.
final class StreamedBody implements BodyReceiver {
  private static final byte[] LAST_CHUNK = "0\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1);

  /// How much goes into one chunk, and what the line before it may take.
  private static final int GATHERED = 64 * 1024;

  private static final int CHUNK_LINE = 10;

  private final Proxying proxying;
  private boolean chunked;
  private @Nullable ByteBuf gathered;

  StreamedBody(Proxying proxying) {
    this.proxying = proxying;
  }

  /// @param chunked nobody knows how long it will be
  void begin(boolean chunked) {
    this.chunked = chunked;
  }

  boolean isChunked() {
    return chunked;
  }

  @Override
  public void data(Exchange present, ByteBuf part) {
    Attempt attempt = proxying.receiver();
    if (attempt == null) {
      part.release();
      return;
    }
    if (chunked) {
      gather(attempt, part);
    } else {
      attempt.sendPart(part);
    }
    if (attempt.isCongested()) {
      present.downstream().pauseBody(true);
    }
  }

  /// What comes together goes on in one chunk, however small the client's are.
  private void gather(Attempt attempt, ByteBuf part) {
    ByteBuf so = gathered;
    int more = part.readableBytes();
    if (so != null && so.maxWritableBytes() < more + 2) {
      sendGathered(attempt);
      so = null;
    }
    if (so == null) {
      int most = Math.max(GATHERED, more);
      so = part.alloc().directBuffer(more + CHUNK_LINE + 2, most + CHUNK_LINE + 2);
      so.setIndex(CHUNK_LINE, CHUNK_LINE); // its size comes before it
      gathered = so;
    }
    so.writeBytes(part);
    part.release();
  }

  private void sendGathered(Attempt attempt) {
    ByteBuf chunk = gathered;
    gathered = null;
    if (chunk == null) {
      return;
    }
    String line = Integer.toHexString(chunk.readableBytes()) + "\r\n";
    int start = CHUNK_LINE - line.length();
    chunk.setCharSequence(start, line, StandardCharsets.ISO_8859_1);
    chunk.readerIndex(start).writeByte('\r').writeByte('\n');
    attempt.sendPart(chunk);
  }

  @Override
  public void pause(Exchange present) {
    Attempt attempt = proxying.receiver();
    if (attempt != null) {
      sendGathered(attempt);
      attempt.flushParts();
    }
  }

  @Override
  public void end(Exchange present) {
    Attempt attempt = proxying.receiver();
    if (attempt == null) {
      return;
    }
    if (chunked) {
      sendGathered(attempt);
      attempt.sendPart(Unpooled.wrappedBuffer(LAST_CHUNK));
    }
    attempt.flushParts();
    attempt.bodyEnded();
  }

  @Override
  public void failed(Exchange present, int status) {
    proxying.bodyFailed(status);
  }

  /// Lets go of what was not sent.
  void release() {
    ByteBuf unsent = gathered;
    if (unsent != null) {
      gathered = null;
      unsent.release();
    }
  }
}
