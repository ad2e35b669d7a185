package dev.turnout.json;

import java.util.Random;

/// Documents by chance, many of them broken.
final class RandomDocuments {
  private static final String[] SCALARS = {
    "0",
    "-0",
    "-1",
    "12345678901234567890",
    "1.5",
    "1e5",
    "-1E-5",
    "true",
    "false",
    "null",
    "\"\"",
    "\"a\"",
    "\"\\u0041\"",
    "\"\\ud83d\\ude00\"",
    "\"\\n\\/\\\\\\\"\"",
    "\"é\"",
    "\"€\"",
    "\"😀\""
  };
  private static final String[] BROKEN = {
    "01",
    "+1",
    ".5",
    "1.",
    "1e",
    "--1",
    "NaN",
    "Infinity",
    "nul",
    "True",
    "'a'",
    "\"\\x\"",
    "\"\\u12\"",
    "\"\n\"",
    "\"\u0001\"",
    "/* */1",
    "#",
    "\"\\ud800\"",
    "0x1",
    "1_0",
    "\"\\udc00x\""
  };
  private static final String[] SNIPS = {
    "{", "}", "[", "]", ",", ":", "\"", "\\", " ", "\n", "\t", "0", "e", "-", "\u0000", "é",
    "\ufeff"
  };

  private final Random random;

  RandomDocuments(long seed) {
    random = new Random(seed);
  }

  String next() {
    StringBuilder out = new StringBuilder();
    value(out, 0);
    int edits = random.nextInt(3) == 0 ? 1 + random.nextInt(2) : 0;
    for (int i = 0; i < edits && !out.isEmpty(); i++) {
      int at = random.nextInt(out.length());
      switch (random.nextInt(3)) {
        case 0 -> out.deleteCharAt(at);
        case 1 -> out.insert(at, pick(SNIPS));
        default -> out.setLength(at);
      }
    }
    return out.toString();
  }

  private String pick(String[] from) {
    return from[random.nextInt(from.length)];
  }

  private void blank(StringBuilder out) {
    if (random.nextInt(4) == 0) {
      out.append(" \n\r\t".charAt(random.nextInt(4)));
    }
  }

  private void value(StringBuilder out, int depth) {
    blank(out);
    int kind = random.nextInt(depth > 5 ? 2 : 5);
    switch (kind) {
      case 0, 1 -> out.append(random.nextInt(40) == 0 ? pick(BROKEN) : pick(SCALARS));
      case 2 -> {
        out.append('[');
        for (int i = random.nextInt(4); i > 0; i--) {
          value(out, depth + 1);
          out.append(i > 1 ? "," : "");
        }
        out.append(']');
      }
      default -> {
        out.append('{');
        for (int i = random.nextInt(4); i > 0; i--) {
          blank(out);
          out.append('"').append((char) ('a' + random.nextInt(12))).append('"');
          blank(out);
          out.append(':');
          value(out, depth + 1);
          out.append(i > 1 ? "," : "");
        }
        out.append('}');
      }
    }
    blank(out);
  }
}
