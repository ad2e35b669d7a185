package dev.turnout.http.content;

import dev.turnout.http.ContentHandler;
import dev.turnout.http.Exchange;
import dev.turnout.http.FilePart;
import dev.turnout.http.HttpDate;
import dev.turnout.http.RequestFile;
import dev.turnout.http.Response;
import dev.turnout.http.Response.Ranges;
import dev.turnout.http.Template;
import dev.turnout.http.UriEscape;
import dev.turnout.log.Level;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Answers with files: the one that the path names, or an index of a directory. The file system is
/// asked off the loop. Immutable.
final class StaticHandler implements ContentHandler {
  private final List<Template> indexes;
  private final boolean etags;
  private final boolean logsNotFound;
  private final GzipStatic gzip;
  private final @Nullable Autoindex listing;

  StaticHandler(
      List<Template> indexes,
      boolean etags,
      boolean logsNotFound,
      GzipStatic gzip,
      @Nullable Autoindex listing) {
    this.indexes = List.copyOf(indexes);
    this.etags = etags;
    this.logsNotFound = logsNotFound;
    this.gzip = gzip;
    this.listing = listing;
  }

  @Override
  public void handle(Exchange exchange) {
    String method = exchange.method();
    if (!method.equals("GET") && !method.equals("HEAD") && !method.equals("POST")) {
      exchange.finish(405);
    } else if (exchange.path().endsWith("/")) {
      findIndex(exchange);
    } else {
      String name = RequestFile.name(exchange);
      boolean compressed = !method.equals("POST") && gzip.isWanted(exchange);
      exchange.offLoop(
          () -> compressed ? FileLookup.openBeside(name, ".gz") : FileLookup.open(name),
          (found, failure) -> answer(exchange, name, found, failure),
          StaticHandler::discard);
    }
  }

  private static void discard(FileLookup found) {
    switch (found) {
      case FileLookup.Found file -> file.close();
      case FileLookup.Beside(FileLookup other, FileLookup plain) -> {
        discard(other);
        discard(plain);
      }
      case FileLookup.Directory _, FileLookup.Special _, FileLookup.Failed _ -> {
        // nothing is open
      }
    }
  }

  private void answer(
      Exchange exchange, String name, @Nullable FileLookup found, @Nullable Exception failure) {
    switch (found) {
      case null -> {
        exchange.log(Level.CRIT, "open() \"" + name + "\" failed (" + failure + ")");
        exchange.finish(500);
      }
      case FileLookup.Beside(FileLookup other, FileLookup wanted) -> {
        boolean usable = gzip.mayBeUsed(exchange, other);
        discard(usable ? wanted : other);
        if (usable) {
          exchange.response().headers().add("Content-Encoding", "gzip");
        }
        answer(exchange, name, usable ? other : wanted, failure);
      }
      case FileLookup.Found file -> answer(exchange, file);
      case FileLookup.Directory _ -> redirect(exchange);
      case FileLookup.Special _ -> {
        exchange.log(Level.CRIT, "\"" + name + "\" is not a regular file");
        exchange.finish(404);
      }
      case FileLookup.Failed(int status, String reason) -> {
        if (status != 404 || logsNotFound) {
          exchange.log(
              status == 500 ? Level.CRIT : Level.ERROR,
              "open() \"" + name + "\" failed (" + reason + ")");
        }
        exchange.finish(status);
      }
    }
  }

  private static void redirect(Exchange exchange) {
    String args = exchange.args();
    String query = args == null || args.isEmpty() ? "" : "?" + args;
    exchange.response().location(UriEscape.URI.escape(exchange.path()) + "/" + query);
    exchange.finish(301);
  }

  private void answer(Exchange exchange, FileLookup.Found file) {
    if (exchange.method().equals("POST")) {
      file.close();
      exchange.finish(405);
      return;
    }
    head(exchange, file, etags ? etag(file.modifiedSecond(), file.length()) : null);
    send(exchange, file);
  }

  private static String etag(long modified, long length) {
    return '"' + Long.toHexString(modified) + '-' + Long.toHexString(length) + '"';
  }

  private static void head(Exchange exchange, FileLookup.Found file, @Nullable String etag) {
    exchange.body().discard();
    Response response = exchange.response();
    if (exchange.errorStatus() == 0 || response.status() <= 0) {
      response.status(200);
    }
    response.contentLength(file.length());
    response.contentType(RequestFile.mediaType(exchange));
    long modified = file.modifiedSecond();
    boolean told = response.status() == 200; // a page in place of another answer has no age
    response.lastModified(told ? HttpDate.format(modified) : null, modified * 1000);
    if (etag != null) {
      response.headers().add("ETag", etag);
    }
    response.ranges(Ranges.ANY);
  }

  private static void send(Exchange exchange, FileLookup.Found file) {
    boolean empty = exchange.isHead() || file.length() == 0;
    if (empty) {
      file.close();
    }
    if (!exchange.sendHead(empty)) {
      file.close();
      exchange.finish(exchange.response().refusal());
      return;
    }
    if (!empty) {
      FilePart sent = new FilePart(file.channel(), 0, file.length());
      exchange.downstream().writeFile(exchange, sent, true);
    }
    exchange.downstream().flush();
  }

  /// What looking for an index has found.
  ///
  /// @param name the index, or null if there is none
  private record IndexLookup(@Nullable String name, FileLookup.@Nullable Failed failed) {}

  private void findIndex(Exchange exchange) {
    String directory = RequestFile.name(exchange);
    List<String> names = new ArrayList<>(indexes.size());
    for (Template index : indexes) {
      names.add(index.evaluate(exchange));
    }
    if (names.getFirst().startsWith("/")) {
      exchange.redirectInternally(names.getFirst(), exchange.args());
      return;
    }
    exchange.offLoop(
        () -> look(directory, names),
        (found, _) -> {
          if (found == null) {
            exchange.finish(500);
          } else {
            goOn(exchange, directory, names.getFirst(), found);
          }
        },
        _ -> {});
  }

  private static IndexLookup look(String directory, List<String> names) {
    for (String name : names) {
      if (name.startsWith("/")) {
        return new IndexLookup(name, null);
      }
      FileLookup.Failed trouble = FileLookup.trouble(directory + name);
      if (trouble == null) {
        return new IndexLookup(name, null);
      }
      if (trouble.status() != 404) {
        return new IndexLookup(null, trouble);
      }
    }
    return new IndexLookup(null, FileLookup.troubleWithDirectory(directory));
  }

  private void goOn(Exchange exchange, String directory, String first, IndexLookup found) {
    String name = found.name();
    if (name != null) {
      String target = name.startsWith("/") ? name : exchange.path() + name;
      exchange.redirectInternally(target, exchange.args());
      return;
    }
    FileLookup.Failed failed = found.failed();
    if (failed == null && listing != null && !exchange.method().equals("POST")) {
      listing.answer(exchange, directory);
      return;
    }
    if (failed == null) {
      exchange.log(Level.ERROR, "directory index of \"" + directory + "\" is forbidden");
      exchange.finish(403);
      return;
    }
    switch (failed.status()) {
      case 403 ->
          exchange.log(
              Level.ERROR, "\"" + directory + first + "\" is forbidden (" + failed.reason() + ")");
      case 404 -> {
        if (logsNotFound) {
          exchange.log(
              Level.ERROR, "\"" + directory + first + "\" is not found (" + failed.reason() + ")");
        }
      }
      default ->
          exchange.log(Level.CRIT, "stat() \"" + directory + "\" failed (" + failed.reason() + ")");
    }
    exchange.finish(failed.status());
  }
}
