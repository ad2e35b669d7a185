package dev.turnout.http;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Where in the file system a request points, by `root` or `alias` of its location.
public final class RequestFile {
  private static final Charset NAMES =
      Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));

  private RequestFile() {}

  /// `$document_root`: what `root` or `alias` says for this exchange.
  public static String root(Exchange exchange) {
    CoreSettings core = exchange.core();
    Template alias = core.alias();
    if (alias != null) {
      return alias.evaluate(exchange);
    }
    Template root = core.root();
    return root == null ? "" : root.evaluate(exchange);
  }

  /// `$request_filename`: the file that the exchange's path names.
  public static String name(Exchange exchange) {
    return name(exchange, exchange.path());
  }

  /// The file that `path` names in the exchange's location.
  public static String name(Exchange exchange, String path) {
    CoreSettings core = exchange.core();
    if (core.alias() == null) {
      return root(exchange) + path;
    }
    if (core.aliasPrefix() < 0) {
      // in a regular expression's location alias names the file itself, unless try_files has found
      return exchange.isAliasExtended() ? root(exchange) + path : root(exchange);
    }
    return root(exchange) + path.substring(Math.min(core.aliasPrefix(), path.length()));
  }

  /// The path in the file system of a name whose chars are bytes.
  ///
  /// @throws java.nio.file.InvalidPathException if no file can have that name
  public static Path path(String name) {
    return Path.of(new String(name.getBytes(StandardCharsets.ISO_8859_1), NAMES));
  }

  /// The last name of a path in the file system; its chars are bytes.
  public static String name(Path path) {
    return new String(
        String.valueOf(path.getFileName()).getBytes(NAMES), StandardCharsets.ISO_8859_1);
  }

  /// A path in the file system as text; its chars are bytes.
  static String text(Path path) {
    return new String(path.toString().getBytes(NAMES), StandardCharsets.ISO_8859_1);
  }

  /// The media type that `types` and `default_type` give the exchange's path; null for none.
  public static @Nullable String mediaType(Exchange exchange) {
    String decided = exchange.response().contentType();
    if (decided != null) {
      return decided; // by an upstream whose answer this stands in for
    }
    CoreSettings core = exchange.core();
    String extension = extension(exchange.path());
    String type = extension.isEmpty() ? null : core.types().get(extension);
    String found = type == null ? core.defaultType() : type;
    return found.isEmpty() ? null : found;
  }

  /// What follows the last dot of the last segment, in lower case; a name that begins with its only
  /// dot has none.
  static String extension(String path) {
    int dot = path.lastIndexOf('.');
    if (dot <= 0 || dot < path.lastIndexOf('/') || path.charAt(dot - 1) == '/') {
      return "";
    }
    return path.substring(dot + 1).toLowerCase(Locale.ROOT);
  }
}
