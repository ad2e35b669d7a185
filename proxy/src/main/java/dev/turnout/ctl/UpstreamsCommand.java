package dev.turnout.ctl;

import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `upstreams`: what groups there are, and how they are.
@Command(name = "upstreams", description = "Lists the upstreams, or shows one of them.")
final class UpstreamsCommand implements Callable<Integer> {
  private final Ctl ctl;

  @Parameters(arity = "0..1", paramLabel = "UPSTREAM", description = "Which one.")
  private @Nullable String upstream;

  UpstreamsCommand(Ctl ctl) {
    this.ctl = ctl;
  }

  @Override
  public Integer call() {
    Answer answer =
        ctl.get(upstream == null ? "/upstreams" : "/upstreams/" + Ctl.segment(upstream));
    if (ctl.isJson()) {
      return ctl.printJson(answer);
    }
    if (upstream != null) {
      return ctl.print(ServersCommand.table(answer.get("servers")).toString());
    }
    Table table = new Table("UPSTREAM", "STATE", ">SERVERS", ">UP", ">ACTIVE", "METHOD");
    for (Answer one : answer.list()) {
      List<Answer> servers = one.get("servers").list();
      table.row(
          one.text("name"),
          one.text("state"),
          servers.size(),
          servers.stream().filter(s -> s.get("live").text("state").equals("up")).count(),
          servers.stream().mapToLong(s -> s.get("live").number("active")).sum(),
          one.text("method"));
    }
    return ctl.print(table.toString());
  }
}
