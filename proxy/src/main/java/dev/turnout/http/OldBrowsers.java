package dev.turnout.http;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// What `msie_padding` and `msie_refresh` do for browsers that do not show short error pages, or do
/// not follow redirects well.
final class OldBrowsers {
  private static final byte[] PADDING =
      "<!-- a padding to disable MSIE and Chrome friendly error page -->\r\n"
          .repeat(6)
          .getBytes(StandardCharsets.ISO_8859_1);

  private OldBrowsers() {}

  /// The page, longer if the client is one that would show a page of its own in its place.
  static byte[] padded(Exchange exchange, byte[] page) {
    String agent = agent(exchange);
    if (agent == null || !(isExplorer(agent) || isChrome(agent))) {
      return page;
    }
    byte[] longer = Arrays.copyOf(page, page.length + PADDING.length);
    System.arraycopy(PADDING, 0, longer, page.length, PADDING.length);
    return longer;
  }

  /// True if a page is to stand in for this redirect.
  static boolean needsRefresh(Exchange exchange, int status) {
    if (status != 301 && status != 302) {
      return false;
    }
    String agent = agent(exchange);
    return agent != null && isExplorer(agent);
  }

  private static boolean isExplorer(String agent) {
    return agent.contains("MSIE ") && !agent.contains("Opera");
  }

  private static boolean isChrome(String agent) {
    return agent.contains("Chrome/") && !agent.contains("Gecko/") && !agent.contains("Opera");
  }

  /// The page that goes to `location` by itself.
  static byte[] refresh(String location) {
    String url = UriEscape.REFRESH.escape(location);
    return ("<html><head><meta http-equiv=\"Refresh\" content=\"0; URL="
            + url
            + "\"></head><body></body></html>\r\n")
        .getBytes(StandardCharsets.ISO_8859_1);
  }

  private static @Nullable String agent(Exchange exchange) {
    return exchange.request().fields().first(FieldName.USER_AGENT);
  }
}
