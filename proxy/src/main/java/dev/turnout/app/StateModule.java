package dev.turnout.app;

import static dev.turnout.config.Context.HTTP;

import dev.turnout.cluster.Journal;
import dev.turnout.cluster.file.FileJournal;
import dev.turnout.cluster.file.FileStateStore;
import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.config.Units;
import dev.turnout.control.Drains;
import dev.turnout.control.History;
import dev.turnout.http.CoreModule;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `state_directory`: where changes of upstreams and key-value zones are kept.
final class StateModule implements HttpModule {
  private static final String USUAL = "state";
  private static final int LEAST_HISTORY = 10;
  private static final int MOST_HISTORY = 1_000_000;

  /// How a journal comes to be opened.
  @FunctionalInterface
  interface Journals {
    /// Opens the journal of a directory.
    ///
    /// @param remembered how many changes it is to hold at least
    Journal open(Path directory, int remembered) throws IOException;
  }

  private final History history;
  private final Drains drains;
  private final Journals journals;
  private final Path prefix;
  private @Nullable HttpRegistry http;
  private @Nullable Path directory;
  private boolean off;
  private int remembered = FileJournal.USUAL_HISTORY;

  /// @param prefix where the usual directory is
  StateModule(History history, Drains drains, Journals journals, Path prefix) {
    this.history = history;
    this.drains = drains;
    this.journals = journals;
    this.prefix = prefix;
  }

  @Override
  public void register(HttpRegistry http) {
    this.http = http;
    http.directive("state_directory")
        .in(HTTP)
        .arguments(1, 2)
        .read(this::read)
        .syntax("path [history=number] | off")
        .defaultText("state")
        .summary(
            "Where changes that are made at run time are kept, with who made them, when and why:"
                + " they are in force again after a restart, and can be undone. A relative path"
                + " begins at the prefix. `history` is how many changes are remembered at least"
                + " (10000). The directory is made when the configuration has something that can"
                + " make changes, or with the first change that comes by the management socket. With `off` they end with the process, but for zones with a"
                + " `state` file.");
    http.beforeBuild(this::open);
  }

  private void read(Directive d, Scope scope) {
    if (d.argument(0).equals("off")) {
      off = true;
      if (d.argumentCount() == 2) {
        throw ConfigException.at(d, 1, "invalid parameter \"" + d.argument(1) + "\"");
      }
      return;
    }
    directory = Path.of(CoreModule.path(scope, d.argument(0))).normalize();
    if (d.argumentCount() == 2) {
      String word = d.argument(1);
      remembered =
          (int)
              Units.number(word.startsWith("history=") ? word.substring(8) : "").stream()
                  .filter(number -> number >= LEAST_HISTORY && number <= MOST_HISTORY)
                  .findFirst()
                  .orElseThrow(() ->
                      ConfigException.at(d, 1, "invalid parameter \"" + word + "\"")
                          .withHelp(
                              "written history=number, from "
                                  + LEAST_HISTORY
                                  + " to "
                                  + MOST_HISTORY));
    }
  }

  /// Keeps state in this directory, by another directive's word.
  ///
  /// @throws ConfigException if the directory was given already
  void useDirectory(Directive d, Path other) {
    if (directory != null || off) {
      throw ConfigException.at(d, "the state directory is given twice");
    }
    directory = other;
  }

  private void open() {
    HttpRegistry registry = http;
    if (registry == null || off || history.isDurable()) {
      return;
    }
    Path where = directory != null ? directory : prefix.resolve(USUAL).normalize();
    if (!registry.changesState() && !FileJournal.isThere(where)) {
      String dialect = registry.onDemand();
      if (dialect != null) {
        history.keepOnDemand(new JournalOnDemand(dialect, () -> opened(where)));
      }
      return;
    }
    try {
      Journal journal = journals.open(where, remembered);
      history.keepIn(journal).forEach(registry::warn);
      if (journal.isDurable()) {
        keepDrains(where).forEach(registry::warn);
        registry.environment().stateDirectory(where);
        registry.environment().upstreams().keepAddressesIn(where.resolve("addresses"));
      }
    } catch (IOException e) {
      throw ConfigException.withoutPosition(String.valueOf(e.getMessage()))
          .withHelp("\"state_directory\" in the http block says where it is");
    }
  }

  private List<String> keepDrains(Path where) throws IOException {
    return drains.keepIn(FileStateStore.open("drains", where.resolve("drains.json")));
  }

  /// The journal of a directory that had none, for a change that is being made.
  private Journal opened(Path where) throws IOException {
    Journal journal = journals.open(where, remembered);
    journal.load();
    keepDrains(where);
    return journal;
  }
}
