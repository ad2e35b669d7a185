package dev.turnout.admin.dashboard;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/// The files of the dashboard, as the module of that name has them, ready to be sent. Immutable.
final class DashboardFiles {
  /// Where they are in the class path.
  private static final String ROOT = "/dev/turnout/dashboard/";

  /// The file that names the others, one a line.
  private static final String LIST = "files.txt";

  private static final String PAGE = "index.html";

  /// What stands in the page for the path of the API.
  private static final String API = "@API@";

  /// One of them.
  ///
  /// @param type its media type
  @SuppressWarnings("ArrayRecordComponent") // nobody compares files
  record File(String type, String etag, byte[] plain, byte[] compressed) {}

  private final Map<String, File> files;

  private DashboardFiles(Map<String, File> files) {
    this.files = Map.copyOf(files);
  }

  /// @param api the path of the API that the page is to speak to, without a slash at its end
  static DashboardFiles of(String api) {
    Map<String, File> files = new HashMap<>();
    for (String name : names()) {
      byte[] bytes = read(name);
      if (name.equals(PAGE)) {
        bytes = new String(bytes, UTF_8).replace(API, attribute(api)).getBytes(UTF_8);
      }
      files.put(name, new File(type(name), etag(bytes), bytes, compressed(bytes)));
    }
    return new DashboardFiles(files);
  }

  /// The names of all of them.
  static List<String> names() {
    return new String(read(LIST), UTF_8).lines().filter(line -> !line.isBlank()).toList();
  }

  /// The file of this name; the page, if it is empty.
  @Nullable File find(String name) {
    return files.get(name.isEmpty() ? PAGE : name);
  }

  private static byte[] read(String name) {
    try (InputStream in = DashboardFiles.class.getResourceAsStream(ROOT + name)) {
      if (in == null) {
        throw new IllegalStateException("the dashboard's " + name + " is not in the program");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String attribute(String text) {
    return text.replace("&", "&amp;").replace("\"", "&quot;").replace("<", "&lt;");
  }

  private static String type(String name) {
    return switch (name.substring(name.lastIndexOf('.') + 1)) {
      case "html" -> "text/html; charset=utf-8";
      case "css" -> "text/css; charset=utf-8";
      case "js" -> "text/javascript; charset=utf-8";
      case "svg" -> "image/svg+xml";
      case "txt" -> "text/plain; charset=utf-8";
      default -> throw new IllegalStateException("what is " + name + "?");
    };
  }

  private static String etag(byte[] bytes) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(bytes);
      return "W/\"" + HexFormat.of().formatHex(Arrays.copyOf(hash, 8)) + "\"";
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] compressed(byte[] bytes) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(bytes.length / 2);
    try (GZIPOutputStream gzip = new Best(out)) {
      gzip.write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  private static final class Best extends GZIPOutputStream {
    Best(ByteArrayOutputStream out) throws IOException {
      super(out);
      def.setLevel(Deflater.BEST_COMPRESSION);
    }
  }
}
