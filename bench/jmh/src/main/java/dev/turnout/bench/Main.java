package dev.turnout.bench;

import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/// Runs the benchmarks with JMH's own command line, and always says the bytes per operation: on the
/// data path they are worth as much as the nanoseconds.
public final class Main {
  private Main() {}

  public static void main(String[] arguments) throws RunnerException, CommandLineOptionException {
    var options = new CommandLineOptions(arguments);
    if (options.shouldList()) {
      new Runner(options).list();
      return;
    }
    new Runner(new OptionsBuilder().parent(options).addProfiler(GCProfiler.class).build()).run();
  }
}
