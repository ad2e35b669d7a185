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
/// The checksum is over everything that has a meaning (format, zone, revision, and the lines of the
/// entries as they are written here), not over the layout: a file that was only formatted anew is
/// still good, one that was edited is not. To edit by hand, leave nothing but the object of the
/// entries: that is the state file of NGINX Plus, and is read as well.
final class StateFormat {
  static final String FAMILY = "turnout-keyval/";
  static final String FORMAT = FAMILY + "1";

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
            .formatted(FORMAT, EntryLines.quote(zone), revision, checksum(zone, revision, lines));

    ByteArrayOutputStream file = new ByteArrayOutputStream(head.length() + lines.length + 8);
    file.writeBytes(head.getBytes(StandardCharsets.ISO_8859_1));
    file.writeBytes(lines);
    file.writeBytes("  }\n}\n".getBytes(StandardCharsets.ISO_8859_1));
    return file.toByteArray();
  }

  static String checksum(String zone, KeyvalSnapshot content) {
    return checksum(zone, content.revision(), EntryLines.of(content).toBytes());
  }

  private static String checksum(String zone, long revision, byte[] lines) {
    CRC32C crc = new CRC32C();
    String head = FORMAT + "\n" + EntryLines.quote(zone) + "\n" + revision + "\n";
    crc.update(head.getBytes(StandardCharsets.ISO_8859_1));
    crc.update(lines);
    return "crc32c:%08x".formatted(crc.getValue());
  }
}
