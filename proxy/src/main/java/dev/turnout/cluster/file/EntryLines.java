package dev.turnout.cluster.file;

import dev.turnout.cluster.KeyvalEntry;
import dev.turnout.cluster.KeyvalSnapshot;
import dev.turnout.json.JsonText;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Set;

/// The entries of a zone as the lines of its state file, sorted by key. Immutable.
///
/// The lines are kept, so that a change of one key of ten thousand encodes one line, not all.
final class EntryLines {
  static final EntryLines NONE = new EntryLines(new String[0], new byte[0][], false);

  private final String[] keys;
  private final byte[][] lines;
  private final boolean hasDeadlines;

  private EntryLines(String[] keys, byte[][] lines, boolean hasDeadlines) {
    this.keys = keys;
    this.lines = lines;
    this.hasDeadlines = hasDeadlines;
  }

  /// True if some of the entries end.
  boolean hasDeadlines() {
    return hasDeadlines;
  }

  static EntryLines of(KeyvalSnapshot snapshot) {
    return NONE.with(snapshot, snapshot.entries().keySet());
  }

  /// The lines of `next`, which differs from these in the `touched` keys at most.
  EntryLines with(KeyvalSnapshot next, Set<String> touched) {
    String[] changed = touched.toArray(String[]::new);
    Arrays.sort(changed);
    String[] newKeys = new String[next.size()];
    byte[][] newLines = new byte[next.size()][];
    int from = 0;
    int to = 0;
    for (String key : changed) {
      int at = Arrays.binarySearch(keys, from, keys.length, key);
      boolean existed = at >= 0;
      int end = existed ? at : -at - 1;
      to = copy(from, end, newKeys, newLines, to);
      from = existed ? end + 1 : end;
      String value = next.get(key);
      if (value != null) {
        newKeys[to] = key;
        newLines[to++] = line(key, value, next.deadline(key));
      }
    }
    to = copy(from, keys.length, newKeys, newLines, to);
    if (to != next.size()) {
      throw new IllegalStateException("more keys differ than were said to be touched");
    }
    return new EntryLines(newKeys, newLines, !next.deadlines().isEmpty());
  }

  private int copy(int from, int end, String[] newKeys, byte[][] newLines, int to) {
    System.arraycopy(keys, from, newKeys, to, end - from);
    System.arraycopy(lines, from, newLines, to, end - from);
    return to + end - from;
  }

  private static byte[] line(String key, String value, long deadlineMillis) {
    String text =
        deadlineMillis == KeyvalEntry.NEVER
            ? quote(value)
            : "{\"value\": %s, \"expires\": \"%s\"}"
                .formatted(quote(value), Instant.ofEpochMilli(deadlineMillis));
    return ("    " + quote(key) + ": " + text).getBytes(StandardCharsets.ISO_8859_1);
  }

  /// A JSON string. What is not ASCII stays the byte it is, so UTF-8 reads as UTF-8.
  static String quote(String text) {
    return JsonText.quoted(text);
  }

  /// All lines as they stand in the file.
  byte[] toBytes() {
    int length = 0;
    for (byte[] line : lines) {
      length += line.length + 2;
    }
    byte[] bytes = new byte[Math.max(0, length - 1)]; // no comma after the last
    int at = 0;
    for (int i = 0; i < lines.length; i++) {
      byte[] line = lines[i];
      System.arraycopy(line, 0, bytes, at, line.length);
      at += line.length;
      if (i + 1 < lines.length) {
        bytes[at++] = ',';
      }
      bytes[at++] = '\n';
    }
    return bytes;
  }
}
