package dev.turnout.http.health;

import dev.turnout.http.FieldName;
import dev.turnout.http.Fields;
import dev.turnout.http.Regex;
import dev.turnout.http.ResponseHead;
import dev.turnout.http.Variable;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What an answer must be like: the tests of a `match` block, all of which must hold. Immutable.
///
/// @param name as `match` names it; empty for what holds without one
/// @param status of the status code
/// @param headers of the header fields
/// @param bodies of the first 256 kilobytes of the body
/// @param required variables that must be neither empty nor `0`
record Match(
    String name,
    Optional<StatusTest> status,
    List<HeaderTest> headers,
    List<BodyTest> bodies,
    List<Variable> required) {
  static final int MOST_BODY = 256 * 1024;

  /// What holds where no `match` is named: 2xx and 3xx.
  static final Match STANDARD =
      new Match(
          "",
          Optional.of(new StatusTest(List.of(new Range(200, 399)), false)),
          List.of(),
          List.of(),
          List.of());

  Match {
    headers = List.copyOf(headers);
    bodies = List.copyOf(bodies);
    required = List.copyOf(required);
  }

  /// Status codes from `first` to `last`.
  record Range(int first, int last) {}

  /// `status 200-399;` and `status ! 500;`.
  record StatusTest(List<Range> ranges, boolean negated) {
    StatusTest {
      ranges = List.copyOf(ranges);
    }

    boolean holds(int status) {
      return ranges.stream().anyMatch(r -> r.first() <= status && status <= r.last()) != negated;
    }
  }

  /// What `header` asks of a field.
  sealed interface HeaderTest {
    FieldName name();

    /// Whether the field is as it should be.
    ///
    /// @param value of the field, with several joined; null if it is not there
    boolean holds(@Nullable String value);
  }

  /// `header Name;` and `header ! Name;`.
  record HeaderIsThere(FieldName name, boolean negated) implements HeaderTest {
    @Override
    public boolean holds(@Nullable String value) {
      return (value != null) != negated;
    }
  }

  /// `header Name = value;` and `!=`; the field must be there.
  record HeaderEquals(FieldName name, String wanted, boolean negated) implements HeaderTest {
    @Override
    public boolean holds(@Nullable String value) {
      return value != null && value.equals(wanted) != negated;
    }
  }

  /// `header Name ~ regex;` and `!~`; the field must be there.
  record HeaderMatches(FieldName name, Regex regex, boolean negated) implements HeaderTest {
    @Override
    public boolean holds(@Nullable String value) {
      return value != null && regex.test(value) != negated;
    }
  }

  /// `body ~ regex;` and `!~`.
  record BodyTest(Regex regex, boolean negated) {
    boolean holds(String body) {
      return regex.test(body) != negated;
    }
  }

  boolean wantsBody() {
    return !bodies.isEmpty();
  }

  boolean headersHold(ResponseHead head) {
    return headers.stream().allMatch(test -> test.holds(joined(head.fields(), test.name())));
  }

  private static @Nullable String joined(Fields fields, FieldName name) {
    String value = null;
    for (int i = 0; i < fields.count(); i++) {
      if (fields.nameIs(i, name)) {
        value = value == null ? fields.value(i) : value + ", " + fields.value(i);
      }
    }
    return value;
  }
}
