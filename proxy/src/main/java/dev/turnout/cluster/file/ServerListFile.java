package dev.turnout.cluster.file;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.turnout.cluster.StateStore.Commit;
import dev.turnout.upstream.UpstreamSpec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The servers of one upstream in a file of its own (`state FILE` in `upstream`), as `server` lines
/// that an operator may read and, while the node is down, edit.
///
/// A change is written aside and synced ([#prepare]) before the journal has it, and takes the
/// file's name ([#complete]) after: so a full disk is met while nothing has happened yet, and the
/// file never says what the journal does not. A process that is killed between the two has a file
/// without its last change, which was not acknowledged: what the file says is then what counts, as
/// if it had been edited.
///
/// Owned by the writer but for [#read].
public final class ServerListFile {
  private static final String HEAD = "# kept by turnout: rewritten with every change\n";

  private final Path file;
  private final Disk disk;
  private byte @Nullable [] before; // what FILE held when the change was prepared; null: no FILE
  private boolean prepared;
  private boolean completed;

  /// @param file need not exist
  public ServerListFile(Path file) {
    this(file, new LocalDisk());
  }

  ServerListFile(Path file, Disk disk) {
    this.file = file;
    this.disk = disk;
  }

  /// The file.
  public Path file() {
    return file;
  }

  /// What the file holds, one char a byte; empty if there is none yet.
  ///
  /// @throws IOException in words for an operator if it cannot be read, or if it could not be made
  public Optional<String> read() throws IOException {
    try {
      return Optional.of(new String(disk.read(file), ISO_8859_1));
    } catch (NoSuchFileException e) {
      if (!Files.isDirectory(directory())) {
        throw new IOException(message(e), e);
      }
      return Optional.empty();
    } catch (IOException e) {
      throw new IOException(message(e), e);
    }
  }

  /// Writes what is to be in the file aside; the file stays as it is.
  public Commit prepare(UpstreamSpec next) {
    before = null;
    prepared = false;
    completed = false;
    try {
      try {
        before = disk.read(file);
      } catch (NoSuchFileException _) {
        // the first change makes it
      }
      write((HEAD + next.serverLines()).getBytes(ISO_8859_1));
      prepared = true;
      return new Commit.Done();
    } catch (IOException e) {
      dropTemp();
      return failed(e);
    }
  }

  /// Puts what was prepared in place, durably.
  public Commit complete() {
    if (!prepared) {
      throw new IllegalStateException("nothing was prepared");
    }
    try {
      completed = true; // from here on the file may be the new one
      disk.rename(temp(), file);
      disk.syncDirectory(directory());
      return new Commit.Done();
    } catch (IOException e) {
      return failed(e);
    }
  }

  /// The change is not to be: the file is what it was before it was prepared.
  public void undo() {
    dropTemp();
    if (completed) {
      try {
        if (before == null) {
          disk.delete(file);
        } else {
          write(before);
          disk.rename(temp(), file);
        }
        disk.syncDirectory(directory());
      } catch (IOException _) {
        dropTemp(); // the next change writes the file anew; until then a restart would find this
        // one
      }
    }
    prepared = false;
    completed = false;
  }

  private void write(byte[] content) throws IOException {
    disk.delete(temp());
    try (Disk.Output out = disk.create(temp(), file)) {
      out.write(ByteBuffer.wrap(content));
      out.sync();
    }
  }

  private void dropTemp() {
    try {
      disk.delete(temp()); // it may be what fills the disk
    } catch (IOException _) {
      // it is in nobody's way: the next change writes over it
    }
  }

  private Commit failed(IOException e) {
    return new Commit.Failed(DiskTrouble.reason(e, file), message(e));
  }

  private String message(IOException e) {
    return "state file \"" + file + "\": " + DiskTrouble.text(e);
  }

  private Path temp() {
    return file.resolveSibling(file.getFileName() + ".tmp");
  }

  private Path directory() {
    Path directory = file.getParent();
    if (directory == null) {
      throw new IllegalStateException("a state file is in a directory: " + file);
    }
    return directory;
  }
}
