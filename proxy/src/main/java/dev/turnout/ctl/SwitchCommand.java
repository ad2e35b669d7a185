package dev.turnout.ctl;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `switch`: which upstream a host is served by.
@Command(
    name = "switch",
    description = "Says which upstream a host is served by: the value of a key in a zone.")
final class SwitchCommand implements Callable<Integer> {
  private final Ctl ctl;

  @Parameters(index = "0", paramLabel = "HOST", description = "The key.")
  private String host = "";

  @Parameters(index = "1", paramLabel = "UPSTREAM", description = "The value.")
  private String upstream = "";

  @Option(
      names = "--zone",
      paramLabel = "NAME",
      description = "The zone; it can be left out if there is only one.")
  private @Nullable String zone;

  @Option(names = "--from", paramLabel = "UPSTREAM", description = "Only if this is the value now.")
  private @Nullable String from;

  SwitchCommand(Ctl ctl) {
    this.ctl = ctl;
  }

  @Override
  public Integer call() {
    Map<String, Object> operation = new LinkedHashMap<>();
    operation.put("op", "set_key");
    operation.put("zone", zone());
    operation.put("key", host);
    operation.put("value", upstream);
    if (from != null) {
      operation.put("if_value", from);
    }
    Map<String, Object> body = new LinkedHashMap<>(ctl.reasons());
    body.put("operations", List.of(operation));
    return ctl.printChange(ctl.change("POST", "/changes", body, Map.of()));
  }

  private String zone() {
    if (zone != null) {
      return zone;
    }
    List<String> all = ctl.get("/zones").list().stream().map(one -> one.text("name")).toList();
    if (all.size() == 1) {
      return all.getFirst();
    }
    throw new CtlException(
        all.isEmpty() ? Exit.NOT_FOUND : Exit.USAGE,
        all.isEmpty()
            ? "the node has no zone"
            : "which zone? --zone is one of " + String.join(", ", all));
  }
}
