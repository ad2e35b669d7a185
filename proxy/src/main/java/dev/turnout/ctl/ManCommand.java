package dev.turnout.ctl;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/// `man`: the manual page.
@Command(name = "man", description = "Prints the manual page: turnout ctl man | man -l -")
final class ManCommand implements Callable<Integer> {
  private final Ctl ctl;

  ManCommand(Ctl ctl) {
    this.ctl = ctl;
  }

  @Override
  public Integer call() {
    return ctl.print(ManPage.of(ctl.line()));
  }
}
