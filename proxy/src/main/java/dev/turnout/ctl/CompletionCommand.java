package dev.turnout.ctl;

import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `completion`: what a shell needs to complete commands.
@Command(
    name = "completion",
    description =
        "Prints what bash or zsh reads to complete commands: source <(turnout ctl completion bash)")
final class CompletionCommand implements Callable<Integer> {
  private static final String FUNCTION = "_complete_turnout_ctl";

  private final Ctl ctl;

  @Parameters(paramLabel = "bash|zsh", description = "The shell.")
  private String shell = "";

  CompletionCommand(Ctl ctl) {
    this.ctl = ctl;
  }

  @Override
  public Integer call() {
    if (!shell.equals("bash") && !shell.equals("zsh")) {
      throw new CtlException(Exit.USAGE, "only bash and zsh are known");
    }
    return ctl.print(script(ctl.line()));
  }

  /// picocli completes a program of one word. Its function is asked for `turnout ctl` as if that
  /// were one, and what is not `ctl` is left to the shell.
  static String script(CommandLine line) {
    String generated = AutoComplete.bash("turnout_ctl", line);
    return generated
        + """

        function _complete_turnout() {
          if [ "$COMP_CWORD" -le 1 ]; then
            COMPREPLY=( $(compgen -W "ctl" -- "${COMP_WORDS[1]}") $(compgen -f -- "${COMP_WORDS[1]}") )
          elif [ "${COMP_WORDS[1]}" = ctl ]; then
            local COMP_WORDS=("turnout_ctl" "${COMP_WORDS[@]:2}") COMP_CWORD=$((COMP_CWORD - 1))
            %s
          else
            COMPREPLY=( $(compgen -f -- "${COMP_WORDS[COMP_CWORD]}") )
          fi
        }
        complete -o default -F _complete_turnout turnout
        """
            .formatted(FUNCTION);
  }
}
