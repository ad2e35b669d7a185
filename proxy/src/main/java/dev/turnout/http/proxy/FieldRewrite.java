package dev.turnout.http.proxy;

import dev.turnout.http.Capture;
import dev.turnout.http.Exchange;
import dev.turnout.http.Template;
import org.jspecify.annotations.Nullable;

/// What a value in a field of an upstream's response is replaced by: one `proxy_redirect`,
/// `proxy_cookie_domain` or `proxy_cookie_path`.
sealed interface FieldRewrite {
  /// The changed value, or null if this one does not apply.
  @Nullable String apply(Exchange exchange, String value);

  /// What the first of `rewrites` that applies makes of a value; null if none does.
  static @Nullable String first(
      Iterable<? extends FieldRewrite> rewrites, Exchange exchange, String value) {
    for (FieldRewrite rewrite : rewrites) {
      String changed = rewrite.apply(exchange, value);
      if (changed != null) {
        return changed;
      }
    }
    return null;
  }

  /// `off`: those of the block around do not hold.
  record None() implements FieldRewrite {
    @Override
    public @Nullable String apply(Exchange exchange, String value) {
      return null;
    }
  }

  /// A domain, in any case; a dot before it stays.
  record Domain(Template from, Template to) implements FieldRewrite {
    @Override
    public @Nullable String apply(Exchange exchange, String value) {
      String dot = value.startsWith(".") ? "." : "";
      return value.substring(dot.length()).equalsIgnoreCase(from.evaluate(exchange))
          ? dot + to.evaluate(exchange)
          : null;
    }
  }

  /// A prefix and what stands for it.
  record Prefix(Template from, Template to) implements FieldRewrite {
    @Override
    public @Nullable String apply(Exchange exchange, String value) {
      String prefix = from.evaluate(exchange);
      return value.startsWith(prefix)
          ? to.evaluate(exchange) + value.substring(prefix.length())
          : null;
    }
  }

  /// A regular expression and what the whole value becomes.
  record Pattern(Capture pattern, Template to) implements FieldRewrite {
    @Override
    public @Nullable String apply(Exchange exchange, String value) {
      return pattern.matches(value, exchange) ? to.evaluate(exchange) : null;
    }
  }
}
