package dev.turnout.http.ssi;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Finds the commands in a page that comes in pieces of any size. What it keeps is bounded: one
/// command with its parameters, each with the length that nginx allows. Owned by one response.
final class SsiParser {
  private static final byte[] OPENING = "<!--#".getBytes(StandardCharsets.ISO_8859_1);
  private static final int LONGEST_NAME = 32;

  /// Parameters beyond this are dropped: a command that has more than nginx's 16 is wrong anyway.
  private static final int MOST_PARAMETERS = 17;

  private final int longestValue;
  private final Sink sink;
  private final StringBuilder name = new StringBuilder();
  private final StringBuilder key = new StringBuilder();
  private final StringBuilder value = new StringBuilder();
  private final List<Parameter> parameters = new ArrayList<>(2);
  private State state = State.TEXT;
  private int matched;
  private char quote;
  private boolean escaped;

  /// A parameter of a command, its value as written.
  record Parameter(String name, String value) {}

  /// What takes what is found, in its order.
  interface Sink {
    /// Takes text that is passed on.
    void text(ByteBuf text);

    /// Carries a command out. `parameters` is only valid during the call.
    void command(String name, List<Parameter> parameters);

    /// What was wrong with a command that is over now is logged: the message for the client.
    void broken();

    /// Something is wrong with a command.
    void complain(String message);
  }

  private enum State {
    TEXT,
    BEFORE_NAME,
    NAME,
    BEFORE_KEY,
    KEY,
    BEFORE_EQUALS,
    BEFORE_VALUE,
    VALUE,
    AFTER_VALUE,
    END,
    LAST,
    BROKEN,
    BROKEN_END,
    BROKEN_LAST
  }

  /// @param longestValue `ssi_value_length`
  SsiParser(int longestValue, Sink sink) {
    this.longestValue = longestValue;
    this.sink = sink;
  }

  /// Looks at some of `in`: up to the end of the first command, or all of it.
  void parse(ByteBuf in) {
    if (state == State.TEXT) {
      text(in);
    }
    while (state != State.TEXT && in.isReadable()) {
      next((char) (in.readByte() & 0xff));
    }
  }

  /// The page is over: passes on what could have become a command.
  void finish() {
    if (state == State.TEXT && matched > 0) {
      sink.text(opening());
    }
    matched = 0;
  }

  private ByteBuf opening() {
    return io.netty.buffer.Unpooled.wrappedBuffer(OPENING, 0, matched);
  }

  // ---- text

  private void text(ByteBuf in) {
    if (matched > 0 && !goOnMatching(in)) {
      return;
    }
    int start = in.readerIndex();
    int end = in.writerIndex();
    int from = start;
    while (true) {
      int bracket = in.indexOf(from, end, (byte) '<');
      if (bracket < 0) {
        passOn(in, start, end, end);
        return;
      }
      int length = 1;
      while (length < OPENING.length
          && bracket + length < end
          && in.getByte(bracket + length) == OPENING[length]) {
        length++;
      }
      if (length == OPENING.length) {
        begin();
        passOn(in, start, bracket, bracket + length);
        return;
      }
      if (bracket + length == end) {
        matched = length;
        passOn(in, start, bracket, end);
        return;
      }
      from = bracket + length;
    }
  }

  private void passOn(ByteBuf in, int start, int end, int used) {
    if (end > start) {
      sink.text(in.retainedSlice(start, end - start));
    }
    in.readerIndex(used);
  }

  /// Goes on with what may be the beginning of a command; false if there is nothing more to look at
  /// as text.
  private boolean goOnMatching(ByteBuf in) {
    while (in.isReadable() && in.getByte(in.readerIndex()) == OPENING[matched]) {
      in.skipBytes(1);
      if (++matched == OPENING.length) {
        begin();
        return false;
      }
    }
    if (!in.isReadable()) {
      return false;
    }
    ByteBuf text = opening();
    matched = 0;
    sink.text(text);
    return true;
  }

  private void begin() {
    matched = 0;
    name.setLength(0);
    parameters.clear();
    state = State.BEFORE_NAME;
  }

  // ---- commands

  private static boolean isSpace(char c) {
    return c == ' ' || c == '\r' || c == '\n' || c == '\t';
  }

  private void next(char c) {
    switch (state) {
      case TEXT -> throw new IllegalStateException("text inside a command");
      case BEFORE_NAME -> {
        if (!isSpace(c)) {
          name.append(c);
          state = State.NAME;
        }
      }
      case NAME -> {
        if (isSpace(c)) {
          state = State.BEFORE_KEY;
        } else if (c == '-') {
          state = State.END;
        } else if (name.length() == LONGEST_NAME) {
          breaks("the \"" + name + c + "...\" SSI command is too long", State.BROKEN);
        } else {
          name.append(c);
        }
      }
      case BEFORE_KEY -> {
        if (c == '-') {
          state = State.END;
        } else if (!isSpace(c)) {
          key.setLength(0);
          key.append(c);
          value.setLength(0);
          state = State.KEY;
        }
      }
      case KEY -> key(c);
      case BEFORE_EQUALS -> {
        if (c == '=') {
          state = State.BEFORE_VALUE;
        } else if (!isSpace(c)) {
          unexpected(c, "after \"" + key + "\" parameter");
        }
      }
      case BEFORE_VALUE -> {
        if (c == '"' || c == '\'') {
          quote = c;
          escaped = false;
          state = State.VALUE;
        } else if (!isSpace(c)) {
          unexpected(c, "before value of \"" + key + "\" parameter");
        }
      }
      case VALUE -> value(c);
      case AFTER_VALUE -> {
        if (isSpace(c)) {
          state = State.BEFORE_KEY;
        } else if (c == '-') {
          state = State.END;
        } else {
          breaks(
              "unexpected \""
                  + c
                  + "\" symbol after \""
                  + value
                  + "\" value of \""
                  + key
                  + "\" parameter in \""
                  + name
                  + "\" SSI command",
              State.BROKEN);
        }
      }
      case END -> {
        if (c == '-') {
          state = State.LAST;
        } else {
          unexpectedAtEnd(c);
        }
      }
      case LAST -> {
        if (c == '>') {
          state = State.TEXT;
          sink.command(name.toString(), parameters);
        } else {
          unexpectedAtEnd(c);
        }
      }
      case BROKEN -> {
        if (c == '-') {
          state = State.BROKEN_END;
        }
      }
      case BROKEN_END -> state = c == '-' ? State.BROKEN_LAST : State.BROKEN;
      case BROKEN_LAST -> {
        if (c == '>') {
          state = State.TEXT;
          sink.broken();
        } else {
          state = State.BROKEN;
        }
      }
    }
  }

  private void key(char c) {
    if (isSpace(c)) {
      state = State.BEFORE_EQUALS;
    } else if (c == '=') {
      state = State.BEFORE_VALUE;
    } else if (c == '-') {
      unexpected(c, "after \"" + key + "\" parameter");
    } else if (key.length() == LONGEST_NAME) {
      breaks(
          "too long \"" + key + c + "...\" parameter in \"" + name + "\" SSI command",
          State.BROKEN);
    } else {
      key.append(c);
    }
  }

  private void value(char c) {
    if (c == quote && !escaped) {
      state = State.AFTER_VALUE;
      if (parameters.size() < MOST_PARAMETERS) {
        parameters.add(new Parameter(key.toString(), value.toString()));
      }
      return;
    }
    escaped = !escaped && c == '\\';
    if (value.length() == longestValue) {
      breaks(
          "too long \""
              + value
              + c
              + "...\" value of \""
              + key
              + "\" parameter in \""
              + name
              + "\" SSI command",
          State.BROKEN);
    } else {
      value.append(c);
    }
  }

  private void unexpected(char c, String where) {
    breaks(
        "unexpected \"" + c + "\" symbol " + where + " in \"" + name + "\" SSI command",
        c == '-' ? State.BROKEN_END : State.BROKEN);
  }

  private void unexpectedAtEnd(char c) {
    breaks("unexpected \"" + c + "\" symbol in \"" + name + "\" SSI command", State.BROKEN);
  }

  private void breaks(String message, State next) {
    sink.complain(message);
    state = next;
  }

  /// The first parameter of this name, or null.
  static @Nullable String find(List<Parameter> parameters, String name) {
    for (Parameter parameter : parameters) {
      if (parameter.name().equals(name)) {
        return parameter.value();
      }
    }
    return null;
  }
}
