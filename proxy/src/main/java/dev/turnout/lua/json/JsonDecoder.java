package dev.turnout.lua.json;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Reads JSON (RFC 8259) into LuaJIT's form of values, as lua-cjson reads it: of members with the
/// same name the last counts, errors are in its words, and numbers may be what C's `strtod` takes
/// unless that is switched off. Used again; owned by one VM.
public final class JsonDecoder {
  private final LuaValues out = new LuaValues();
  private byte[] in = new byte[0];
  private int end;
  private int at;
  private int depth;
  private int deepest;
  private boolean strictNumbers;
  private boolean arraysMarked;

  /// What is wrong with a text, in lua-cjson's words.
  public static final class Malformed extends Exception {
    private static final long serialVersionUID = 1L;

    Malformed(String message) {
      super(message, null, false, false);
    }
  }

  /// Reads the text `text[0, length)`.
  ///
  /// @param deepest how deep tables may lie in one another
  /// @param strictNumbers only JSON's own numbers will do
  /// @param arraysMarked arrays get the first metatable of the decoder
  /// @throws Malformed if it is no JSON
  public void decode(
      byte[] text, int length, int deepest, boolean strictNumbers, boolean arraysMarked)
      throws Malformed {
    in = text;
    end = length;
    at = 0;
    depth = 0;
    this.deepest = deepest;
    this.strictNumbers = strictNumbers;
    this.arraysMarked = arraysMarked;
    out.clear();
    if (length >= 2 && (text[0] == 0 || text[1] == 0)) {
      throw new Malformed("JSON parser does not support UTF-16 or UTF-32");
    }
    value();
    blanks();
    if (at < end) {
      throw expected("the end");
    }
  }

  /// What was read, in [#length()] bytes; valid until the next text is read.
  public byte[] result() {
    return out.bytes();
  }

  /// How many bytes there are.
  public int length() {
    return out.length();
  }

  private void blanks() {
    while (at < end) {
      byte b = in[at];
      if (b != ' ' && b != '\n' && b != '\r' && b != '\t') {
        return;
      }
      at++;
    }
  }

  private int peek() {
    blanks();
    return at < end ? in[at] & 0xff : -1;
  }

  // ---- errors

  private Malformed expected(String what) {
    return new Malformed(
        "Expected " + what + " but found " + token() + " at character " + (at + 1));
  }

  private Malformed broken(String why, int place) {
    return new Malformed("Expected value but found " + why + " at character " + (place + 1));
  }

  /// How lua-cjson calls what comes next.
  private String token() {
    int c = peek();
    return switch (c) {
      case -1 -> "T_END";
      case '{' -> "T_OBJ_BEGIN";
      case '}' -> "T_OBJ_END";
      case '[' -> "T_ARR_BEGIN";
      case ']' -> "T_ARR_END";
      case ',' -> "T_COMMA";
      case ':' -> "T_COLON";
      case '"' -> "T_STRING";
      case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9' -> "T_NUMBER";
      default -> is("true") || is("false") ? "T_BOOLEAN" : is("null") ? "T_NULL" : "invalid token";
    };
  }

  private boolean is(String word) {
    if (end - at < word.length()) {
      return false;
    }
    for (int i = 0; i < word.length(); i++) {
      if (in[at + i] != word.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  // ---- values

  private void value() throws Malformed {
    int c = peek();
    switch (c) {
      case '{' -> object();
      case '[' -> array();
      case '"' -> {
        int text = out.beginText();
        string("value");
        int _ = out.endText(text);
      }
      default -> scalar();
    }
  }

  private void scalar() throws Malformed {
    if (is("true")) {
      out.truth(true);
      at += 4;
    } else if (is("false")) {
      out.truth(false);
      at += 5;
    } else if (is("null")) {
      out.nothing();
      at += 4;
    } else {
      number();
    }
  }

  private void descend() throws Malformed {
    if (++depth > deepest) {
      throw new Malformed(
          "Found too many nested data structures (" + depth + ") at character " + (at + 1));
    }
    at++;
  }

  private void array() throws Malformed {
    descend();
    if (arraysMarked) {
      out.metatable();
    }
    int table = out.beginTable();
    int count = 0;
    if (peek() == ']') {
      at++;
    } else {
      while (true) {
        value();
        count++;
        int c = peek();
        if (c == ']') {
          at++;
          break;
        }
        if (c != ',') {
          throw expected("comma or array end");
        }
        at++;
      }
    }
    depth--;
    out.endArray(table, count);
  }

  private void object() throws Malformed {
    descend();
    int table = out.beginTable();
    Members members = new Members();
    if (peek() == '}') {
      at++;
    } else {
      while (true) {
        if (peek() != '"') {
          throw expected("object key string");
        }
        int begin = out.length();
        int text = out.beginText();
        string("object key string");
        int _ = out.endText(text);
        members.add(begin);
        if (peek() != ':') {
          throw expected("colon");
        }
        at++;
        value();
        int c = peek();
        if (c == '}') {
          at++;
          break;
        }
        if (c != ',') {
          throw expected("comma or object end");
        }
        at++;
      }
    }
    depth--;
    out.endHash(table, members.count);
  }

  /// Where the members of one object were written, so that of those with the same name only the
  /// last stays: LuaJIT takes no other.
  private final class Members {
    private int[] begins = new int[8];
    private int[] hashes = new int[8];
    private int count;

    /// A member begins at `begin`; its name is written, and nothing behind it.
    void add(int begin) {
      int length = out.length() - begin;
      int hash = 1;
      for (int i = begin; i < out.length(); i++) {
        hash = hash * 31 + out.bytes()[i];
      }
      int moved = begin;
      for (int i = 0; i < count; i++) {
        if (hashes[i] == hash && isName(begins[i], begin, length)) {
          int next = i + 1 < count ? begins[i + 1] : begin;
          int gone = next - begins[i];
          out.cut(begins[i], next);
          for (int k = i + 1; k < count; k++) {
            begins[k - 1] = begins[k] - gone;
            hashes[k - 1] = hashes[k];
          }
          count--;
          moved -= gone;
          break;
        }
      }
      if (count == begins.length) {
        begins = Arrays.copyOf(begins, count * 2);
        hashes = Arrays.copyOf(hashes, count * 2);
      }
      begins[count] = moved;
      hashes[count] = hash;
      count++;
    }

    private boolean isName(int before, int begin, int length) {
      byte[] bytes = out.bytes();
      return Arrays.equals(bytes, before, before + length, bytes, begin, begin + length);
    }
  }

  // ---- texts

  private void string(String wanted) throws Malformed {
    at++;
    int plain = at;
    while (true) {
      if (at >= end) {
        throw new Malformed(
            "Expected " + wanted + " but found unexpected end of string at character " + (at + 1));
      }
      byte b = in[at];
      if (b == '"') {
        out.text(in, plain, at - plain);
        at++;
        return;
      }
      if (b == '\\') {
        out.text(in, plain, at - plain);
        escape(wanted);
        plain = at;
      } else {
        at++;
      }
    }
  }

  private void escape(String wanted) throws Malformed {
    int c = at + 1 < end ? in[at + 1] : -1;
    int plain =
        switch (c) {
          case '"', '\\', '/' -> c;
          case 'b' -> '\b';
          case 'f' -> '\f';
          case 'n' -> '\n';
          case 'r' -> '\r';
          case 't' -> '\t';
          case 'u' -> -2;
          default -> -1;
        };
    if (plain == -1) {
      throw new Malformed(
          "Expected " + wanted + " but found invalid escape code at character " + (at + 1));
    }
    if (plain >= 0) {
      out.text((byte) plain);
      at += 2;
      return;
    }
    int code = hex(at + 2);
    int next = at + 6;
    if (code >= 0xd800 && code < 0xdc00) {
      boolean pair = next + 6 <= end && in[next] == '\\' && in[next + 1] == 'u';
      int low = pair ? hex(next + 2) : -1;
      code = low >= 0xdc00 && low < 0xe000 ? Character.toCodePoint((char) code, (char) low) : -1;
      next += 6;
    } else if (code >= 0xdc00 && code < 0xe000) {
      code = -1;
    }
    if (code < 0) {
      throw new Malformed(
          "Expected " + wanted + " but found invalid unicode escape code at character " + (at + 1));
    }
    byte[] utf8 = new String(Character.toChars(code)).getBytes(StandardCharsets.UTF_8);
    out.text(utf8, 0, utf8.length);
    at = next;
  }

  private int hex(int from) {
    if (from + 4 > end) {
      return -1;
    }
    int code = 0;
    for (int i = from; i < from + 4; i++) {
      int digit = Character.digit(in[i], 16);
      if (digit < 0) {
        return -1;
      }
      code = code * 16 + digit;
    }
    return code;
  }

  // ---- numbers

  private void number() throws Malformed {
    int begin = at;
    int stop = at;
    while (stop < end && isNumeric(in[stop])) {
      stop++;
    }
    String text = new String(in, begin, stop - begin, StandardCharsets.ISO_8859_1);
    int c = begin < end ? in[begin] : -1;
    boolean starts = (c >= '0' && c <= '9') || c == '-';
    if (text.isEmpty() || (strictNumbers && !starts)) {
      throw expected("value");
    }
    double value = parse(text);
    if (Double.isNaN(value) && !text.toLowerCase(java.util.Locale.ROOT).endsWith("nan")) {
      throw starts ? broken("invalid number", begin) : expected("value");
    }
    at = stop;
    out.number(value);
  }

  private static boolean isNumeric(byte b) {
    return (b >= '0' && b <= '9')
        || (b >= 'a' && b <= 'z')
        || (b >= 'A' && b <= 'Z')
        || b == '+'
        || b == '-'
        || b == '.';
  }

  /// The number, NaN if it is none.
  private double parse(String text) {
    String plain = text.startsWith("-") || text.startsWith("+") ? text.substring(1) : text;
    boolean negative = text.startsWith("-");
    if (plain.matches("(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?")) {
      return Double.parseDouble(text);
    }
    if (strictNumbers) {
      return Double.NaN;
    }
    String lower = plain.toLowerCase(java.util.Locale.ROOT);
    if (lower.equals("inf") || lower.equals("infinity")) {
      return negative ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
    }
    if (lower.matches("0x[0-9a-f]+")) {
      double value = 0;
      for (int i = 2; i < lower.length(); i++) {
        value = value * 16 + Character.digit(lower.charAt(i), 16);
      }
      return negative ? -value : value;
    }
    if (lower.matches("[0-9]+\\.?[0-9]*(e[+-]?[0-9]+)?|\\.[0-9]+(e[+-]?[0-9]+)?")) {
      return Double.parseDouble(text);
    }
    return Double.NaN;
  }
}
