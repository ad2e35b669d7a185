package dev.turnout.http.proxy;

import dev.turnout.http.Capture;
import dev.turnout.http.Exchange;
import dev.turnout.http.Template;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// `proxy_cookie_domain`, `proxy_cookie_path` and `proxy_cookie_flags`: how cookies of an upstream
/// are changed (RFC 6265). Immutable.
record CookieRules(List<FieldRewrite> domains, List<FieldRewrite> paths, List<Flags> flags) {
  CookieRules {
    domains = List.copyOf(domains);
    paths = List.copyOf(paths);
    flags = List.copyOf(flags);
  }

  boolean isEmpty() {
    return domains.isEmpty() && paths.isEmpty() && flags.isEmpty();
  }

  /// Which cookies get flags, and which.
  ///
  /// @param pattern what the name is to match; else it is `name`
  record Flags(@Nullable Capture pattern, Template name, List<Template> words) {
    Flags {
      words = List.copyOf(words);
    }

    boolean apply(Exchange exchange, String cookie) {
      return pattern == null
          ? name.evaluate(exchange).equalsIgnoreCase(cookie)
          : pattern.matches(cookie, exchange);
    }
  }

  /// A part of a cookie: `name=value`, or `name`.
  private record Part(String name, @Nullable String value) {
    boolean is(String wanted) {
      return name.equalsIgnoreCase(wanted);
    }
  }

  /// The changed `Set-Cookie`, or null if it stays as it is.
  @Nullable String apply(Exchange exchange, String field) {
    List<Part> parts = parse(field);
    if (parts.getFirst().value() == null) {
      return null;
    }
    boolean changed = false;
    for (int i = 1; i < parts.size(); i++) {
      Part part = parts.get(i);
      List<FieldRewrite> rules = part.is("domain") ? domains : part.is("path") ? paths : List.of();
      String value =
          part.value() == null ? null : FieldRewrite.first(rules, exchange, part.value());
      if (value != null) {
        parts.set(i, new Part(part.name(), value));
        changed = true;
      }
    }
    changed |= editFlags(exchange, parts);
    if (!changed) {
      return null;
    }
    StringBuilder out = new StringBuilder(field.length() + 32);
    for (Part part : parts) {
      out.append(out.isEmpty() ? "" : "; ").append(part.name());
      if (part.value() != null) {
        out.append('=').append(part.value());
      }
    }
    return out.toString();
  }

  private static List<Part> parse(String field) {
    List<Part> parts = new ArrayList<>();
    for (String text : field.split(";", -1)) {
      int equals = text.indexOf('=');
      parts.add(
          equals < 0
              ? new Part(text.strip(), null)
              : new Part(text.substring(0, equals).strip(), text.substring(equals + 1).strip()));
    }
    return parts;
  }

  private boolean editFlags(Exchange exchange, List<Part> parts) {
    for (Flags rule : flags) {
      if (rule.apply(exchange, parts.getFirst().name())) {
        boolean any = false;
        for (Template word : rule.words()) {
          any |= edit(parts, word.evaluate(exchange).toLowerCase(Locale.ROOT));
        }
        return any;
      }
    }
    return false;
  }

  private static boolean edit(List<Part> parts, String word) {
    switch (word) {
      case "secure" -> set(parts, new Part("Secure", null));
      case "httponly" -> set(parts, new Part("HttpOnly", null));
      case "samesite=strict" -> set(parts, new Part("SameSite", "Strict"));
      case "samesite=lax" -> set(parts, new Part("SameSite", "Lax"));
      case "samesite=none" -> set(parts, new Part("SameSite", "None"));
      case "nosecure" -> remove(parts, "secure");
      case "nohttponly" -> remove(parts, "httponly");
      case "nosamesite" -> remove(parts, "samesite");
      default -> {
        return false;
      }
    }
    return true;
  }

  private static void set(List<Part> parts, Part flag) {
    for (int i = 1; i < parts.size(); i++) {
      Part part = parts.get(i);
      if (part.is(flag.name())) {
        boolean same =
            flag.value() == null
                || (part.value() != null && part.value().equalsIgnoreCase(flag.value()));
        if (!same) {
          parts.set(i, flag);
        }
        return;
      }
    }
    parts.add(flag);
  }

  private static void remove(List<Part> parts, String name) {
    parts.subList(1, parts.size()).removeIf(part -> part.is(name));
  }
}
