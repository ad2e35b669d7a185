package dev.turnout.http;

import dev.turnout.config.Units;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// The head of the response to an exchange while it is made: what the wire writes once the filters
/// have seen it. Owned by the exchange's loop.
///
/// The fields that nginx writes at fixed places (`Content-Type`, `Content-Length`, `Last-Modified`,
/// `Location`) have their own members; what comes from an upstream is passed on from its own bytes;
/// everything else is in [#headers()].
public final class Response {
  /// The length of a body that ends when its last part has been written.
  public static final long UNKNOWN_LENGTH = -1;

  private int status;
  private @Nullable String reason;
  private long contentLength = UNKNOWN_LENGTH;
  private @Nullable String contentType;
  private @Nullable String lastModified;
  private long lastModifiedMillis = -1;
  private @Nullable String location;
  private @Nullable String server;
  private @Nullable String date;
  private final ResponseHeaders headers = new ResponseHeaders();
  private final ResponseHeaders trailers = new ResponseHeaders();
  private @Nullable Fields passed;
  private long[] withheld = new long[4];
  private Ranges ranges = Ranges.NONE;
  private long partStart;
  private long partEnd;
  private int refusal;
  private boolean immediate;
  private boolean varies;
  private boolean trailersExpected;
  private @Nullable String charsetOverride;

  /// Which parts of a body may be asked for.
  public enum Ranges {
    /// None.
    NONE,
    /// One at a time: the body is not at hand as a whole.
    ONE,
    /// One at a time, which whoever makes the body cuts out of it: see [Response#partStart].
    CUT_BY_MAKER,
    /// Several at once.
    ANY
  }

  /// Makes it as new.
  public void reset() {
    status = 0;
    reason = null;
    contentLength = UNKNOWN_LENGTH;
    contentType = null;
    lastModified = null;
    lastModifiedMillis = -1;
    location = null;
    server = null;
    date = null;
    if (headers.count() != 0) {
      headers.clear();
    }
    if (trailers.count() != 0) {
      trailers.clear();
    }
    passed = null;
    ranges = Ranges.NONE;
    refusal = 0;
    immediate = false;
    varies = false;
    trailersExpected = false;
    charsetOverride = null;
  }

  /// The status code; 0 while none is decided.
  public int status() {
    return status;
  }

  /// Decides the status code.
  public void status(int status) {
    this.status = status;
  }

  /// The status line's text after the version, such as `200 OK`, when it is passed on from an
  /// upstream.
  public @Nullable String reason() {
    return reason;
  }

  /// Passes an upstream's status text on.
  public void reason(@Nullable String reason) {
    this.reason = reason;
  }

  /// The length of the body, or [#UNKNOWN_LENGTH].
  public long contentLength() {
    return contentLength;
  }

  /// Declares the length of the body.
  public void contentLength(long contentLength) {
    this.contentLength = contentLength;
  }

  /// The value of `Content-Type`.
  public @Nullable String contentType() {
    return contentType;
  }

  /// Sets or, with null, drops `Content-Type`.
  public void contentType(@Nullable String contentType) {
    this.contentType = contentType;
  }

  /// The value of `Last-Modified`.
  public @Nullable String lastModified() {
    return lastModified;
  }

  /// Sets or, with null, drops `Last-Modified`.
  public void lastModified(@Nullable String lastModified, long millis) {
    this.lastModified = lastModified;
    this.lastModifiedMillis = millis;
  }

  /// `Last-Modified` in milliseconds since the epoch, or -1.
  public long lastModifiedMillis() {
    return lastModifiedMillis;
  }

  /// The value of `Location`.
  public @Nullable String location() {
    return location;
  }

  /// Sets `Location`.
  public void location(@Nullable String location) {
    this.location = location;
  }

  /// `Server` as an upstream sent it, where it is passed on; empty for none at all.
  public @Nullable String server() {
    return server;
  }

  /// Passes an upstream's `Server` on.
  public void server(@Nullable String server) {
    this.server = server;
  }

  /// `Date` as an upstream sent it, where it is passed on; empty for none at all.
  public @Nullable String date() {
    return date;
  }

  /// Passes an upstream's `Date` on.
  public void date(@Nullable String date) {
    this.date = date;
  }

  /// The lines that Turnout adds.
  public ResponseHeaders headers() {
    return headers;
  }

  /// The trailer fields that Turnout adds.
  public ResponseHeaders trailers() {
    return trailers;
  }

  /// Which parts of the body may be asked for (RFC 9110 section 14), if any.
  public Ranges ranges() {
    return ranges;
  }

  /// Lets parts of the body be asked for.
  public void ranges(Ranges ranges) {
    this.ranges = ranges;
  }

  /// Lets no parts of the body be asked for, nor says that they may.
  public void forbidRanges() {
    ranges = Ranges.NONE;
    remove(FieldName.ACCEPT_RANGES);
  }

  /// Where the part begins that is to be sent with status 206, of a body that its maker cuts.
  public long partStart() {
    return partStart;
  }

  /// Where that part ends: the first byte that is not sent.
  public long partEnd() {
    return partEnd;
  }

  /// Sends this part of a body that its maker cuts.
  public void part(long start, long end) {
    partStart = start;
    partEnd = end;
  }

  /// The status that a filter wants to be answered instead of this, or 0.
  public int refusal() {
    return refusal;
  }

  /// Answers with `status` instead; filters that come later do not see this answer.
  public void refuse(int status) {
    refusal = status;
  }

  /// True if each part of the body is to reach the client at once.
  public boolean isImmediate() {
    return immediate;
  }

  /// Says whether each part of the body is to reach the client at once.
  public void immediate(boolean immediate) {
    this.immediate = immediate;
  }

  /// True if trailer fields follow the body, which then goes in chunks where it can.
  public boolean areTrailersExpected() {
    return trailersExpected;
  }

  /// Trailer fields will follow the body.
  public void expectTrailers() {
    trailersExpected = true;
  }

  /// The charset that an upstream wants the body to be in (`X-Accel-Charset`), or null.
  public @Nullable String charsetOverride() {
    return charsetOverride;
  }

  /// The upstream wants the body to be in this charset.
  public void charsetOverride(@Nullable String charset) {
    charsetOverride = charset;
  }

  /// True if the answer depends on `Accept-Encoding`, whether or not it is said.
  public boolean varies() {
    return varies;
  }

  /// The answer depends on `Accept-Encoding`.
  public void vary() {
    varies = true;
  }

  /// The value of the first line of this well-known name that the client gets, of ours or passed
  /// on; not of those that have their own members.
  public @Nullable String first(int known) {
    String own = headers.count() == 0 ? null : headers.first(FieldName.nameOf(known));
    Fields fields = passed;
    if (own != null || fields == null) {
      return own;
    }
    for (int i = fields.find(known); i >= 0; i = fields.findAfter(i, known)) {
      if (!isWithheld(i)) {
        return fields.value(i);
      }
    }
    return null;
  }

  /// Takes out all lines of this well-known name, ours and those passed on.
  public void remove(int known) {
    if (headers.count() != 0) {
      headers.remove(FieldName.nameOf(known));
    }
    withholdAll(known);
  }

  /// Sets a field in place of all lines of its name, ours and those passed on, or takes it out if
  /// `value` is empty. `Content-Length` is set only to a number. What would break the line is
  /// encoded.
  public void setField(FieldName name, String value) {
    String text = FieldText.safe(value);
    @Nullable String member = text.isEmpty() ? null : text;
    switch (name.known()) {
      case FieldName.CONTENT_TYPE -> contentType = member;
      case FieldName.CONTENT_LENGTH -> setLength(text);
      case FieldName.SERVER -> server = text;
      case FieldName.DATE -> date = text;
      case FieldName.LOCATION -> location = member;
      case FieldName.LAST_MODIFIED -> {
        long second = member == null ? HttpDate.INVALID : HttpDate.parse(text);
        lastModified = member;
        lastModifiedMillis = second == HttpDate.INVALID ? -1 : second * 1000;
        withholdAll(name);
      }
      case FieldName.CONNECTION, FieldName.TRANSFER_ENCODING, FieldName.KEEP_ALIVE -> {
        // the wire's own
      }
      default -> {
        if (name.known() == FieldName.ACCEPT_RANGES && member == null) {
          ranges = Ranges.NONE;
        }
        withholdAll(name);
        if (member == null) {
          headers.remove(name.text());
        } else {
          headers.setInPlace(name.text(), text);
        }
      }
    }
  }

  /// Adds a line of a field; of the fields that can be there once it sets that one.
  public void addField(FieldName name, String value) {
    switch (name.known()) {
      case FieldName.CONTENT_TYPE,
          FieldName.CONTENT_LENGTH,
          FieldName.SERVER,
          FieldName.DATE,
          FieldName.LOCATION,
          FieldName.LAST_MODIFIED,
          FieldName.CONNECTION,
          FieldName.TRANSFER_ENCODING,
          FieldName.KEEP_ALIVE ->
          setField(name, value);
      default -> headers.add(name.text(), FieldText.safe(value));
    }
  }

  /// Takes out all lines whose names begin so, in any case.
  public void removeFieldsBeginning(String prefix) {
    Fields fields = passed;
    for (int i = 0; fields != null && i < fields.count(); i++) {
      if (begins(fields.name(i), prefix)) {
        withhold(i);
      }
    }
    for (int i = headers.count() - 1; i >= 0; i--) {
      if (begins(headers.name(i), prefix)) {
        headers.remove(i);
      }
    }
    if (begins("Last-Modified", prefix)) {
      lastModified(null, -1);
    }
    if (begins("Location", prefix)) {
      location = null;
    }
    if (server != null && begins("Server", prefix)) {
      server = "";
    }
    if (date != null && begins("Date", prefix)) {
      date = "";
    }
  }

  private static boolean begins(String name, String prefix) {
    return name.regionMatches(true, 0, prefix, 0, prefix.length());
  }

  private void setLength(String text) {
    if (text.isEmpty()) {
      contentLength = UNKNOWN_LENGTH;
      return;
    }
    OptionalLong length = Units.number(text);
    if (length.isPresent()) {
      contentLength = length.getAsLong();
    }
  }

  private void withholdAll(FieldName name) {
    Fields fields = passed;
    for (int i = 0; fields != null && i < fields.count(); i++) {
      if (fields.nameIs(i, name)) {
        withhold(i);
      }
    }
  }

  /// The body is about to be changed: its length is not known any more, no parts of it can be asked
  /// for, and its tag only says that it means the same.
  public void bodyChanges() {
    contentLength = UNKNOWN_LENGTH;
    forbidRanges();
    String etag = first(FieldName.ETAG);
    if (etag != null && !etag.startsWith("W/")) {
      remove(FieldName.ETAG);
      if (etag.startsWith("\"")) {
        headers.add("ETag", "W/" + etag);
      }
    }
  }

  /// The fields of an upstream's response, passed on but for those withheld.
  public @Nullable Fields passed() {
    return passed;
  }

  /// Passes these fields on; they must stay valid until the head is written.
  public void pass(Fields fields) {
    passed = fields;
    int words = (fields.count() + 63) >>> 6;
    if (withheld.length < words) {
      withheld = new long[words];
    } else {
      java.util.Arrays.fill(withheld, 0L);
    }
  }

  /// Does not pass line `i` on.
  public void withhold(int i) {
    withheld[i >>> 6] |= 1L << i;
  }

  /// True if line `i` is not passed on.
  public boolean isWithheld(int i) {
    return (withheld[i >>> 6] & 1L << i) != 0;
  }

  /// Does not pass any line of this well-known name on.
  public void withholdAll(int known) {
    Fields fields = passed;
    if (fields == null) {
      return;
    }
    for (int i = fields.find(known); i >= 0; i = fields.findAfter(i, known)) {
      withhold(i);
    }
  }
}
