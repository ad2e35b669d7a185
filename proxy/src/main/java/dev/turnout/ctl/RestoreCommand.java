package dev.turnout.ctl;

import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `restore`: back to what was wanted at a revision.
@Command(
    name = "restore",
    description = "Makes everything what it was at a revision; that is a new revision.")
final class RestoreCommand implements Callable<Integer> {
  private final Ctl ctl;

  @Parameters(paramLabel = "REVISION", description = "To which one.")
  private long revision;

  RestoreCommand(Ctl ctl) {
    this.ctl = ctl;
  }

  @Override
  public Integer call() {
    return ctl.printChange(
        ctl.change("POST", "/revisions/" + revision + "/restore", null, ctl.reasons()));
  }

  /// `undo`: takes the last change back.
  @Command(name = "undo", description = "Takes the last change back; that is a new revision.")
  static final class UndoCommand implements Callable<Integer> {
    private final Ctl ctl;

    @Parameters(
        arity = "0..1",
        paramLabel = "REVISION",
        description = "Only if this is the last one; otherwise whichever it is.")
    private @Nullable Long revision;

    UndoCommand(Ctl ctl) {
      this.ctl = ctl;
    }

    @Override
    public Integer call() {
      long last = revision != null ? revision : ctl.get("").number("revision");
      return ctl.printChange(
          ctl.change("POST", "/revisions/" + last + "/undo", null, ctl.reasons()));
    }
  }
}
