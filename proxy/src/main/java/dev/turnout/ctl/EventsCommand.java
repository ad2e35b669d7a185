package dev.turnout.ctl;

import dev.turnout.json.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `events`: changes, drains, health, panic, trouble with the disk.
@Command(name = "events", description = "Shows what has happened, or what happens.")
final class EventsCommand implements Callable<Integer> {
  private static final long PAUSE_MILLIS = 1000;

  private final Ctl ctl;

  @Option(
      names = {"-f", "--follow"},
      description = "Go on showing what happens, over restarts of the node too.")
  private boolean follow;

  @Option(names = "--since", paramLabel = "ID", description = "Those after this one.")
  private @Nullable String since;

  EventsCommand(Ctl ctl) {
    this.ctl = ctl;
  }

  @Override
  public Integer call() throws InterruptedException {
    if (!follow) {
      Answer answer =
          ctl.get("/events?wait=0s&since=" + (since == null ? "oldest" : Ctl.segment(since)));
      if (ctl.isJson()) {
        return ctl.printJson(answer);
      }
      answer.get("events").list().forEach(one -> print(one.text("kind"), one.get("data")));
      return Exit.DONE;
    }
    String last = since;
    boolean reached = false;
    while (true) {
      try (Client.Stream stream =
          ctl.stream("/events", last == null ? Map.of() : Map.of("Last-Event-ID", last))) {
        reached = true;
        last =
            show(
                new BufferedReader(new InputStreamReader(stream.body(), StandardCharsets.UTF_8)),
                last);
      } catch (IOException _) {
        // the node ends, or begins anew: it is asked again from where it was
      } catch (CtlException e) {
        if (!reached || e.exit() != Exit.UNREACHABLE) {
          throw e;
        }
      }
      Thread.sleep(PAUSE_MILLIS);
    }
  }

  /// Shows events until the stream ends; returns the last one's id.
  private @Nullable String show(BufferedReader in, @Nullable String before) throws IOException {
    String last = before;
    Map<String, String> event = new LinkedHashMap<>();
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      if (!line.isEmpty()) {
        int colon = line.indexOf(": ");
        if (colon > 0) {
          event.put(line.substring(0, colon), line.substring(colon + 2));
        }
        continue;
      }
      last = event.getOrDefault("id", last);
      String data = event.get("data");
      if (data != null) { // else it only says how to come back
        if (ctl.isJson()) {
          ctl.out().println(data);
        } else {
          print(event.getOrDefault("event", ""), parse(data));
        }
        ctl.out().flush();
      }
      event.clear();
    }
    return last;
  }

  private static Answer parse(String data) {
    try {
      return Answer.parse(data);
    } catch (Json.Malformed e) { // no trouble of the connection: it would come again
      throw new IllegalStateException("the node told of an event in what is " + e.getMessage(), e);
    }
  }

  private void print(String kind, Answer data) {
    ctl.print(text(kind, data));
  }

  /// One event in a line; a change has more.
  static String text(String kind, Answer data) {
    if (kind.equals("change")) {
      return "change    " + HistoryCommand.text(data);
    }
    StringBuilder line = new StringBuilder();
    line.append(kind).append(" ".repeat(Math.max(1, 10 - kind.length())));
    if (data.value() instanceof Json.Members(Map<String, Json> fields)) {
      line.append(data.text("time"));
      fields.forEach((name, value) -> {
        if (!name.equals("time") && !name.equals("revision")) {
          line.append("  ").append(name).append('=').append(new Answer(value));
        }
      });
    }
    return Table.printable(line.toString()) + "\n";
  }
}
