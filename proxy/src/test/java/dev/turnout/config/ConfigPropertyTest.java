package dev.turnout.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Whatever is printed in nginx's language is read back the same.
class ConfigPropertyTest {
  private static final String CHARS = "ab/.:_-=~^$(){};#'\"\\ \t\r\n\u00e9\u0000*[]?";

  private record Line(List<String> words, List<Line> block) {}

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 5, 8, 13, 21, 34, 55, 89})
  void whatWasPrintedIsReadBack(long seed) {
    Random random = new Random(seed);
    for (int round = 0; round < 100; round++) {
      List<Line> lines = lines(random, 3);

      Lexer lexer = Lexer.ofFile(SourceFile.of("f", printed(lines, random)));

      assertThat(read(lexer, Statement.End.END_OF_TEXT)).as("seed " + seed).isEqualTo(lines);
    }
  }

  private static List<Line> lines(Random random, int depth) {
    List<Line> lines = new ArrayList<>();
    for (int i = random.nextInt(4); i >= 0; i--) {
      List<String> words = new ArrayList<>();
      for (int k = random.nextInt(4); k >= 0; k--) {
        words.add(word(random));
      }
      boolean block = depth > 0 && random.nextInt(3) == 0;
      lines.add(new Line(words, block ? lines(random, depth - 1) : List.of()));
    }
    return lines;
  }

  private static String word(Random random) {
    StringBuilder word = new StringBuilder();
    for (int i = random.nextInt(8); i >= 0; i--) {
      word.append(CHARS.charAt(random.nextInt(CHARS.length())));
    }
    return word.toString();
  }

  private static String printed(List<Line> lines, Random random) {
    StringBuilder out = new StringBuilder();
    for (Line line : lines) {
      for (String word : line.words()) {
        out.append(quoted(word, random)).append(gap(random));
      }
      if (line.block().isEmpty()) {
        out.append(';');
      } else {
        out.append('{').append(printed(line.block(), random)).append('}');
      }
    }
    return out.toString();
  }

  private static String quoted(String word, Random random) {
    StringBuilder out = new StringBuilder();
    char quote = random.nextBoolean() ? '"' : '\'';
    boolean bare = word.chars().allMatch(c -> "ab/.:_-=~^".indexOf(c) >= 0);
    if (bare && random.nextBoolean()) {
      return word;
    }
    out.append(quote);
    for (int i = 0; i < word.length(); i++) {
      char c = word.charAt(i);
      switch (c) {
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append(random.nextBoolean() ? "\\n" : "\n");
        case '\t' -> out.append(random.nextBoolean() ? "\\t" : "\t");
        case '\r' -> out.append("\\r");
        default -> out.append(c == quote ? "\\" + c : String.valueOf(c));
      }
    }
    return out.append(quote).toString();
  }

  private static String gap(Random random) {
    return switch (random.nextInt(4)) {
      case 0 -> " ";
      case 1 -> "\r\n\t";
      case 2 -> " # comment; \"{}\n";
      default -> "  ";
    };
  }

  private static List<Line> read(Lexer lexer, Statement.End until) {
    List<Line> lines = new ArrayList<>();
    for (Statement statement = lexer.next(); statement.end() != until; statement = lexer.next()) {
      List<String> words = statement.words().stream().map(Word::text).toList();
      boolean block = statement.end() == Statement.End.BLOCK_START;
      lines.add(new Line(words, block ? read(lexer, Statement.End.BLOCK_END) : List.of()));
    }
    return lines;
  }
}
