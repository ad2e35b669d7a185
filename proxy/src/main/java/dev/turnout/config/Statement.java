package dev.turnout.config;

import java.util.List;

/// What the lexer reads at a time: the words up to a `;` or a `{`, or a `}`, or the end of the
/// text.
record Statement(List<Word> words, End end, Position endPosition) {
  /// What ended it. The last two come without words.
  enum End {
    SEMICOLON,
    BLOCK_START,
    BLOCK_END,
    END_OF_TEXT
  }

  Directive directive() {
    return new Directive(
        words.getFirst(),
        words.subList(1, words.size()),
        endPosition,
        end == End.BLOCK_START,
        List.of());
  }
}
