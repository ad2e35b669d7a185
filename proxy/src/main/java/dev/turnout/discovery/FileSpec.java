package dev.turnout.discovery;

import dev.turnout.upstream.PeerSpec;
import java.nio.file.Path;
import java.util.List;

/// A file of `server` lines. No two of them are the same source: what reads the lines belongs to
/// the configuration.
final class FileSpec implements SourceSpec {
  /// Reads `server` lines.
  @FunctionalInterface
  interface Reader {
    /// The servers of a text.
    ///
    /// @throws dev.turnout.config.ConfigException if it is wrong
    List<PeerSpec> read(String name, String text);
  }

  private final Path file;
  private final long intervalMillis;
  private final Reader reader;

  FileSpec(Path file, long intervalMillis, Reader reader) {
    this.file = file;
    this.intervalMillis = intervalMillis;
    this.reader = reader;
  }

  @Override
  public String dialect() {
    return "file";
  }

  @Override
  public String label() {
    return file.toString();
  }

  @Override
  public Source open(Places places) {
    return new FileSource(file, intervalMillis, reader);
  }

  @Override
  public PeerSpec onto(PeerSpec present, PeerSpec said) {
    return said.withId(present.id()).withDrain(said.drain() || present.drain());
  }

  @Override
  public boolean newOnesFirst() {
    return false;
  }

  @Override
  public long retryMillis() {
    return intervalMillis;
  }
}
