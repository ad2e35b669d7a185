package dev.turnout.http.filter;

import dev.turnout.http.BodyFilter;
import dev.turnout.http.Exchange;
import dev.turnout.http.ExchangeSlot;
import dev.turnout.http.FieldName;
import dev.turnout.http.Location;
import dev.turnout.http.Response;
import dev.turnout.http.Response.Ranges;
import dev.turnout.http.Status;
import dev.turnout.http.Subrequest;
import dev.turnout.log.Level;
import io.netty.buffer.ByteBuf;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The parts in which one response is asked for: the request of the client gets the first, and a
/// subrequest each of those behind it. All of them must be parts of one thing, which its tag and
/// its length tell. Confined to a loop.
final class Slices {
  private static final Pattern CONTENT_RANGE =
      Pattern.compile("bytes +([0-9]{1,19}) *- *([0-9]{1,19}) */ *([0-9]{1,19}|\\*) *");

  /// A packet's worth: nginx's `postpone_output`.
  private static final int WORTH_SENDING = 1460;

  private final ExchangeSlot<Slices> place;
  private final Exchange main;
  private final Location location;
  private final int redirects;
  private final long size;

  // the slice that is being fetched: where it begins and ends, and how far it has come
  private long start;
  private long end;
  private long at;
  private long length;
  private boolean answered;

  // what the client is to get of the whole; known once the filters have seen the head
  private boolean planned;
  private long wantedStart;
  private long wantedEnd;

  private @Nullable String tag;
  private boolean first = true;
  private boolean over;
  private boolean refused;
  private @Nullable Body body;

  /// @param size of a slice, in bytes
  Slices(Exchange main, ExchangeSlot<Slices> place, long size) {
    this.main = main;
    this.place = place;
    this.location = main.location();
    this.redirects = main.redirectsLeft();
    this.size = size;
    this.start = aligned(firstByte(main));
  }

  private long aligned(long position) {
    return position / size * size;
  }

  /// Where the part begins that the client asks for, as far as that can be known by now.
  private static long firstByte(Exchange exchange) {
    String range = exchange.request().fields().first(FieldName.RANGE);
    if (range == null
        || exchange.request().fields().find(FieldName.IF_RANGE) >= 0
        || !range.regionMatches(true, 0, "bytes=", 0, 6)
        || range.indexOf(',') >= 0) {
      return 0;
    }
    long first = 0;
    for (char c : range.substring(6).stripLeading().toCharArray()) {
      if (c < '0' || c > '9') {
        break;
      }
      if (first > (Long.MAX_VALUE - 9) / 10) {
        return 0;
      }
      first = first * 10 + (c - '0');
    }
    return first;
  }

  /// False if the exchange has gone elsewhere since.
  boolean isFor(Exchange exchange) {
    return exchange.isSubrequest()
        || (exchange.location() == location && exchange.redirectsLeft() == redirects);
  }

  /// `$slice_range`: the value of `Range` that asks for the slice.
  String range() {
    return "bytes=" + start + "-" + (start + size - 1);
  }

  /// Takes the head of the answer to the client's request, or of that to a subrequest; false if the
  /// response does not come in slices.
  boolean head(Exchange exchange, Response response) {
    if (response.status() != 206) {
      if (!exchange.isSubrequest()) {
        return false;
      }
      refuse(exchange, "unexpected status code " + response.status() + " in slice response");
      return true;
    }
    String trouble = trouble(response);
    if (trouble != null) {
      refuse(exchange, trouble);
      return true;
    }
    answered = true;
    at = start;
    if (exchange.isSubrequest()) {
      exchange.filterBody(new Body(exchange));
      return true;
    }
    response.status(200);
    response.reason(null);
    response.remove(FieldName.CONTENT_RANGE);
    response.remove(FieldName.ACCEPT_RANGES);
    response.contentLength(length);
    response.ranges(Ranges.CUT_BY_MAKER);
    if (!exchange.isHead()) {
      exchange.addBody();
      exchange.wantSplice();
      Body made = new Body(exchange);
      body = made;
      exchange.filterBody(made);
    }
    return true;
  }

  private void refuse(Exchange exchange, String trouble) {
    refused = true;
    exchange.log(Level.ERROR, trouble);
    exchange.response().refuse(Status.CLOSE); // as nginx: nothing (more) is sent
  }

  /// Checks that this is the slice that was asked for; null if so.
  private @Nullable String trouble(Response response) {
    String etag = response.first(FieldName.ETAG);
    if (tag != null && !tag.equals(etag)) {
      return "etag mismatch in slice response";
    }
    tag = etag;
    String field = response.first(FieldName.CONTENT_RANGE);
    Matcher range = CONTENT_RANGE.matcher(field == null ? "" : field);
    if (!range.matches()) {
      return "invalid range in slice response";
    }
    if (range.group(3).equals("*")) {
      return "no complete length in slice response";
    }
    long from;
    long to;
    long whole;
    try {
      from = Long.parseLong(range.group(1));
      to = Math.addExact(Long.parseLong(range.group(2)), 1);
      whole = Long.parseLong(range.group(3));
    } catch (NumberFormatException | ArithmeticException _) {
      return "invalid range in slice response";
    }
    long expected = from > Long.MAX_VALUE - size ? whole : Math.min(from + size, whole);
    if (!first && whole != length) {
      return "slice response of another length: %d, expected: %d".formatted(whole, length);
    }
    if (from != start || to != expected) {
      return "unexpected range in slice response: %d-%d, expected: %d-%d"
          .formatted(from, to, start, expected);
    }
    length = whole;
    end = to;
    return null;
  }

  // ---- the bodies

  /// What comes of one slice: of the first, and in front of all that is spliced into it, in the
  /// client's exchange; of each other in that of its subrequest.
  private final class Body extends BodyFilter {
    private long passed;

    Body(Exchange exchange) {
      super(exchange);
    }

    @Override
    public void writeBody(Exchange exchange, ByteBuf body, boolean last) {
      plan();
      int size = body.readableBytes();
      long from = Math.max(at, wantedStart);
      long to = Math.min(Math.min(at + size, end), wantedEnd);
      int index = body.readerIndex() + (int) (from - at);
      at += size;
      if (from < to && !(first && isBeside())) {
        passed += to - from;
        next().writeBody(exchange, body.retainedSlice(index, (int) (to - from)), false);
      }
      body.release();
      if (last) {
        writeEnd(exchange);
      }
    }

    @Override
    public void writeEnd(Exchange exchange) {
      if (exchange.isSubrequest()) {
        next().writeEnd(exchange);
      } else {
        fetched();
      }
    }

    /// So that nothing is sent where already the second slice does not fit a short first one.
    @Override
    public void flush() {
      if (exchange().isSubrequest() || over || passed >= WORTH_SENDING) {
        next().flush();
      }
    }

    void finish() {
      next().writeEnd(exchange());
      next().flush();
    }
  }

  /// What the client is to get was settled when all filters had seen the head.
  private void plan() {
    if (planned) {
      return;
    }
    planned = true;
    Response response = main.response();
    if (response.status() == 200) {
      wantedEnd = length;
    } else if (response.status() == 206) {
      wantedStart = response.partStart();
      wantedEnd = response.partEnd();
    } // else a filter has made something without a body of it
  }

  /// All has come of a slice that there will be.
  private void fetched() {
    plan();
    if (over) {
      return;
    }
    boolean wanted = wantedEnd != 0;
    if (wanted && !answered) {
      breakOff("missing slice response");
    } else if (wanted && at != end) {
      breakOff(at < end ? "slice response ended early" : "slice response too long");
    } else {
      goOn();
    }
  }

  /// True if the client's part begins elsewhere, which could not be known when the first slice was
  /// asked for.
  private boolean isBeside() {
    return wantedStart < start || wantedStart >= end;
  }

  private void goOn() {
    start = first && isBeside() ? aligned(wantedStart) : end;
    first = false;
    if (start >= wantedEnd) {
      over = true;
      body().finish();
      return;
    }
    answered = false;
    Subrequest next =
        main.subrequest(main.path(), main.args())
            .again()
            .prepared(exchange -> exchange.put(place, this));
    if (!main.splice().insert(next, this::fetched)) {
      over = true;
      main.downstream().abort(main);
    }
  }

  private void breakOff(String trouble) {
    over = true;
    if (!refused) {
      main.log(Level.ERROR, trouble);
    }
    main.downstream().abort(main);
  }

  private Body body() {
    Body there = body;
    if (there == null) {
      throw new IllegalStateException("slices without a body");
    }
    return there;
  }
}
