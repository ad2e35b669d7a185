package dev.turnout.discovery;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.turnout.config.ConfigException;
import dev.turnout.log.Errno;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Looks at a file from time to time, and reads it when it is another one, or was written, and has
/// been left alone since the last look: an editor that writes it in pieces is not met half way. It
/// works wherever files can be seen, also where they come over a network or as links that are
/// turned (as Kubernetes does with a ConfigMap).
final class FileSource implements Source {
  private final Path file;
  private final long intervalMillis;
  private final FileSpec.Reader reader;
  private boolean asked;
  private @Nullable Look seen;
  private @Nullable Look read;

  /// How a file looks from outside.
  private record Look(FileTime modified, long size, @Nullable Object key) {
    static Look at(Path file) throws IOException {
      BasicFileAttributes there = Files.readAttributes(file, BasicFileAttributes.class);
      return new Look(there.lastModifiedTime(), there.size(), there.fileKey());
    }
  }

  FileSource(Path file, long intervalMillis, FileSpec.Reader reader) {
    this.file = file;
    this.intervalMillis = intervalMillis;
    this.reader = reader;
  }

  @Override
  public Answer next() throws Failure, InterruptedException {
    while (true) {
      boolean first = !asked;
      if (!first) {
        TimeUnit.MILLISECONDS.sleep(intervalMillis);
      }
      asked = true;
      try {
        Look now = Look.at(file);
        boolean settled = first || now.equals(seen);
        seen = now;
        if (settled && !now.equals(read)) {
          String text = Files.readString(file, ISO_8859_1);
          if (Look.at(file).equals(now)) {
            read = now;
            return answer(text, now);
          }
        }
      } catch (IOException e) {
        read = null;
        throw new Failure("open() \"" + file + "\" failed (" + Errno.describe(e) + ")", e);
      }
    }
  }

  private Answer answer(String text, Look look) throws Failure {
    try {
      return new Answer(
          reader.read(Objects.toString(file), text), "modified " + look.modified, List.of());
    } catch (ConfigException e) {
      throw new Failure(e.located(), e);
    }
  }

  @Override
  public void again() {
    read = null;
  }

  @Override
  public void close() {
    // nothing is open
  }
}
