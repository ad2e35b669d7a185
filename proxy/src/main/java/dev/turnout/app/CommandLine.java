package dev.turnout.app;

import java.util.List;
import java.util.Optional;

/// The command line, with nginx's options and nginx's words for what is wrong with them.
///
/// Letters can be joined (`-tq`), an option's value may follow at once (`-pdir`), and of an option
/// that is given twice the last counts.
///
/// @param help `-h`, `-?`: print the usage and go
/// @param version `-v`: print the version and go (unless the configuration is tested)
/// @param configure `-V`: print the version and how it was built
/// @param test `-t`, `-T`: read the configuration and go
/// @param dump `-T`: and print it
/// @param quiet `-q`: without the messages of success
/// @param prefix `-p`
/// @param conf `-c`
/// @param errorLog `-e`; `stderr` is the standard error
/// @param globals `-g`: directives outside the file
/// @param signal `-s`: what to tell the running program
public record CommandLine(
    boolean help,
    boolean version,
    boolean configure,
    boolean test,
    boolean dump,
    boolean quiet,
    Optional<String> prefix,
    Optional<String> conf,
    Optional<String> errorLog,
    List<String> globals,
    Optional<Signal> signal) {

  /// What `-h` prints behind the version.
  public static final String USAGE =
      """
      Usage: turnout [-?hvVtTq] [-s signal] [-p prefix]
                     [-e filename] [-c filename] [-g directives]

      Options:
        -?,-h         : this help
        -v            : show version and exit
        -V            : show version and build details, then exit
        -t            : test configuration and exit
        -T            : test configuration, dump it and exit
        -q            : suppress non-error messages during configuration testing
        -s signal     : send signal to a running process: stop, quit, reopen, reload
        -p prefix     : set prefix path
        -e filename   : set error log file
        -c filename   : set configuration file
        -g directives : set global directives out of configuration file

      turnout compat file: what of an nginx.conf runs, differs, or is refused
      turnout ctl, load, backend, simulate, autoscale, demo: tools, each with --help
      """;

  public CommandLine {
    globals = List.copyOf(globals);
  }

  /// What `-s` can say.
  public enum Signal {
    STOP,
    QUIT,
    REOPEN,
    RELOAD
  }

  /// A command line that cannot be understood; the message is printed behind `nginx: `.
  public static final class InvalidException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final String hint;

    InvalidException(String message) {
      this(message, "");
    }

    InvalidException(String message, String hint) {
      super(message);
      this.hint = hint;
    }

    /// A line with what would be right, for behind nginx's words; empty if there is none.
    public String hint() {
      return hint;
    }
  }

  /// Reads the arguments of `main`.
  ///
  /// @throws InvalidException if they are wrong
  public static CommandLine parse(String... arguments) {
    return new Parser(arguments).parse();
  }

  private static final class Parser {
    private final String[] arguments;
    private int next;
    private boolean help;
    private boolean version;
    private boolean configure;
    private boolean test;
    private boolean dump;
    private boolean quiet;
    private Optional<String> prefix = Optional.empty();
    private Optional<String> conf = Optional.empty();
    private Optional<String> errorLog = Optional.empty();
    private Optional<String> globals = Optional.empty();
    private Optional<Signal> signal = Optional.empty();

    Parser(String[] arguments) {
      this.arguments = arguments;
    }

    CommandLine parse() {
      while (next < arguments.length) {
        String argument = arguments[next++];
        if (argument.equals("--help")) {
          argument = "-h";
        } else if (!argument.startsWith("-")) {
          throw new InvalidException(
              "invalid option: \"" + argument + "\"",
              "  a first word is one of compat, ctl, load, backend, simulate, autoscale, demo\n");
        }
        letters(argument);
      }
      return new CommandLine(
          help,
          version,
          configure,
          test,
          dump,
          quiet,
          prefix,
          conf,
          errorLog,
          globals.stream().toList(),
          signal);
    }

    private void letters(String argument) {
      for (int i = 1; i < argument.length(); i++) {
        char letter = argument.charAt(i);
        String rest = argument.substring(i + 1);
        switch (letter) {
          case '?', 'h' -> {
            version = true;
            help = true;
          }
          case 'v' -> version = true;
          case 'V' -> {
            version = true;
            configure = true;
          }
          case 't' -> test = true;
          case 'T' -> {
            test = true;
            dump = true;
          }
          case 'q' -> quiet = true;
          case 'p', 'e', 'c', 'g', 's' -> {
            valued(letter, rest);
            return;
          }
          default -> throw invalidOption(String.valueOf(letter));
        }
      }
    }

    private void valued(char letter, String rest) {
      switch (letter) {
        case 'p' -> prefix = Optional.of(value(rest, "option \"-p\" requires directory name"));
        case 'e' -> errorLog = Optional.of(value(rest, "option \"-e\" requires file name"));
        case 'c' -> conf = Optional.of(value(rest, "option \"-c\" requires file name"));
        case 'g' -> globals = Optional.of(value(rest, "option \"-g\" requires parameter"));
        case 's' -> signal = Optional.of(signal(value(rest, "option \"-s\" requires parameter")));
        default -> throw new IllegalStateException("option " + letter + " takes no value");
      }
    }

    private String value(String rest, String missing) {
      if (!rest.isEmpty()) {
        return rest;
      }
      if (next == arguments.length) {
        throw new InvalidException(missing);
      }
      return arguments[next++];
    }

    private static Signal signal(String name) {
      return switch (name) {
        case "stop" -> Signal.STOP;
        case "quit" -> Signal.QUIT;
        case "reopen" -> Signal.REOPEN;
        case "reload" -> Signal.RELOAD;
        default -> throw invalidOption("-s " + name);
      };
    }

    private static InvalidException invalidOption(String text) {
      return new InvalidException("invalid option: \"" + text + "\"");
    }
  }
}
