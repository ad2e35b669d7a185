package dev.turnout.ctl;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `top`: the upstreams as they work.
@Command(name = "top", description = "Shows the upstreams as they work, until it is interrupted.")
final class TopCommand implements Callable<Integer> {
  private static final String ENTER = "\u001b[?1049h\u001b[?25l";
  private static final String LEAVE = "\u001b[?25h\u001b[?1049l";
  private static final String HOME = "\u001b[H";
  private static final String CLEAR_LINE = "\u001b[K";
  private static final String CLEAR_REST = "\u001b[J";
  private static final int USUAL_ROWS = 24;
  private static final int USUAL_COLUMNS = 80;

  private final Ctl ctl;

  @Option(
      names = "--interval",
      paramLabel = "SECONDS",
      defaultValue = "1",
      description = "How long between two looks; 1 if it is not said.")
  private double interval;

  @Option(
      names = {"-n", "--count"},
      paramLabel = "N",
      description = "Show so many screens, one below the other, and end.")
  private @Nullable Integer count;

  TopCommand(Ctl ctl) {
    this.ctl = ctl;
  }

  @Override
  public Integer call() throws InterruptedException {
    if (!(interval >= 0.1 && interval <= 3600)) {
      throw new CtlException(Exit.USAGE, "--interval is 0.1 to 3600 seconds");
    }
    if (count != null || !isTerminal()) {
      return run(false);
    }
    Thread restore = new Thread(() -> put(LEAVE));
    Runtime.getRuntime().addShutdownHook(restore);
    put(ENTER);
    try {
      return run(true);
    } finally {
      put(LEAVE);
      Runtime.getRuntime().removeShutdownHook(restore);
    }
  }

  @SuppressWarnings("SystemConsoleNull") // NullAway does not know that it is never null
  private static boolean isTerminal() {
    return System.console() != null && System.console().isTerminal();
  }

  private int run(boolean screen) throws InterruptedException {
    TopView.Look before = look();
    for (int shown = 0; count == null || shown < count; shown++) {
      Thread.sleep((long) (interval * 1000));
      TopView.Look now = look();
      List<String> lines =
          TopView.lines(before, now, ctl.get("/drains"), ctl.get("").number("revision"));
      if (screen) {
        put(frame(lines));
      } else {
        lines.forEach(ctl.out()::println);
        ctl.out().println();
        ctl.out().flush();
      }
      before = now;
    }
    return Exit.DONE;
  }

  private TopView.Look look() {
    return TopView.Look.of(System.nanoTime(), ctl.get("/upstreams"));
  }

  private void put(String text) {
    PrintWriter out = ctl.out();
    out.print(text);
    out.flush();
  }

  /// As many lines as the terminal has, drawn over those before, so that nothing flickers.
  private static String frame(List<String> lines) {
    int[] size = size();
    StringBuilder out = new StringBuilder(HOME);
    for (int i = 0; i < Math.min(lines.size(), size[0] - 1); i++) {
      String line = lines.get(i);
      out.append(line, 0, Math.min(line.length(), size[1])).append(CLEAR_LINE).append("\r\n");
    }
    return out.append(CLEAR_REST).toString();
  }

  /// Rows and columns; the JVM does not know them.
  private static int[] size() {
    try {
      Process stty =
          new ProcessBuilder("stty", "size")
              .redirectInput(ProcessBuilder.Redirect.INHERIT)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      String[] words =
          new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII)
              .strip()
              .split(" ", -1);
      if (words.length == 2) {
        int rows = Integer.parseInt(words[0]);
        int columns = Integer.parseInt(words[1]);
        if (rows > 1 && columns > 1) {
          return new int[] {rows, columns};
        }
      }
    } catch (IOException | NumberFormatException _) {
      // no terminal that tells
    }
    return new int[] {USUAL_ROWS, USUAL_COLUMNS};
  }
}
