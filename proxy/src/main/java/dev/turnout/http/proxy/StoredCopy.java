package dev.turnout.http.proxy;

import dev.turnout.log.Errno;
import dev.turnout.net.OffLoop;
import dev.turnout.net.Worker;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A response on its way into a file, beside its way to the client (`proxy_store`). It is written
/// under another name, and gets its own once it is whole.
///
/// Confined to the exchange's loop; the file is written off it, one piece after the other.
final class StoredCopy {
  private static final AtomicLong NUMBER = new AtomicLong();

  /// What may wait for the disk before the upstream has to.
  private static final int BEHIND = 256 * 1024;

  private final Worker worker;
  private final Place place;
  private final Runnable caughtUp;
  private final Consumer<String> trouble;
  private final Deque<ByteBuf> waiting = new ArrayDeque<>();
  private int waitingBytes;
  private boolean writing;
  private boolean broken;
  private @Nullable Open open;
  private @Nullable Runnable whenStored;

  /// Where the file is to be.
  ///
  /// @param modified its time, or null for now
  record Place(
      Path temporary, Path target, @Nullable FileTime modified, Set<PosixFilePermission> access) {}

  private record Open(Path path, FileChannel channel) {}

  /// @param caughtUp told on the loop when more may come after [#isBehind]
  /// @param trouble told what went wrong; nothing is stored then
  StoredCopy(Worker worker, Place place, Runnable caughtUp, Consumer<String> trouble) {
    this.worker = worker;
    this.place = place;
    this.caughtUp = caughtUp;
    this.trouble = trouble;
  }

  /// Takes `part`.
  void add(ByteBuf part) {
    if (broken) {
      part.release();
      return;
    }
    waiting.add(part);
    waitingBytes += part.readableBytes();
    writeOn();
  }

  /// True while the disk is slower than the upstream.
  boolean isBehind() {
    return waitingBytes > BEHIND;
  }

  /// That was all: gives the file its name, then runs `done` on the loop, whatever came of it.
  void complete(Runnable done) {
    whenStored = done;
    writeOn();
  }

  /// The response is not whole: nothing is stored.
  void abandon() {
    if (whenStored == null) {
      broken = true;
      forget();
      if (!writing) {
        discard(open);
      }
    }
  }

  private void forget() {
    waiting.forEach(ByteBuf::release);
    waiting.clear();
    waitingBytes = 0;
  }

  private void writeOn() {
    if (writing || (waiting.isEmpty() && whenStored == null)) {
      return;
    }
    writing = true;
    List<ByteBuf> parts = List.copyOf(waiting);
    waiting.clear();
    boolean last = whenStored != null;
    Open there = open;
    OffLoop.run(
        worker,
        () -> {
          Open to = there;
          try {
            if (to == null) {
              to = create();
            }
            for (ByteBuf part : parts) {
              write(to.channel(), part);
            }
            if (last) {
              store(to);
            }
            return to;
          } catch (IOException e) {
            remove(to);
            throw e;
          } finally {
            parts.forEach(ByteBuf::release);
          }
        },
        this::written);
  }

  private void written(@Nullable Open to, @Nullable IOException failure) {
    writing = false;
    boolean wasBehind = isBehind();
    waitingBytes = waiting.stream().mapToInt(ByteBuf::readableBytes).sum();
    Runnable done = whenStored;
    if (failure != null) {
      trouble.accept("storing \"" + place.target() + "\" failed (" + Errno.describe(failure) + ")");
      broken = true;
      forget();
    } else if (broken) {
      discard(to);
    } else {
      open = to;
      if (!waiting.isEmpty() || (done != null && to != null && to.channel().isOpen())) {
        writeOn();
        done = null;
      }
    }
    if (done != null) {
      done.run();
    } else if (wasBehind && !isBehind()) {
      caughtUp.run();
    }
  }

  private Open create() throws IOException {
    Files.createDirectories(place.temporary());
    while (true) {
      Path name = place.temporary().resolve(String.format("%010d", NUMBER.incrementAndGet()));
      try {
        return new Open(
            name, FileChannel.open(name, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
      } catch (java.nio.file.FileAlreadyExistsException _) {
        // left by an earlier process: take the next number
      }
    }
  }

  private static void write(FileChannel channel, ByteBuf part) throws IOException {
    for (ByteBuffer bytes : part.nioBuffers()) {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    }
  }

  private void store(Open done) throws IOException {
    done.channel().close();
    Files.setPosixFilePermissions(done.path(), place.access());
    if (place.modified() != null) {
      Files.setLastModifiedTime(done.path(), place.modified());
    }
    Path directory = place.target().getParent();
    if (directory != null && !Files.isDirectory(directory)) {
      Files.createDirectories(
          directory, PosixFilePermissions.asFileAttribute(forDirectory(place.access())));
    }
    try {
      Files.move(done.path(), place.target(), StandardCopyOption.ATOMIC_MOVE);
    } catch (java.nio.file.AtomicMoveNotSupportedException _) { // on another file system
      Files.move(done.path(), place.target(), StandardCopyOption.REPLACE_EXISTING);
    }
  }

  /// Who may read a file there may look into its directory.
  private static Set<PosixFilePermission> forDirectory(Set<PosixFilePermission> access) {
    Set<PosixFilePermission> more = new HashSet<>(access);
    for (PosixFilePermission one : access) {
      switch (one) {
        case OWNER_READ -> more.add(PosixFilePermission.OWNER_EXECUTE);
        case GROUP_READ -> more.add(PosixFilePermission.GROUP_EXECUTE);
        case OTHERS_READ -> more.add(PosixFilePermission.OTHERS_EXECUTE);
        case OWNER_WRITE,
            OWNER_EXECUTE,
            GROUP_WRITE,
            GROUP_EXECUTE,
            OTHERS_WRITE,
            OTHERS_EXECUTE -> {
          // as it is
        }
      }
    }
    return more;
  }

  private void discard(@Nullable Open file) {
    open = null;
    if (file != null) {
      OffLoop.run(
          worker,
          () -> {
            remove(file);
            return file;
          },
          (_, failure) -> {
            if (failure != null) {
              trouble.accept("unlink() \"" + file.path() + "\" failed");
            }
          });
    }
  }

  private static void remove(@Nullable Open file) throws IOException {
    if (file != null) {
      file.channel().close();
      Files.deleteIfExists(file.path());
    }
  }
}
