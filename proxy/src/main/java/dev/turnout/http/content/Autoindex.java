package dev.turnout.http.content;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.LOCATION_IF;
import static dev.turnout.config.Context.SERVER;

import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.http.CoreVariables;
import dev.turnout.http.Exchange;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.MediaTypes;
import dev.turnout.http.Response;
import dev.turnout.log.Errno;
import dev.turnout.log.Level;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// `autoindex`: directories without an index answer with a list of what is in them. Immutable.
///
/// @param exactSize `autoindex_exact_size`
/// @param localTime `autoindex_localtime`
record Autoindex(Format format, boolean exactSize, boolean localTime) {
  private static final Setting<Boolean> ENABLED = Setting.of("autoindex", false);
  private static final Setting<Format> FORMAT = Setting.of("autoindex_format", Format.HTML);
  private static final Setting<Boolean> EXACT_SIZE = Setting.of("autoindex_exact_size", true);
  private static final Setting<Boolean> LOCAL_TIME = Setting.of("autoindex_localtime", false);
  private static final int LONGEST_CALLBACK = 128;

  /// Directories first, each kind by name.
  private static int inOrder(DirectoryEntry one, DirectoryEntry other) {
    return one.isDirectory() == other.isDirectory()
        ? one.name().compareTo(other.name())
        : one.isDirectory() ? -1 : 1;
  }

  /// `autoindex_format`.
  enum Format {
    HTML("text/html"),
    XML("text/xml; charset=utf-8"),
    JSON("application/json"),
    JSONP("application/javascript");

    private final String type;

    Format(String type) {
      this.type = type;
    }
  }

  static void register(HttpRegistry http) {
    http.directive("autoindex")
        .in(HTTP, SERVER, LOCATION, LOCATION_IF)
        .flag(ENABLED)
        .defaultText("off")
        .summary("Directories without an index answer with a list of what is in them.");
    http.directive("autoindex_format")
        .in(HTTP, SERVER, LOCATION)
        .oneOf(
            FORMAT,
            Map.of(
                "html", Format.HTML,
                "xml", Format.XML,
                "json", Format.JSON,
                "jsonp", Format.JSONP))
        .defaultText("html")
        .summary("The form of lists of directories.");
    http.directive("autoindex_exact_size")
        .in(HTTP, SERVER, LOCATION)
        .flag(EXACT_SIZE)
        .defaultText("on")
        .summary("Lists in HTML give sizes in bytes, not in kilobytes and so on.");
    http.directive("autoindex_localtime")
        .in(HTTP, SERVER, LOCATION)
        .flag(LOCAL_TIME)
        .defaultText("off")
        .summary("Lists in HTML give times in the time zone of the machine, not in UTC.");
  }

  /// What holds in this block; null where there are no lists.
  static @Nullable Autoindex of(Scope scope) {
    return scope.get(ENABLED)
        ? new Autoindex(scope.get(FORMAT), scope.get(EXACT_SIZE), scope.get(LOCAL_TIME))
        : null;
  }

  /// Answers with the list.
  void answer(Exchange exchange, String directory) {
    String callback = format == Format.JSONP ? callback(exchange) : "";
    if (callback == null) {
      exchange.finish(400);
      return;
    }
    exchange.offLoop(
        () -> DirectoryEntry.list(directory),
        (entries, failure) -> {
          if (entries == null) {
            fail(exchange, directory, failure);
          } else {
            send(exchange, entries.stream().sorted(Autoindex::inOrder).toList(), callback);
          }
        },
        _ -> {});
  }

  /// The name of the function; empty for none, null if it is not one.
  private static @Nullable String callback(Exchange exchange) {
    String name = CoreVariables.argument(exchange.args(), "callback");
    if (name == null || name.isEmpty()) {
      return "";
    }
    if (name.length() > LONGEST_CALLBACK) {
      exchange.log(Level.INFO, "client sent too long callback name: \"" + name + "\"");
      return null;
    }
    if (!name.matches("[A-Za-z0-9_.]+")) {
      exchange.log(Level.INFO, "client sent invalid callback name: \"" + name + "\"");
      return null;
    }
    return name;
  }

  static void fail(Exchange exchange, String directory, @Nullable IOException failure) {
    int status = failure == null ? 500 : FileLookup.status(failure);
    String reason = failure == null ? "" : " (" + Errno.describe(failure) + ")";
    exchange.log(
        status == 500 ? Level.CRIT : Level.ERROR,
        "opendir() \"" + directory + "\" failed" + reason);
    exchange.finish(status);
  }

  private void send(Exchange exchange, List<DirectoryEntry> entries, String callback) {
    int malformed = exchange.body().discard();
    if (malformed != 0) {
      exchange.finish(malformed);
      return;
    }
    Response response = exchange.response();
    if (exchange.errorStatus() == 0 || response.status() <= 0) {
      response.status(200);
    }
    boolean bare = format == Format.JSONP && callback.isEmpty();
    response.contentType(bare ? Format.JSON.type : format.type);
    response.contentLength(Response.UNKNOWN_LENGTH);
    if (!exchange.sendHead(exchange.isHead())) {
      exchange.finish(response.refusal());
      return;
    }
    if (!exchange.isHead()) {
      String charset = MediaTypes.charset(response.contentType());
      String text =
          switch (format) {
            case HTML ->
                Listings.html(
                    exchange.path(),
                    entries,
                    charset.equalsIgnoreCase("utf-8"),
                    exactSize,
                    localTime,
                    exchange.worker().nowMillis());
            case XML -> Listings.xml(entries);
            case JSON, JSONP -> Listings.json(entries, callback);
          };
      ByteBuf body = Unpooled.wrappedBuffer(text.getBytes(StandardCharsets.ISO_8859_1));
      exchange.downstream().writeBody(exchange, body, true);
    }
    exchange.downstream().flush();
  }
}
