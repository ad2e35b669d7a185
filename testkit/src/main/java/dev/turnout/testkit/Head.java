package dev.turnout.testkit;

/// The first line and the fields of a message.
record Head(String startLine, Fields fields) {}
