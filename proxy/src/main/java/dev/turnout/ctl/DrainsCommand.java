package dev.turnout.ctl;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `drains`: servers that get no new requests until something is done with them.
@Command(
    name = "drains",
    description = "Lists the drains, those under way and the last ones that are over.",
    synopsisSubcommandLabel = "[cancel]")
final class DrainsCommand implements Callable<Integer> {
  private final Ctl ctl;

  DrainsCommand(Ctl ctl) {
    this.ctl = ctl;
  }

  @Override
  public Integer call() {
    Answer answer = ctl.get("/drains");
    if (ctl.isJson()) {
      return ctl.printJson(answer);
    }
    Table table =
        new Table("DRAIN", "UPSTREAM", "SERVER", "PHASE", ">ACTIVE", "DEADLINE", "THEN", "NOTE");
    for (Answer one : answer.list()) {
      table.row(
          one.text("id"),
          one.text("upstream"),
          one.number("server") + " (" + one.text("address") + ")",
          one.text("phase"),
          one.number("active"),
          one.get("deadline").isThere() ? one.text("deadline") : "-",
          one.text("then"),
          one.text("note"));
    }
    return ctl.print(table.toString());
  }

  @Command(name = "cancel", description = "The server takes requests again.")
  int cancel(
      @Parameters(paramLabel = "DRAIN", description = "Its name, as drains lists it.") String id) {
    Answer drain = ctl.change("DELETE", "/drains/" + Ctl.segment(id), null, ctl.reasons());
    return ctl.isJson() ? ctl.printJson(drain) : ctl.print(ServersCommand.progress(drain));
  }
}
