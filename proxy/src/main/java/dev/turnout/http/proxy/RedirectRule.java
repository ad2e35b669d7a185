package dev.turnout.http.proxy;

import dev.turnout.http.Capture;
import dev.turnout.http.Exchange;
import dev.turnout.http.Template;
import org.jspecify.annotations.Nullable;

/// One `proxy_redirect`: what the start, or the match, of an upstream's `Location` and `Refresh` is
/// replaced by.
sealed interface RedirectRule {
  /// The changed value, or null if the rule does not apply.
  @Nullable String apply(Exchange exchange, String value);

  /// A prefix and what stands for it.
  record Prefix(Template from, Template to) implements RedirectRule {
    @Override
    public @Nullable String apply(Exchange exchange, String value) {
      String prefix = from.evaluate(exchange);
      return value.startsWith(prefix)
          ? to.evaluate(exchange) + value.substring(prefix.length())
          : null;
    }
  }

  /// A regular expression and what the whole value becomes.
  record Pattern(Capture pattern, Template to) implements RedirectRule {
    @Override
    public @Nullable String apply(Exchange exchange, String value) {
      return pattern.matches(value, exchange) ? to.evaluate(exchange) : null;
    }
  }
}
