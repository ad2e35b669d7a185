package dev.turnout.config;

import java.nio.charset.StandardCharsets;

/// A file of the configuration: its name as it was opened, and its bytes.
@SuppressWarnings("ArrayRecordComponent") // the bytes are the file's identity here, not its value
public record SourceFile(String name, byte[] bytes) {
  /// A text that stands for a file, one char a byte.
  public static SourceFile of(String name, String text) {
    return new SourceFile(name, text.getBytes(StandardCharsets.ISO_8859_1));
  }

  /// Line `number`, from 1, without its end; empty behind the last.
  public String line(int number) {
    int start = 0;
    for (int line = 1; line < number && start < bytes.length; start++) {
      if (bytes[start] == '\n') {
        line++;
      }
    }
    int end = start;
    while (end < bytes.length && bytes[end] != '\n') {
      end++;
    }
    if (end > start && bytes[end - 1] == '\r') {
      end--;
    }
    return new String(bytes, start, end - start, StandardCharsets.ISO_8859_1);
  }
}
