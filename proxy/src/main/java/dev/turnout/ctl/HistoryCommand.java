package dev.turnout.ctl;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `history`: what was changed, by whom and why.
@Command(name = "history", description = "Lists the last changes, or shows one of them.")
final class HistoryCommand implements Callable<Integer> {
  private final Ctl ctl;

  @Parameters(arity = "0..1", paramLabel = "REVISION", description = "Which one.")
  private @Nullable Long revision;

  @Option(names = "--since", paramLabel = "REVISION", description = "Those after this one.")
  private @Nullable Long since;

  @Option(names = "--limit", paramLabel = "N", description = "At most so many.")
  private @Nullable Long limit;

  HistoryCommand(Ctl ctl) {
    this.ctl = ctl;
  }

  @Override
  public Integer call() {
    if (revision != null) {
      Answer one = ctl.get("/revisions/" + revision);
      return ctl.isJson() ? ctl.printJson(one) : ctl.print(text(List.of(one)));
    }
    Map<String, String> query = new LinkedHashMap<>();
    if (since != null) {
      query.put("since", since.toString());
    }
    if (limit != null) {
      query.put("limit", limit.toString());
    }
    Answer answer = ctl.get("/revisions" + Ctl.query(query));
    return ctl.isJson() ? ctl.printJson(answer) : ctl.print(text(answer.get("revisions").list()));
  }

  private static String text(List<Answer> revisions) {
    StringBuilder out = new StringBuilder();
    revisions.forEach(one -> out.append(text(one)));
    return out.toString();
  }

  /// One change: when, through what, by whom, why, and what it did.
  static String text(Answer revision) {
    StringBuilder head = new StringBuilder();
    head.append(revision.number("revision")).append("  ").append(revision.text("time"));
    head.append("  ").append(revision.text("dialect"));
    if (!revision.text("who").isEmpty()) {
      head.append("  ").append(revision.text("who"));
    }
    if (!revision.text("why").isEmpty()) {
      head.append("  \"").append(revision.text("why")).append('"');
    }
    return Table.printable(head.toString())
        + "\n"
        + ChangeText.lines(revision.get("changes"), "    ");
  }
}
