package dev.turnout.http.filter;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.SERVER;

import dev.turnout.config.Setting;
import dev.turnout.http.Exchange;
import dev.turnout.http.FieldName;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import java.util.Map;
import java.util.Set;

/// `keepalive_disable`: connections of old browsers that cannot handle it carry one request.
public final class KeepaliveDisableModule implements HttpModule {
  private static final Setting<Set<Browser>> DISABLED =
      Setting.of("keepalive_disable", Set.of(Browser.MSIE6));

  private enum Browser {
    NONE,
    MSIE6,
    SAFARI
  }

  @Override
  public void register(HttpRegistry http) {
    http.directive("keepalive_disable")
        .in(HTTP, SERVER, LOCATION)
        .someOf(
            DISABLED,
            Map.of("none", Browser.NONE, "msie6", Browser.MSIE6, "safari", Browser.SAFARI))
        .defaultText("msie6")
        .summary("Browsers whose connections are closed after a request; `msie6` after a POST.");
    http.filter(scope -> {
      Set<Browser> disabled = scope.get(DISABLED);
      boolean msie = disabled.contains(Browser.MSIE6);
      boolean safari = disabled.contains(Browser.SAFARI);
      if (!msie && !safari) {
        return null;
      }
      return (exchange, _) -> {
        boolean post = msie && isPost(exchange);
        if (!post && !safari) {
          return;
        }
        String agent = exchange.request().fields().first(FieldName.USER_AGENT);
        if (agent != null && ((post && isOld(agent)) || (safari && isSafari(agent)))) {
          exchange.closeAfter();
        }
      };
    });
  }

  private static boolean isPost(Exchange exchange) {
    return exchange.request().methodIs("POST");
  }

  /// Internet Explorer up to 6, but for the one of Windows XP's second service pack.
  private static boolean isOld(String agent) {
    int at = agent.indexOf("MSIE ");
    if (at < 0 || at + 7 >= agent.length()) {
      return false;
    }
    return switch (agent.charAt(at + 5)) {
      case '4', '5' -> true;
      case '6' -> agent.indexOf("SV1", at) < 0;
      default -> false;
    };
  }

  private static boolean isSafari(String agent) {
    return agent.contains("Safari/") && agent.contains("Mac OS X") && !agent.contains("Chrome/");
  }
}
