package dev.turnout.loadgen;

import java.lang.management.ManagementFactory;

/// CPU time that was used.
///
/// @param threadNanos by the thread that asked: the generator, without its JVM
/// @param processNanos by the whole process: the JVM's collector and compiler are in it
record Cpu(long threadNanos, long processNanos) {
  static final Cpu NONE = new Cpu(0, 0);

  /// What the calling thread and the process have used so far.
  static Cpu used() {
    long process =
        ManagementFactory.getOperatingSystemMXBean()
                instanceof com.sun.management.OperatingSystemMXBean system
            ? system.getProcessCpuTime()
            : 0;
    return new Cpu(ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime(), process);
  }

  Cpu since(Cpu before) {
    return new Cpu(threadNanos - before.threadNanos, processNanos - before.processNanos);
  }
}
