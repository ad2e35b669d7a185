package dev.turnout.http.filter;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.SERVER;

import dev.turnout.config.Setting;
import dev.turnout.http.Exchange;
import dev.turnout.http.FieldName;
import dev.turnout.http.HttpDate;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.Response;
import dev.turnout.http.Response.Ranges;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// Parts of bodies (RFC 9110 section 14) and `max_ranges`. Comes behind all filters that change
/// bodies: of a body that is changed no parts can be asked for.
public final class RangeModule implements HttpModule {
  private static final Setting<Integer> MAX = Setting.of("max_ranges", Integer.MAX_VALUE);
  private static final AtomicLong BOUNDARIES = new AtomicLong(System.nanoTime() & 0xffff_ffffL);

  @Override
  public void register(HttpRegistry http) {
    http.directive("max_ranges")
        .in(HTTP, SERVER, LOCATION)
        .number(MAX, 0, Integer.MAX_VALUE)
        .defaultText("unlimited")
        .summary("How many parts of a body a request may ask for; 0 serves no parts.");
    http.filter(scope -> {
      int max = scope.get(MAX);
      return max == 0 ? null : (exchange, response) -> apply(exchange, response, max);
    });
  }

  private static void apply(Exchange exchange, Response response, int max) {
    if (response.ranges() == Ranges.NONE
        || exchange.isSubrequest()
        || response.status() != 200
        || response.contentLength() == Response.UNKNOWN_LENGTH) {
      return;
    }
    String field = exchange.request().fields().first(FieldName.RANGE);
    if (field != null && conditionHolds(exchange, response)) {
      int served = response.ranges() == Ranges.ANY ? max : 1;
      switch (ByteRanges.parse(field, response.contentLength(), served)) {
        case ByteRanges.Whole() -> {
          // as if nothing had been asked
        }
        case ByteRanges.NotSatisfiable() -> {
          long length = response.contentLength();
          response.headers().clear();
          response.headers().add("Content-Range", "bytes */" + length);
          response.refuse(416);
          return;
        }
        case ByteRanges.Parts(List<ByteRanges.Part> parts) -> {
          serve(exchange, response, parts);
          return;
        }
      }
    }
    response.remove(FieldName.ACCEPT_RANGES);
    response.headers().add("Accept-Ranges", "bytes");
  }

  private static boolean conditionHolds(Exchange exchange, Response response) {
    String condition = exchange.request().fields().first(FieldName.IF_RANGE);
    if (condition == null) {
      return true;
    }
    if (condition.length() >= 2 && condition.endsWith("\"")) {
      return condition.equals(response.first(FieldName.ETAG));
    }
    long modified = response.lastModifiedMillis();
    return modified >= 0 && HttpDate.parse(condition) == modified / 1000;
  }

  private static void serve(Exchange exchange, Response response, List<ByteRanges.Part> parts) {
    long length = response.contentLength();
    response.status(206);
    response.reason(null);
    response.remove(FieldName.ACCEPT_RANGES);
    List<RangeBody.Piece> pieces = new ArrayList<>(parts.size());
    String end;
    if (parts.size() == 1) {
      ByteRanges.Part part = parts.getFirst();
      response.headers().add("Content-Range", contentRange(part, length));
      response.contentLength(part.length());
      pieces.add(new RangeBody.Piece("", part));
      end = "";
    } else {
      String boundary = String.format(Locale.ROOT, "%020d", BOUNDARIES.incrementAndGet());
      @Nullable String type = response.contentType();
      String before =
          "\r\n--" + boundary + (type == null ? "" : "\r\nContent-Type: " + type) + "\r\n";
      end = "\r\n--" + boundary + "--\r\n";
      long total = end.length();
      for (ByteRanges.Part part : parts) {
        String lines = before + "Content-Range: " + contentRange(part, length) + "\r\n\r\n";
        pieces.add(new RangeBody.Piece(lines, part));
        total += lines.length() + part.length();
      }
      response.contentType("multipart/byteranges; boundary=" + boundary);
      response.contentLength(total);
    }
    if (response.ranges() == Ranges.CUT_BY_MAKER) {
      response.part(parts.getFirst().start(), parts.getFirst().end());
    } else if (!exchange.isHeadAlone()) {
      exchange.filterBody(new RangeBody(exchange, pieces, end));
    }
  }

  private static String contentRange(ByteRanges.Part part, long length) {
    return "bytes " + part.start() + "-" + (part.end() - 1) + "/" + length;
  }
}
