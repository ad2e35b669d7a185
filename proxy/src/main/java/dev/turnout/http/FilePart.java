package dev.turnout.http;

import java.io.IOException;
import java.nio.channels.FileChannel;

/// A part of an open file that is to be sent. Whoever takes it closes the channel when it is sent,
/// unless other parts of it follow.
///
/// @param channel the file
/// @param offset where the part begins
/// @param length how many bytes it has
/// @param closes false if the channel stays open for another part
public record FilePart(FileChannel channel, long offset, long length, boolean closes) {
  /// A part that nothing follows.
  public FilePart(FileChannel channel, long offset, long length) {
    this(channel, offset, length, true);
  }

  /// Gives the part up: it is not sent.
  public void close() {
    if (closes) {
      try {
        channel.close();
      } catch (IOException _) {
        // it was only read: there is nothing to lose
      }
    }
  }
}
