package dev.turnout.app;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.config.ConfigException;
import dev.turnout.config.ConfigLoadException;
import dev.turnout.http.proxy.ProxyLoops;
import dev.turnout.log.LogFiles;
import dev.turnout.testkit.Installed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Generated configurations: what `nginx -t` takes and what it refuses, Turnout takes and refuses.
///
/// `-Dturnout.configurations=10000` makes so many, `-Dturnout.seed=7` others; the disagreements are
/// written to `target/disagreements.txt`.
class GeneratedConfigurationsIT {
  private static final int COUNT = Integer.getInteger("turnout.configurations", 300);
  private static final long SEED = Long.getLong("turnout.seed", 1);

  @TempDir Path directory;
  private final LogFiles logs = new LogFiles();
  private final CompletableFuture<ProxyLoops> proxying = new CompletableFuture<>();
  private final Configuration.Outside process = Main.process(logs, true, proxying);

  @Test
  void whatNginxTakesIsTakenAndWhatItRefusesIsRefused() throws Exception {
    Installed.need("nginx", "nginx");
    ConfigurationGenerator generator = new ConfigurationGenerator(SEED);
    for (String name : List.of("html", "logs", "conf", "tmp")) {
      Files.createDirectories(directory.resolve(name));
    }
    Path file = directory.resolve("nginx.conf");
    List<String> disagreements = new ArrayList<>();
    int taken = 0;
    for (int i = 0; i < COUNT; i++) {
      String text = generator.next();
      Files.writeString(file, text, ISO_8859_1);
      String theirs = nginx();
      String ours = turnout(file);
      taken += theirs == null ? 1 : 0;
      if ((theirs == null) != (ours == null)) {
        disagreements.add(
            "#"
                + i
                + "\n  nginx: "
                + theirs
                + "\n  turnout: "
                + ours
                + "\n"
                + around(text, theirs, ours));
      }
    }

    Files.write(Path.of("target", "disagreements.txt"), disagreements, ISO_8859_1);
    assertThat(taken).as("configurations that nginx takes").isBetween(COUNT / 5, COUNT * 4 / 5);
    assertThat(disagreements).hasSizeLessThanOrEqualTo(COUNT / 200);
  }

  /// What is wrong by nginx; null for nothing.
  private @Nullable String nginx() throws Exception {
    Process test =
        new ProcessBuilder("nginx", "-t", "-p", directory + "/", "-c", "nginx.conf", "-e", "stderr")
            .redirectErrorStream(true)
            .start();
    String output = new String(test.getInputStream().readAllBytes(), ISO_8859_1);
    return test.waitFor() == 0
        ? null
        : output.lines().filter(line -> line.contains("[emerg]")).findFirst().orElse(output);
  }

  /// What is wrong by Turnout; null for nothing.
  private @Nullable String turnout(Path file) throws IOException {
    try {
      Configuration read = Configuration.read(file, directory, List.of(), "stderr", process);
      if (!proxying.isDone()) {
        Running.makeLoops(read, process, proxying);
      }
      read.build(1, 1).abandon();
      return null;
    } catch (ConfigLoadException e) {
      return Main.oneLine(e);
    } catch (ConfigException e) {
      return e.located();
    } catch (IllegalArgumentException e) {
      return e.getMessage();
    }
  }

  /// The line that one of them names.
  private static String around(String text, @Nullable String theirs, @Nullable String ours) {
    String said = theirs == null ? ours : theirs;
    String number = said == null ? "" : said.substring(said.lastIndexOf(':') + 1).strip();
    List<String> lines = text.lines().toList();
    if (number.isEmpty() || !number.chars().allMatch(Character::isDigit)) {
      return text;
    }
    int line = Integer.parseInt(number);
    return line < 1 || line > lines.size() ? text : "  " + lines.get(line - 1).strip() + "\n";
  }
}
