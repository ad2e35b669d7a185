package dev.turnout.admin.dashboard;

import dev.turnout.http.ContentHandler;
import dev.turnout.http.Exchange;
import dev.turnout.http.FieldName;
import dev.turnout.http.GzipRules;
import dev.turnout.http.ResponseHeaders;

/// Answers with the files of the dashboard, which are in memory. Immutable, shared by all loops.
final class DashboardHandler implements ContentHandler {
  /// Nothing but what comes from here may run, load or be asked, and no page may frame this one.
  /// The types that could turn text into markup or code cannot be made at all.
  private static final String POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
          + " base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
          + " require-trusted-types-for 'script'; trusted-types 'none'";

  private final String base;
  private final DashboardFiles files;

  /// @param base the path of the location, with a slash at its end
  DashboardHandler(String base, DashboardFiles files) {
    this.base = base;
    this.files = files;
  }

  @Override
  public void handle(Exchange exchange) {
    String path = exchange.path();
    if (path.length() < base.length()) {
      exchange.response().location(base); // relative names begin behind the slash
      exchange.finish(301);
      return;
    }
    if (!exchange.method().equals("GET") && !exchange.isHead()) {
      exchange.response().headers().set("Allow", "GET, HEAD");
      exchange.finish(405);
      return;
    }
    DashboardFiles.File file = files.find(path.substring(base.length()));
    if (file == null) {
      exchange.finish(404);
      return;
    }
    ResponseHeaders headers = exchange.response().headers();
    headers.set("Content-Security-Policy", POLICY);
    headers.set("X-Content-Type-Options", "nosniff");
    headers.set("Referrer-Policy", "no-referrer");
    headers.set("Cross-Origin-Opener-Policy", "same-origin");
    headers.set("Cross-Origin-Resource-Policy", "same-origin");
    headers.set("Cache-Control", "no-cache"); // asked for anew each time, and mostly not sent
    headers.set("ETag", file.etag());
    headers.set("Vary", "Accept-Encoding");
    boolean gzip =
        GzipRules.takesGzip(exchange.request().fields().first(FieldName.ACCEPT_ENCODING));
    if (gzip) {
      headers.set("Content-Encoding", "gzip");
    }
    exchange.respond(200, file.type(), gzip ? file.compressed() : file.plain());
  }
}
