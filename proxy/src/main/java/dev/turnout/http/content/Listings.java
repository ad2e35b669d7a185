package dev.turnout.http.content;

import dev.turnout.http.HttpDate;
import dev.turnout.http.UriEscape;
import dev.turnout.json.JsonText;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;

/// Lists of directories in nginx's forms. Chars are bytes.
final class Listings {
  private static final int NAME_WIDTH = 50;
  private static final String CRLF = "\r\n";
  private static final DateTimeFormatter SHORT =
      DateTimeFormatter.ofPattern("dd-MMM-yyyy HH:mm", Locale.ENGLISH).withZone(ZoneOffset.UTC);
  private static final long KILO = 1024;
  private static final long MEGA = KILO * KILO;
  private static final long GIGA = MEGA * KILO;
  private static final long LONGEST_PLAIN = 9999;

  private Listings() {}

  static String html(
      String path,
      List<DirectoryEntry> entries,
      boolean utf8,
      boolean exactSize,
      boolean localTime,
      long nowMillis) {
    String title = escapeHtml(path);
    StringBuilder out = new StringBuilder(512 + entries.size() * 128);
    out.append("<html>" + CRLF + "<head><title>Index of ").append(title);
    out.append("</title></head>" + CRLF + "<body>" + CRLF + "<h1>Index of ").append(title);
    out.append("</h1><hr><pre><a href=\"../\">../</a>" + CRLF);
    // as of now for all of them, as nginx reckons
    ZoneOffset zone =
        localTime
            ? ZoneId.systemDefault().getRules().getOffset(Instant.ofEpochMilli(nowMillis))
            : ZoneOffset.UTC;
    for (DirectoryEntry entry : entries) {
      out.append("<a href=\"").append(UriEscape.URI_COMPONENT.escape(entry.name()));
      out.append(entry.isDirectory() ? "/\">" : "\">");
      name(out, entry, utf8);
      out.append(' ');
      long shifted = entry.modifiedSecond() + zone.getTotalSeconds();
      out.append(SHORT.format(Instant.ofEpochSecond(shifted))).append(' ');
      size(out, entry, exactSize);
      out.append(CRLF);
    }
    out.append("</pre><hr></body>" + CRLF + "</html>" + CRLF);
    return out.toString();
  }

  private static void name(StringBuilder out, DirectoryEntry entry, boolean utf8) {
    String name = utf8 ? decoded(entry.name()) : entry.name();
    int length = name.codePointCount(0, name.length());
    if (length > NAME_WIDTH) {
      String kept = name.substring(0, name.offsetByCodePoints(0, NAME_WIDTH - 3));
      out.append(escapeHtml(utf8 ? encoded(kept) : kept)).append("..&gt;</a>");
      return;
    }
    out.append(escapeHtml(entry.name()));
    if (entry.isDirectory() && length < NAME_WIDTH) {
      out.append('/');
      length++;
    }
    out.append("</a>").repeat(" ", NAME_WIDTH - length);
  }

  /// The text that UTF-8 bytes are; the bytes as they are if they are none.
  private static String decoded(String bytes) {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(bytes.getBytes(StandardCharsets.ISO_8859_1)))
          .toString();
    } catch (CharacterCodingException _) {
      return bytes;
    }
  }

  private static String encoded(String text) {
    return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
  }

  private static void size(StringBuilder out, DirectoryEntry entry, boolean exact) {
    if (entry.isDirectory()) {
      out.append(" ".repeat(exact ? 18 : 6)).append('-');
      return;
    }
    long size = entry.size();
    if (exact) {
      out.append(padded(size, 19));
    } else if (size > GIGA - 1) {
      out.append(padded(rounded(size, GIGA), 6)).append('G');
    } else if (size > MEGA - 1) {
      out.append(padded(rounded(size, MEGA), 6)).append('M');
    } else if (size > LONGEST_PLAIN) {
      out.append(padded(rounded(size, KILO), 6)).append('K');
    } else {
      out.append(' ').append(padded(size, 6));
    }
  }

  private static long rounded(long size, long unit) {
    return size / unit + (size % unit > unit / 2 - 1 ? 1 : 0);
  }

  private static String padded(long number, int width) {
    String text = Long.toString(number);
    return " ".repeat(Math.max(0, width - text.length())) + text;
  }

  static String xml(List<DirectoryEntry> entries) {
    StringBuilder out = new StringBuilder(64 + entries.size() * 96);
    out.append("<?xml version=\"1.0\"?>" + CRLF + "<list>" + CRLF);
    for (DirectoryEntry entry : entries) {
      String kind = kind(entry);
      out.append('<').append(kind).append(" mtime=\"");
      out.append(Instant.ofEpochSecond(entry.modifiedSecond()));
      if (entry.isFile()) {
        out.append("\" size=\"").append(entry.size());
      }
      out.append("\">").append(escapeHtml(entry.name()));
      out.append("</").append(kind).append('>').append(CRLF);
    }
    return out.append("</list>").append(CRLF).toString();
  }

  /// @param callback the function that is called with the list; empty for none
  static String json(List<DirectoryEntry> entries, String callback) {
    StringBuilder out = new StringBuilder(64 + entries.size() * 96);
    if (!callback.isEmpty()) {
      out.append("/* callback */" + CRLF).append(callback).append('(');
    }
    out.append('[');
    String comma = "";
    for (DirectoryEntry entry : entries) {
      out.append(comma).append(CRLF + "{ \"name\":").append(JsonText.quoted(entry.name()));
      out.append(", \"type\":\"").append(kind(entry));
      out.append("\", \"mtime\":\"").append(HttpDate.format(entry.modifiedSecond())).append('"');
      if (entry.isFile()) {
        out.append(", \"size\":").append(entry.size());
      }
      out.append(" }");
      comma = ",";
    }
    out.append(CRLF + "]");
    return callback.isEmpty() ? out.toString() : out.append(");").toString();
  }

  private static String kind(DirectoryEntry entry) {
    return switch (entry.kind()) {
      case DIRECTORY -> "directory";
      case FILE -> "file";
      case OTHER -> "other";
    };
  }

  private static String escapeHtml(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
