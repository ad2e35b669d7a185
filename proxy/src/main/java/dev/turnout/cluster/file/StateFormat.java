package dev.turnout.cluster.file;

import dev.turnout.cluster.KeyvalSnapshot;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/// The text of a state file: JSON that a person can read, one entry a line, sorted by key.
///
/// ```json
/// {
///   "format": "turnout-keyval/1",
///   "zone": "switch",
///   "revision": 12,
///   "checksum": "crc32c:ba8aafd1",
///   "entries": {
///     "a.example": "blue",
///     "b.example": "green"
///   }
/// }
/// ```
///
/// An entry that ends is `{"value": "blue", "expires": "2026-11-26T04:00:00.123Z"}`, and the format
/// is then `turnout-keyval/2`.
///
/// The checksum is over everything that has a meaning (format, zone, revision, and the lines of the
/// entries as they are written here), not over the layout: a file that was only formatted anew is
/// still good, one that was edited is not. To edit by hand, leave nothing but the object of the
/// entries: that is the state file of NGINX Plus, and is read as well.
final class StateFormat {
  static final String FAMILY = "turnout-keyval/";

  /// Where no entry ends.
  static final String FORMAT = FAMILY + "1";

  /// Where some do: a version that does not know deadlines must not take them for none.
  static final String FORMAT_WITH_DEADLINES = FAMILY + "2";

  private StateFormat() {}

  static byte[] encode(String zone, long revision, EntryLines entries) {
    byte[] lines = entries.toBytes();
    String head =
        """
        {
          "format": "%s",
          "zone": %s,
          "revision": %d,
          "checksum": "%s",
          "entries": {
        """
            .formatted(
                format(entries),
                EntryLines.quote(zone),
                revision,
                checksum(format(entries), zone, revision, lines));

    ByteArrayOutputStream file = new ByteArrayOutputStream(head.length() + lines.length + 8);
    file.writeBytes(head.getBytes(StandardCharsets.ISO_8859_1));
    file.writeBytes(lines);
    file.writeBytes("  }\n}\n".getBytes(StandardCharsets.ISO_8859_1));
    return file.toByteArray();
  }

  /// The checksum that a file of this format and content has.
  static String checksum(String format, String zone, KeyvalSnapshot content) {
    return checksum(format, zone, content.revision(), EntryLines.of(content).toBytes());
  }

  private static String format(EntryLines lines) {
    return lines.hasDeadlines() ? FORMAT_WITH_DEADLINES : FORMAT;
  }

  private static String checksum(String format, String zone, long revision, byte[] lines) {
    CRC32C crc = new CRC32C();
    String head = format + "\n" + EntryLines.quote(zone) + "\n" + revision + "\n";
    crc.update(head.getBytes(StandardCharsets.ISO_8859_1));
    crc.update(lines);
    return "crc32c:%08x".formatted(crc.getValue());
  }
}
