package dev.turnout.config;

/// A word of a directive, without quotes and escapes, and where it begins.
record Word(String text, Position position) {}
