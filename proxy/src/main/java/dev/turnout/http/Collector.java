package dev.turnout.http;

import dev.turnout.log.Level;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/// Takes the response of a subrequest into memory, up to `subrequest_output_buffer_size` where the
/// subrequest is answered. Owned by the subrequest, confined to its loop.
final class Collector implements Subrequest.Receiver {
  private final Subrequest.Collected then;
  private @Nullable ByteBuf body;
  private boolean tooLarge;

  Collector(Subrequest.Collected then) {
    this.then = then;
  }

  @Override
  public void data(Exchange subrequest, ByteBuf part) {
    ByteBuf there = body;
    long size = (long) part.readableBytes() + (there == null ? 0 : there.readableBytes());
    if (tooLarge) {
      part.release();
    } else if (size > subrequest.location().subrequests().outputLimit()) {
      part.release();
      tooLarge = true;
      subrequest.log(Level.ERROR, "too big subrequest response: " + size);
      subrequest.downstream().abort(subrequest);
    } else {
      if (there == null) {
        there = BodyFilter.buffer((int) size);
        body = there;
      }
      there.writeBytes(part);
      part.release();
    }
  }

  @Override
  public void file(Exchange subrequest, FilePart part) {
    part.close();
    throw new IllegalStateException("a file where bytes are wanted");
  }

  @Override
  public void ended(Exchange subrequest, boolean whole) {
    ByteBuf there = body;
    body = null;
    byte[] bytes = new byte[there == null ? 0 : there.readableBytes()];
    if (there != null) {
      there.readBytes(bytes).release();
    }
    then.collected(subrequest, whole && !tooLarge ? bytes : null);
  }

  @Override
  public void cancelled() {
    ByteBuf there = body;
    if (there != null) {
      body = null;
      there.release();
    }
  }
}
