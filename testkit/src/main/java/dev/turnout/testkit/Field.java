package dev.turnout.testkit;

/// One header field or trailer as it stood on the wire, without the white space around the value.
public record Field(String name, String value) {}
