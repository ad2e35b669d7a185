package dev.turnout.ctl;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.turnout.json.Json;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `audit`: whether the file of `audit_log` is as it was written.
@Command(
    name = "audit",
    description = "Looks at an audit file.",
    synopsisSubcommandLabel = "(verify)")
final class AuditCommand {
  private static final String ORIGIN = "0".repeat(64);

  private final Ctl ctl;

  AuditCommand(Ctl ctl) {
    this.ctl = ctl;
  }

  @Command(
      name = "verify",
      description =
          "Tells whether a line was changed, taken out or put in: each carries the SHA-256 of the"
              + " one before it. Who keeps the last one's elsewhere can also tell whether the end is"
              + " missing, or all of it was written anew.")
  int verify(
      @Parameters(paramLabel = "FILE", description = "The file.") Path file,
      @Option(
              names = "--from",
              paramLabel = "SHA256",
              description = "What the first line must carry: the last one's of the file before.")
          @Nullable String from,
      @Option(
              names = "--to",
              paramLabel = "SHA256",
              description = "What a line of the file must be, such as was noted before.")
          @Nullable String to) {
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
      return verify(file, in, from, to);
    } catch (IOException e) {
      throw new CtlException(Exit.USAGE, "the file cannot be read: " + e);
    }
  }

  private int verify(Path file, InputStream in, @Nullable String from, @Nullable String to)
      throws IOException {
    String before = from;
    String first = "";
    long lines = 0;
    long torn = 0;
    boolean met = to == null;
    for (byte[] line = line(in); line.length > 0; line = line(in)) {
      boolean whole = line[line.length - 1] == '\n';
      String text = new String(line, 0, line.length - (whole ? 1 : 0), ISO_8859_1);
      lines++;
      String said = previous(text);
      if (said == null) {
        torn++; // a crash cut it short; what follows carries its digest all the same
      } else if (before != null && !said.equals(before)) {
        throw new CtlException(
            Exit.REFUSED,
            file + " is not as it was written: line " + lines + " does not follow the one before");
      } else if (lines == 1) {
        first = said;
      }
      before = digest(text);
      met |= before.equals(to);
    }
    if (!met) {
      throw new CtlException(Exit.REFUSED, file + " has no line " + to);
    }
    StringBuilder text = new StringBuilder();
    text.append(lines).append(" lines, none changed");
    text.append(torn == 0 ? "" : "; " + torn + " cut short by a crash").append('\n');
    text.append(first.equals(ORIGIN) ? "from the beginning\n" : "after   " + first + "\n");
    text.append("last    ").append(before == null ? ORIGIN : before).append('\n');
    return ctl.print(text.toString());
  }

  /// The next line with its line feed; empty at the end.
  private static byte[] line(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int c = in.read(); c >= 0; c = in.read()) {
      line.write(c);
      if (c == '\n') {
        break;
      }
    }
    return line.toByteArray();
  }

  /// What a line says of the one before it; null if it is none of the node's.
  private static @Nullable String previous(String line) {
    try {
      String prev = Answer.parse(line).text("prev");
      return prev.isEmpty() ? null : prev;
    } catch (Json.Malformed _) {
      return null;
    }
  }

  private static String digest(String line) {
    try {
      byte[] bytes = line.getBytes(ISO_8859_1);
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has it
    }
  }
}
