package dev.turnout.http.filter;

import dev.turnout.http.BodyTransform;
import dev.turnout.http.Exchange;
import dev.turnout.http.Template;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Replaces texts in a body. What could be the beginning of a text is held back until more comes.
final class SubBody extends BodyTransform {
  private final List<Pattern> patterns;
  private final boolean once;
  private final boolean[] begins = new boolean[256];
  private byte[] held = new byte[0];
  private int heldLength;

  /// A text to find, and what stands for it.
  record Wanted(String text, Template replacement) {}

  /// A text in lower case; its replacement once it is known.
  private static final class Pattern {
    private final byte[] text;
    private final Template replacement;
    private byte @Nullable [] value;

    Pattern(Wanted wanted) {
      text = wanted.text().getBytes(StandardCharsets.ISO_8859_1);
      for (int i = 0; i < text.length; i++) {
        text[i] = (byte) lower(text[i]); // only ASCII: the rest may be parts of characters
      }
      replacement = wanted.replacement();
    }

    byte[] value(Exchange exchange) {
      byte[] known = value;
      if (known == null) {
        known = replacement.evaluate(exchange).getBytes(StandardCharsets.ISO_8859_1);
        value = known;
      }
      return known;
    }
  }

  SubBody(Exchange exchange, List<Wanted> wanted, boolean once) {
    super(exchange);
    this.once = once;
    patterns = new ArrayList<>(wanted.size());
    for (Wanted one : wanted) {
      patterns.add(new Pattern(one));
    }
    noteBeginnings();
  }

  private void noteBeginnings() {
    Arrays.fill(begins, false);
    for (Pattern pattern : patterns) {
      begins[pattern.text[0] & 0xff] = true;
    }
  }

  @Override
  protected boolean transform(ByteBuf in) {
    if (patterns.isEmpty() && heldLength == 0) {
      next().writeBody(exchange(), in.readRetainedSlice(in.readableBytes()), false);
      return true;
    }
    int n = Math.min(STEP, in.readableBytes());
    if (held.length < heldLength + n) {
      held = Arrays.copyOf(held, heldLength + n);
    }
    in.readBytes(held, heldLength, n);
    heldLength += n;
    replace(false);
    return !in.isReadable();
  }

  @Override
  protected void finish() {
    replace(true);
    next().writeEnd(exchange());
  }

  /// Passes on what is held as far as it is clear what becomes of it.
  private void replace(boolean last) {
    ByteBuf out = null;
    int from = 0;
    int at = 0;
    while (at < heldLength) {
      if (!begins[lower(held[at])]) {
        at++;
        continue;
      }
      Pattern found = null;
      boolean open = false;
      for (Pattern pattern : patterns) {
        int compared = Math.min(pattern.text.length, heldLength - at);
        if (matches(pattern.text, at, compared)) {
          open = compared < pattern.text.length;
          found = open ? null : pattern;
          if (!open || !last) {
            break;
          }
        }
      }
      if (found != null) {
        byte[] value = found.value(exchange());
        out = add(out, from, at);
        out.writeBytes(value);
        at += found.text.length;
        from = at;
        if (once) {
          patterns.remove(found);
          noteBeginnings();
        }
      } else if (open && !last) {
        break;
      } else {
        at++;
      }
    }
    if (at > from) {
      out = add(out, from, at);
    }
    System.arraycopy(held, at, held, 0, heldLength - at);
    heldLength -= at;
    if (out != null) {
      next().writeBody(exchange(), out, false);
    }
  }

  private ByteBuf add(@Nullable ByteBuf out, int from, int to) {
    ByteBuf target = out == null ? buffer(Math.max(256, heldLength - from)) : out;
    return target.writeBytes(held, from, to - from);
  }

  private boolean matches(byte[] text, int at, int length) {
    for (int i = 0; i < length; i++) {
      if (lower(held[at + i]) != (text[i] & 0xff)) {
        return false;
      }
    }
    return true;
  }

  private static int lower(byte b) {
    return b >= 'A' && b <= 'Z' ? b + 32 : b & 0xff;
  }

  @Override
  protected void free() {
    heldLength = 0;
  }
}
