package dev.turnout.ctl;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `trials`: changes that may be taken back by themselves.
@Command(
    name = "trials",
    description =
        "Lists the changes that are on trial (--confirm-within, --watch), or ends the trial of one.",
    synopsisSubcommandLabel = "[confirm | rollback]")
final class TrialsCommand implements Callable<Integer> {
  private static final String REVISION = "The change that is on trial.";

  private final Ctl ctl;

  TrialsCommand(Ctl ctl) {
    this.ctl = ctl;
  }

  @Override
  public Integer call() {
    Answer answer = ctl.get("/trials");
    if (ctl.isJson()) {
      return ctl.printJson(answer);
    }
    Table table =
        new Table(">REVISION", "UNTIL", "THEN", ">ANSWERS", ">ERRORS", ">AT MOST", "WHO", "WHY");
    for (Answer one : answer.list()) {
      table.row(
          one.number("revision"),
          one.text("until"),
          one.text("then"),
          one.number("answers"),
          one.number("errors"),
          one.get("max_errors").isThere() ? one.text("max_errors") : "-",
          one.text("who"),
          one.text("trouble").isEmpty() ? one.text("why") : "trouble: " + one.text("trouble"));
    }
    return ctl.print(table.toString());
  }

  @Command(name = "confirm", description = "The change stays.")
  int confirm(@Parameters(paramLabel = "REVISION", description = REVISION) long revision) {
    return end(revision, "/confirm");
  }

  @Command(name = "rollback", description = "Takes the change back now.")
  int rollback(@Parameters(paramLabel = "REVISION", description = REVISION) long revision) {
    return end(revision, "/rollback");
  }

  private int end(long revision, String how) {
    return ctl.printChange(ctl.end("/trials/" + revision + how));
  }
}
