package dev.turnout.config;

import java.util.List;

/// One directive as written: its name, its arguments without quotes and escapes, and where they
/// stand.
///
/// Arguments are counted from 0 and do not include the name. A free block (`map`, `types`) has its
/// lines as [#children()]; a block of directives does not: they are in the [Scope] it opened. Of a
/// raw block the text between the braces is the last argument.
public final class Directive {
  private final Word name;
  private final List<Word> words;
  private final Position end;
  private final boolean block;
  private final List<Directive> children;

  Directive(Word name, List<Word> words, Position end, boolean block, List<Directive> children) {
    this.name = name;
    this.words = List.copyOf(words);
    this.end = end;
    this.block = block;
    this.children = List.copyOf(children);
  }

  /// The first word.
  public String name() {
    return name.text();
  }

  /// The words after the name.
  public List<String> arguments() {
    return words.stream().map(Word::text).toList();
  }

  /// How many arguments there are.
  public int argumentCount() {
    return words.size();
  }

  /// Argument `i`, from 0.
  public String argument(int i) {
    return words.get(i).text();
  }

  /// Where the name begins.
  public Position position() {
    return name.position();
  }

  /// Where argument `i` begins, its quote included.
  public Position argumentPosition(int i) {
    return words.get(i).position();
  }

  /// Where the directive ends: at its `;` or `{`, or, once its block was read, at the `}`. nginx
  /// names this line in its messages.
  public Position end() {
    return end;
  }

  /// The lines of a free block; empty for all other directives.
  public List<Directive> children() {
    return children;
  }

  /// True if a `{` ends the directive.
  public boolean hasBlock() {
    return block;
  }

  Directive withChildren(List<Directive> lines) {
    return new Directive(name, words, end, block, lines);
  }

  Directive withArgument(Word word) {
    List<Word> more = new java.util.ArrayList<>(words);
    more.add(word);
    return new Directive(name, more, end, block, children);
  }

  Directive closedAt(Position brace) {
    return new Directive(name, words, brace, block, children);
  }

  /// As it could be written, on one line.
  @Override
  public String toString() {
    StringBuilder out = new StringBuilder(name());
    for (Word word : words) {
      out.append(' ').append(word.text());
    }
    return out.append(block ? " {" : ";").toString();
  }
}
