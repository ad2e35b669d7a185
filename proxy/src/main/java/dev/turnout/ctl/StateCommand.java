package dev.turnout.ctl;

import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `state`: all that is wanted, now or then.
@Command(name = "state", description = "Shows all upstreams and zones, as they are or were.")
final class StateCommand implements Callable<Integer> {
  private final Ctl ctl;

  @Option(
      names = "--at",
      paramLabel = "WHEN",
      description = "A revision, or a time such as 2026-01-31T14:03:00Z.")
  private @Nullable String at;

  StateCommand(Ctl ctl) {
    this.ctl = ctl;
  }

  @Override
  public Integer call() {
    Answer state = ctl.get("/state" + (at == null ? "" : Ctl.query(Map.of("at", at))));
    if (ctl.isJson()) {
      return ctl.printJson(state);
    }
    StringBuilder out = new StringBuilder();
    out.append("revision ").append(state.number("revision"));
    out.append(state.text("time").isEmpty() ? "" : "  " + state.text("time")).append('\n');
    for (Answer upstream : state.get("upstreams").list()) {
      out.append('\n').append(Table.printable("upstream " + upstream.text("name")));
      out.append("  ").append(upstream.text("state")).append("  ");
      out.append(upstream.text("method")).append('\n');
      if (!upstream.get("servers").list().isEmpty()) {
        out.append(ServersCommand.table(upstream.get("servers")).toString().indent(2));
      }
    }
    for (Answer zone : state.get("zones").list()) {
      out.append('\n').append(Table.printable("zone " + zone.text("name"))).append('\n');
      zone.get("entries")
          .value()
          .members()
          .forEach((key, value) ->
              out.append("  ")
                  .append(Table.printable(key + "  " + new Answer(value)))
                  .append('\n'));
    }
    return ctl.print(out.toString());
  }
}
