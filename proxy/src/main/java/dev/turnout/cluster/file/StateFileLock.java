package dev.turnout.cluster.file;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// The claim of this process on a state file, by a lock on `FILE.lock`. The kernel drops it with
/// the process, however that ends; the file stays, because removing it would race with the next
/// owner.
final class StateFileLock implements AutoCloseable {
  // The kernel's lock belongs to the process, not to the channel: opening and closing FILE.lock a
  // second time in this process would drop it. So the process has to remember what it holds.
  private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

  private final Path file;
  private final FileChannel channel;

  private StateFileLock(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /// Claims `file`, or fails with a message that says who has it.
  static StateFileLock claim(Path file) throws IOException {
    if (!HELD.add(file)) {
      throw new IOException("lock file \"" + file + "\" is held by this process already");
    }
    FileChannel channel = null;
    try {
      channel = FileChannel.open(file, CREATE, READ, WRITE);
      if (channel.tryLock() == null) {
        throw new IOException(
            "lock file \"%s\" is held by another process%s".formatted(file, pidIn(channel)));
      }
      channel.write(US_ASCII.encode("%-19d\n".formatted(ProcessHandle.current().pid())), 0);
      return new StateFileLock(file, channel);
    } catch (IOException | RuntimeException e) {
      if (channel != null) {
        channel.close();
      }
      HELD.remove(file);
      throw e;
    }
  }

  private static String pidIn(FileChannel channel) throws IOException {
    ByteBuffer pid = ByteBuffer.allocate(20);
    channel.read(pid, 0);
    String text = US_ASCII.decode(pid.flip()).toString().strip();
    return text.isEmpty() ? "" : " (pid " + text + ")";
  }

  /// Lets go of the file, which stays.
  @Override
  public void close() throws IOException {
    try {
      channel.close();
    } finally {
      HELD.remove(file);
    }
  }
}
