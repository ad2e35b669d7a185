package dev.turnout.http;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The `error_page` directives of one location: what stands in for which status. Immutable.
public final class ErrorPages {
  /// No `error_page` at all.
  public static final ErrorPages NONE = new ErrorPages(List.of());

  private final Map<Integer, Page> pages;

  /// One `error_page` directive.
  ///
  /// @param statuses the codes it stands in for
  /// @param overwrite the code that is sent instead: a number, 0 for that of the page (`=`), or -1
  ///   to keep the original
  /// @param target a path, an address to redirect to, or `@name`
  public record Page(List<Integer> statuses, int overwrite, Template target) {}

  /// The directives in the order they were written; the first that names a code wins.
  public ErrorPages(List<Page> list) {
    Map<Integer, Page> byStatus = new HashMap<>();
    for (Page page : list) {
      for (int status : page.statuses()) {
        byStatus.putIfAbsent(status, page);
      }
    }
    pages = Map.copyOf(byStatus);
  }

  /// What stands in for this status, or null.
  public @Nullable Page find(int status) {
    return pages.isEmpty() ? null : pages.get(status);
  }
}
