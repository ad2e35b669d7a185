package dev.turnout.ctl;

import dev.turnout.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `changes`: several operations at once, from a file.
@Command(
    name = "changes",
    description = "Makes several changes at once, all of them or none.",
    synopsisSubcommandLabel = "(apply)")
final class ChangesCommand {
  private final Ctl ctl;

  ChangesCommand(Ctl ctl) {
    this.ctl = ctl;
  }

  @Command(name = "apply", description = "Makes the changes that a file describes.")
  int apply(
      @Option(
              names = {"-f", "--file"},
              required = true,
              paramLabel = "FILE",
              description =
                  "A JSON list of operations, or an object that has them as \"operations\", as POST"
                      + " /changes takes them; - is the standard input.")
          Path file) {
    Json read;
    try {
      read =
          Json.parse(
              file.toString().equals("-")
                  ? new String(System.in.readAllBytes(), StandardCharsets.UTF_8)
                  : Files.readString(file));
    } catch (Json.Malformed e) {
      throw new CtlException(Exit.USAGE, file + " is " + e.getMessage());
    } catch (IOException e) {
      throw new CtlException(Exit.USAGE, "the file cannot be read: " + e);
    }
    Map<String, Object> body = new LinkedHashMap<>();
    if (read.isList()) {
      body.put("operations", read);
    } else if (read.isObject()) {
      body.putAll(read.members());
    } else {
      throw new CtlException(Exit.USAGE, file + " has no operations");
    }
    body.putAll(ctl.reasons());
    return ctl.printChange(ctl.change("POST", "/changes", body, Map.of()));
  }
}
