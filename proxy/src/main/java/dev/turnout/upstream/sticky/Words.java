package dev.turnout.upstream.sticky;

import java.util.List;

/// The words of a `sticky` that was written by this program.
record Words(List<String> words) {
  String first() {
    return words.isEmpty() ? "" : words.getFirst();
  }

  /// The word after the kind.
  ///
  /// @throws IllegalArgumentException if there is none
  String second() {
    if (words.size() < 2) {
      throw new IllegalArgumentException("sticky without a name");
    }
    return words.get(1);
  }

  boolean has(String word) {
    return words.lastIndexOf(word) > 1; // after the kind, and a name
  }

  /// What follows the first of these beginnings; empty if no word has it.
  String text(String beginning) {
    List<String> all = all(beginning);
    return all.isEmpty() ? "" : all.getFirst();
  }

  /// What follows this beginning in all words that have it.
  List<String> all(String beginning) {
    return words.stream()
        .skip(1)
        .filter(word -> word.startsWith(beginning))
        .map(word -> word.substring(beginning.length()))
        .toList();
  }
}
