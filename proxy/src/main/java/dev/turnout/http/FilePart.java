package dev.turnout.http;

import java.nio.channels.FileChannel;

/// A part of an open file that is to be sent. Whoever takes it closes the channel when it is sent.
///
/// @param channel the file
/// @param offset where the part begins
/// @param length how many bytes it has
public record FilePart(FileChannel channel, long offset, long length) {}
