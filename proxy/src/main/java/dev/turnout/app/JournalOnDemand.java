package dev.turnout.app;

import dev.turnout.cluster.Journal;
import dev.turnout.cluster.JournalEntry;
import dev.turnout.cluster.StateStore.Commit;
import dev.turnout.cluster.StateStore.Reason;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The journal of a node whose configuration has nothing that changes its state: what is there all
/// the same is the management socket, and most nodes are never changed by it. So the journal is
/// opened, and its directory made, by the first change that comes from there; if that does not work
/// out, the change is refused. Used by the writer, and by the control thread before it starts.
final class JournalOnDemand implements Journal {
  /// Opens the real one.
  @FunctionalInterface
  interface Opener {
    Journal open() throws IOException;
  }

  private final String dialect;
  private final Opener opener;
  private @Nullable Journal opened;

  /// @param dialect through which changes come that are to be kept
  JournalOnDemand(String dialect, Opener opener) {
    this.dialect = dialect;
    this.opener = opener;
  }

  @Override
  public Loaded load() {
    return Loaded.EMPTY; // else there would be a journal, and it would have been opened
  }

  @Override
  public synchronized Commit append(List<JournalEntry> entries) {
    Journal journal = opened;
    if (journal == null) {
      if (entries.stream().noneMatch(entry -> entry.origin().dialect().equals(dialect))) {
        return new Commit.Done();
      }
      try {
        journal = opener.open();
      } catch (IOException e) {
        return new Commit.Failed(
            Reason.IO,
            e.getMessage()
                + ": \"state_directory\" in the configuration says where changes are kept");
      }
      opened = journal;
    }
    return journal.append(entries);
  }

  @Override
  public synchronized Commit retract() {
    return opened == null ? new Commit.Done() : opened.retract();
  }

  @Override
  public synchronized boolean isDurable() {
    return opened != null;
  }

  @Override
  public synchronized void close() {
    if (opened != null) {
      opened.close();
    }
  }
}
