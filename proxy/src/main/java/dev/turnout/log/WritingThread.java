package dev.turnout.log;

/// A thread that may write log lines itself while few come: one that nobody interrupts, which would
/// close the file.
public interface WritingThread {}
