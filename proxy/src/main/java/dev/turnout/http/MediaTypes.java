package dev.turnout.http;

import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The media types that a filter works on, as `gzip_types` and its kind name them. Immutable.
///
/// @param names in lower case
/// @param all `*`
public record MediaTypes(Set<String> names, boolean all) {
  public MediaTypes {
    names = Set.copyOf(names);
  }

  /// These types.
  public static MediaTypes of(String... names) {
    return new MediaTypes(Set.of(names), false);
  }

  /// Announces a directive that names types besides those that always belong to them.
  public static void directive(HttpRegistry http, String name, Setting<MediaTypes> setting) {
    Set<String> always = setting.defaultValue().names();
    http.directive(name)
        .in(
            dev.turnout.config.Context.HTTP,
            dev.turnout.config.Context.SERVER,
            dev.turnout.config.Context.LOCATION)
        .atLeast(1)
        .read((d, scope) -> read(d, scope, setting))
        .syntax("media-type ... | *")
        .defaultText(String.join(" ", always.stream().sorted().toList()))
        .summary("The media types that are worked on, besides text/html; `*`: all.");
  }

  private static void read(Directive d, Scope scope, Setting<MediaTypes> setting) {
    Set<String> names = new HashSet<>(List.of("text/html"));
    boolean all = false;
    for (int i = 0; i < d.argumentCount(); i++) {
      String name = d.argument(i).toLowerCase(Locale.ROOT);
      if (name.equals("*")) {
        all = true;
      } else if (!names.add(name)) {
        scope.warn(d, "duplicate MIME type \"" + d.argument(i) + "\"");
      }
    }
    scope.set(setting, new MediaTypes(names, all));
  }

  /// True if a `Content-Type` is among them; one that is not there belongs to `*` only.
  public boolean contain(@Nullable String contentType) {
    if (all) {
      return true;
    }
    if (contentType == null || contentType.isEmpty()) {
      return false;
    }
    return names.contains(name(contentType).toLowerCase(Locale.ROOT));
  }

  /// A `Content-Type` without its charset.
  public static String name(String contentType) {
    int semicolon = contentType.indexOf(';');
    return semicolon < 0 ? contentType : contentType.substring(0, semicolon).stripTrailing();
  }

  /// The charset of a `Content-Type`; empty if it has none.
  public static String charset(@Nullable String contentType) {
    if (contentType == null) {
      return "";
    }
    for (int at = contentType.indexOf(';'); at >= 0; at = contentType.indexOf(';', at + 1)) {
      int start = at + 1;
      while (start < contentType.length() && contentType.charAt(start) == ' ') {
        start++;
      }
      if (contentType.regionMatches(true, start, "charset=", 0, 8)) {
        int end = contentType.indexOf(';', start);
        String value = contentType.substring(start + 8, end < 0 ? contentType.length() : end);
        boolean quoted = value.length() > 1 && value.startsWith("\"") && value.endsWith("\"");
        return quoted ? value.substring(1, value.length() - 1) : value;
      }
    }
    return "";
  }
}
