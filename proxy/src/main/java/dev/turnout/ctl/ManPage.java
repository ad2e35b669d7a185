package dev.turnout.ctl;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/// The manual page in roff, made of what the commands say of themselves.
final class ManPage {
  private static final Map<String, String> EXITS =
      Map.ofEntries(
          Map.entry("0", "Done."),
          Map.entry("1", "The node refuses what was asked."),
          Map.entry("2", "The command line is wrong."),
          Map.entry("3", "A guard asks back; --force goes past it."),
          Map.entry("4", "Somebody else was faster: --if-revision does not hold."),
          Map.entry("5", "There is no such thing."),
          Map.entry("6", "Who asks may not, or the location is for reading only."),
          Map.entry("7", "The node could not: its disk refuses, or it is stopping."),
          Map.entry("8", "Nobody answers, or not as the control API does."));

  private final StringBuilder out = new StringBuilder();

  private ManPage() {}

  static String of(CommandLine line) {
    ManPage page = new ManPage();
    page.write(line);
    return page.out.toString();
  }

  private void write(CommandLine line) {
    CommandSpec root = line.getCommandSpec();
    out.append(".TH TURNOUT-CTL 1 \"\" Turnout \"Turnout\"\n");
    section("NAME");
    text("turnout-ctl - " + description(root.usageMessage().description()));
    section("SYNOPSIS");
    out.append(".B turnout ctl\n[options] command ...\n");
    section("COMMANDS");
    Set<OptionSpec> common = new LinkedHashSet<>(root.options());
    root.subcommands().values().stream()
        .distinct()
        .forEach(one -> command(one, one.getCommandName(), common));
    section("OPTIONS OF ALL COMMANDS");
    common.forEach(this::option);
    section("ENVIRONMENT");
    item("TURNOUT_CTL_URL");
    text("Where the control API is, if --url does not say it.");
    item("TURNOUT_RUN_DIR");
    text("Where nodes of this user have their sockets, if not in the usual directory.");
    item("TURNOUT_CTL_KEY_FILE");
    text("The file with the key, if --key-file does not say it.");
    section("EXIT STATUS");
    EXITS.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .forEach(exit -> {
          item(exit.getKey());
          text(exit.getValue());
        });
  }

  private void command(CommandLine line, String name, Set<OptionSpec> common) {
    CommandSpec spec = line.getCommandSpec();
    if (spec.usageMessage().hidden() || name.equals("help")) {
      return;
    }
    if (spec.subcommands().isEmpty() || spec.userObject() instanceof Callable) {
      StringBuilder synopsis = new StringBuilder(name);
      for (PositionalParamSpec one : spec.positionalParameters()) {
        String label = one.paramLabel();
        boolean many = one.arity().max() > 1;
        synopsis.append(' ');
        synopsis.append(one.arity().min() == 0 ? "[" + label + "]" : label);
        synopsis.append(many ? " ..." : "");
      }
      out.append(".SS \"").append(escaped(synopsis.toString())).append("\"\n");
      text(description(spec.usageMessage().description()));
      Set<String> known = new LinkedHashSet<>();
      common.forEach(one -> known.addAll(List.of(one.names())));
      spec.options().stream()
          .filter(one -> !known.contains(one.longestName()))
          .forEach(this::option);
    }
    spec.subcommands().forEach((word, one) -> command(one, name + " " + word, common));
  }

  private void option(OptionSpec option) {
    String label = option.arity().max() == 0 ? "" : " " + option.paramLabel();
    item(String.join(", ", option.names()) + label);
    text(description(option.description()));
  }

  private static String description(String[] lines) {
    return String.join(" ", lines).replace("%%", "%"); // as picocli reads it
  }

  private void section(String name) {
    out.append(".SH \"").append(name).append("\"\n");
  }

  private void item(String label) {
    out.append(".TP\n.B ").append(escaped(label)).append('\n');
  }

  private void text(String text) {
    out.append(escaped(text)).append('\n');
  }

  /// A line must not begin like a request, and a hyphen is one that can be copied.
  private static String escaped(String text) {
    String plain = text.replace("\\", "\\e").replace("-", "\\-");
    return plain.startsWith(".") || plain.startsWith("'") ? "\\&" + plain : plain;
  }
}
