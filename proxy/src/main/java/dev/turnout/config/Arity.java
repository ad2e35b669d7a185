package dev.turnout.config;

import java.util.Arrays;
import java.util.stream.Collectors;

/// How many arguments a directive takes.
sealed interface Arity {
  /// From `min` to `max`.
  record Between(int min, int max) implements Arity {}

  /// One of some numbers, in rising order.
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record OneOf(int... counts) implements Arity {}

  default boolean allows(int count) {
    return switch (this) {
      case Between(int min, int max) -> count >= min && count <= max;
      case OneOf(int[] counts) -> Arrays.stream(counts).anyMatch(allowed -> allowed == count);
    };
  }

  /// For people: `no arguments`, `1 argument`, `1 to 3 arguments`, `at least 1 argument`.
  default String text() {
    return switch (this) {
      case Between(int min, int max) when max == Integer.MAX_VALUE ->
          min == 0 ? "any number of arguments" : "at least " + counted(min);
      case Between(int min, int max) when min == max -> counted(min);
      case Between(int min, int max) when min + 1 == max -> min + " or " + counted(max);
      case Between(int min, int max) -> min + " to " + counted(max);
      case OneOf(int[] counts) ->
          Arrays.stream(counts).mapToObj(String::valueOf).collect(Collectors.joining(" or "))
              + " arguments";
    };
  }

  private static String counted(int count) {
    return switch (count) {
      case 0 -> "no arguments";
      case 1 -> "1 argument";
      default -> count + " arguments";
    };
  }
}
