package dev.turnout.http.filter;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.SERVER;

import dev.turnout.config.Setting;
import dev.turnout.http.Exchange;
import dev.turnout.http.FieldName;
import dev.turnout.http.Fields;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.Preconditions;
import dev.turnout.http.Preconditions.ModifiedSince;
import dev.turnout.http.Response;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Answers 304 instead of what the client has already, 412 where its conditions do not hold, and
/// `if_modified_since`. What an upstream answers is left as it is: the upstream has seen the
/// conditions. So is what a request that changes something is answered: its conditions are to be
/// judged before the change (RFC 9110, section 13.2.1), not after it, when nginx would call it off
/// that has been done. Comes before all filters that add to the answer.
public final class NotModifiedModule implements HttpModule {
  private static final Setting<ModifiedSince> RULE =
      Setting.of("if_modified_since", ModifiedSince.EXACT);

  @Override
  public void register(HttpRegistry http) {
    http.directive("if_modified_since")
        .in(HTTP, SERVER, LOCATION)
        .oneOf(
            RULE,
            Map.of(
                "off", ModifiedSince.OFF,
                "exact", ModifiedSince.EXACT,
                "before", ModifiedSince.BEFORE))
        .defaultText("exact")
        .summary("How `If-Modified-Since` is compared with the time of the last modification.");
    http.filter(scope -> {
      ModifiedSince rule = scope.get(RULE);
      return (exchange, response) -> apply(exchange, response, rule);
    });
  }

  private static void apply(Exchange exchange, Response response, ModifiedSince rule) {
    if (response.status() != 200
        || !(exchange.request().methodIs("GET") || exchange.isHead())
        || exchange.errorStatus() != 0
        || exchange.isSubrequest()
        || response.passed() != null) {
      return;
    }
    Fields request = exchange.request().fields();
    if ((request.find(FieldName.IF_UNMODIFIED_SINCE) >= 0 || request.find(FieldName.IF_MATCH) >= 0)
        && Preconditions.fail(request, lastModified(response), etag(response))) {
      response.reset();
      response.refuse(412);
      return;
    }
    if (request.find(FieldName.IF_MODIFIED_SINCE) < 0
        && request.find(FieldName.IF_NONE_MATCH) < 0) {
      return;
    }
    if (!Preconditions.notModified(request, lastModified(response), etag(response), rule)) {
      return;
    }
    response.status(304);
    response.reason(null);
    response.contentType(null);
    response.contentLength(Response.UNKNOWN_LENGTH);
    response.remove(FieldName.CONTENT_ENCODING);
    response.forbidRanges();
  }

  private static long lastModified(Response response) {
    long millis = response.lastModifiedMillis();
    return millis < 0 ? -1 : millis / 1000;
  }

  private static @Nullable String etag(Response response) {
    return response.first(FieldName.ETAG);
  }
}
