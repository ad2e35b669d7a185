package dev.turnout.lua.regex;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.List;
import org.jcodings.Encoding;
import org.jcodings.specific.ASCIIEncoding;
import org.jcodings.specific.UTF8Encoding;
import org.joni.Matcher;
import org.joni.Option;
import org.joni.Regex;
import org.joni.Region;
import org.joni.Syntax;
import org.joni.WarnCallback;
import org.joni.constants.SyntaxProperties;
import org.joni.exception.JOniException;
import org.joni.exception.TimeoutException;
import org.jspecify.annotations.Nullable;

/// A regular expression in PCRE's syntax. It works on bytes, so that places are exact whatever the
/// encoding, and keeps no native stack while it searches. Immutable; any thread may use it.
///
/// Where it differs from PCRE: `(*VERB)`s other than `(*FAIL)` are refused; classes such as `\w`
/// mean ASCII, as in PCRE without UCP, but letters in other cases are matched by Unicode's folding
/// where UTF-8 was asked for; `lua_regex_match_limit` limits the time of a search instead of its
/// steps.
public final class PerlRegex {
  /// Matches only where the search begins.
  public static final int ANCHORED = 1;

  public static final int CASELESS = 2;

  /// `^` and `$` match at lines.
  public static final int MULTILINE = 4;

  /// `.` matches line feeds, too.
  public static final int DOTALL = 8;

  public static final int EXTENDED = 16;

  /// Pattern and subject are UTF-8.
  public static final int UTF8 = 32;

  /// The subject is not checked to be UTF-8.
  public static final int UNCHECKED = 64;

  /// The longest of the matches that begin first, without its groups.
  public static final int LONGEST = 128;

  /// A backslash, `u` and four digits are a code point, as in JavaScript.
  public static final int JAVASCRIPT = 256;

  /// What [#search] returns when nothing is found; less is an error, as PCRE numbers them.
  public static final int NO_MATCH = -1;

  /// It took too long.
  public static final int LIMIT = -47;

  /// PCRE's own limit, in steps.
  private static final long DEFAULT_LIMIT = 10_000_000;

  private static final int NANOS_PER_STEP = 10;

  /// How often a search that was short of time is begun again, with twice as much each time.
  private static final int MORE_TRIES = 6;

  /// Less than this would end searches because the machine is busy.
  private static final long SHORTEST_NANOS = 100_000_000;

  private static final Syntax SYNTAX =
      new Syntax(
          "PCRE",
          Syntax.PerlNG.op,
          (Syntax.PerlNG.op2
                  | SyntaxProperties.OP2_PLUS_POSSESSIVE_REPEAT
                  | SyntaxProperties.OP2_PLUS_POSSESSIVE_INTERVAL
                  | SyntaxProperties.OP2_ESC_G_SUBEXP_CALL
                  | SyntaxProperties.OP2_ESC_CAPITAL_K_KEEP
                  | SyntaxProperties.OP2_ESC_CAPITAL_R_LINEBREAK
                  | SyntaxProperties.OP2_QMARK_LPAREN_CONDITION
                  | SyntaxProperties.OP2_QMARK_BAR_BRANCH_RESET)
              & ~SyntaxProperties.OP2_ESC_CAPITAL_Q_QUOTE,
          0,
          Syntax.PerlNG.behavior & ~SyntaxProperties.CAPTURE_ONLY_NAMED_GROUP,
          Syntax.PerlNG.options,
          Syntax.PerlNG.metaCharTable);

  private final Regex regex;
  private final @Nullable Regex longest;
  private final boolean anchored;
  private final boolean checksUtf8;
  private final List<Name> names;
  private final long timeoutNanos;

  /// A named group.
  ///
  /// @param group its number
  public record Name(String name, int group) {}

  /// A pattern that is not valid; the message is PCRE's where we know it.
  public static final class Invalid extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Invalid(String message) {
      super(message, null, false, false);
    }
  }

  private PerlRegex(Regex regex, @Nullable Regex longest, int flags, List<Name> names, long limit) {
    this.regex = regex;
    this.longest = longest;
    this.anchored = (flags & ANCHORED) != 0;
    this.checksUtf8 = (flags & UTF8) != 0 && (flags & UNCHECKED) == 0;
    this.names = List.copyOf(names);
    this.timeoutNanos =
        Math.max(SHORTEST_NANOS, (limit == 0 ? DEFAULT_LIMIT : limit) * NANOS_PER_STEP);
  }

  /// Compiles a pattern.
  ///
  /// @param pattern chars are bytes
  /// @param limit `lua_regex_match_limit`, 0 for PCRE's own
  /// @throws Invalid if it is not one
  public static PerlRegex compile(String pattern, int flags, long limit) {
    boolean utf8 = (flags & UTF8) != 0;
    PerlSyntax rewritten = new PerlSyntax(pattern, flags);
    byte[] bytes = rewritten.pattern();
    int options = Option.CAPTURE_GROUP | Option.ASCII_RANGE;
    options |= (flags & CASELESS) != 0 ? Option.IGNORECASE : 0;
    options |= (flags & DOTALL) != 0 ? Option.MULTILINE : 0;
    options |= (flags & EXTENDED) != 0 ? Option.EXTEND : 0;
    options |= (flags & MULTILINE) != 0 ? Option.NEGATE_SINGLELINE : 0;
    Encoding encoding = utf8 ? UTF8Encoding.INSTANCE : ASCIIEncoding.INSTANCE;
    try {
      Regex regex = regex(bytes, options, encoding);
      Regex longest =
          (flags & LONGEST) != 0 ? regex(bytes, options | Option.FIND_LONGEST, encoding) : null;
      return new PerlRegex(regex, longest, flags, rewritten.names(), limit);
    } catch (JOniException e) {
      throw new Invalid(message(String.valueOf(e.getMessage())));
    }
  }

  private static Regex regex(byte[] pattern, int options, Encoding encoding) {
    return new Regex(pattern, 0, pattern.length, options, encoding, SYNTAX, WarnCallback.NONE);
  }

  private static String message(String ours) {
    return switch (ours) {
      case "end pattern with unmatched parenthesis", "end pattern in group" ->
          "missing closing parenthesis";
      case "unmatched close parenthesis" -> "unmatched closing parenthesis";
      case "premature end of char-class" -> "missing terminating ] for character class";
      case "target of repeat operator is not specified", "target of repeat operator is invalid" ->
          "quantifier does not follow a repeatable item";
      case "end pattern at escape" -> "\\ at end of pattern";
      case "invalid backref number/name" -> "reference to non-existent subpattern";
      case "invalid pattern in look-behind" -> "lookbehind assertion is not fixed length";
      case "empty range in char class" -> "range out of order in character class";
      default -> ours;
    };
  }

  /// How many groups it has that a match tells.
  public int groups() {
    return longest != null ? 0 : regex.numberOfCaptures();
  }

  /// Its named groups.
  public List<Name> names() {
    return names;
  }

  /// 0 if `subject` is good to be searched, else an error, which is less than [#NO_MATCH].
  public int check(byte[] subject, int length) {
    return checksUtf8 ? Utf8Check.check(subject, length) : 0;
  }

  /// Searches `subject[from, length)`; what is before counts for what looks behind. Returns how
  /// many ints there are in `places`: begin and end of the match and of each group, -1 for those
  /// that took no part; or [#NO_MATCH], or less for an error.
  public int search(byte[] subject, int length, int from, Places places) {
    if (from > length) {
      return NO_MATCH;
    }
    try {
      return search(subject, length, from, places, timeoutNanos);
    } catch (TimeoutException _) {
      return again(subject, length, from, places);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return LIMIT;
    }
  }

  /// The machine may have been busy with others: only what this thread itself has worked counts.
  private int again(byte[] subject, int length, int from, Places places) {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadCpuTime();
    long limit = timeoutNanos;
    for (int i = 0; i < MORE_TRIES; i++) {
      try {
        return search(subject, length, from, places, limit);
      } catch (TimeoutException _) {
        if (threads.getCurrentThreadCpuTime() - before >= timeoutNanos / 2) {
          return LIMIT;
        }
        limit *= 2;
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
        return LIMIT;
      }
    }
    return LIMIT;
  }

  private int search(byte[] subject, int length, int from, Places places, long limit)
      throws InterruptedException {
    Matcher matcher = regex.matcher(subject, 0, length, limit);
    int found =
        anchored
            ? matcher.matchInterruptible(from, length, Option.DEFAULT)
            : matcher.searchInterruptible(from, length, Option.DEFAULT);
    if (found < 0) {
      return NO_MATCH;
    }
    Regex exhaustive = longest;
    if (exhaustive != null) {
      int begin = matcher.getBegin();
      Matcher all = exhaustive.matcher(subject, 0, length, limit);
      int longestLength = all.matchInterruptible(begin, length, Option.DEFAULT);
      return longestLength < 0 ? NO_MATCH : places.one(begin, begin + longestLength);
    }
    Region region = matcher.getRegion();
    return region == null ? places.one(matcher.getBegin(), matcher.getEnd()) : places.all(region);
  }

  /// Where groups were found; to be used again.
  public static final class Places {
    private int[] places = new int[16];

    /// Begin and end of group `i`, at `2 * i` and behind it.
    public int[] array() {
      return places;
    }

    private int one(int begin, int end) {
      places[0] = begin;
      places[1] = end;
      return 2;
    }

    private int all(Region region) {
      int count = region.getNumRegs();
      if (places.length < count * 2) {
        places = new int[count * 2];
      }
      for (int i = 0; i < count; i++) {
        places[2 * i] = region.getBeg(i);
        places[2 * i + 1] = region.getEnd(i);
      }
      return count * 2;
    }
  }
}
