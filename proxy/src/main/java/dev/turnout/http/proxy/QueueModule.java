package dev.turnout.http.proxy;

import static dev.turnout.config.Context.UPSTREAM;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.Setting;
import dev.turnout.config.Units;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.upstream.QueueLimits;
import org.jspecify.annotations.Nullable;

/// `queue`: requests that find no server wait for one.
public final class QueueModule implements HttpModule {
  static final Setting<@Nullable QueueLimits> QUEUE = Setting.local("queue", null);
  private static final long DEFAULT_TIMEOUT = 60_000;
  private static final String TIMEOUT = "timeout=";

  @Override
  public void register(HttpRegistry http) {
    http.directive("queue")
        .in(UPSTREAM)
        .arguments(1, 2)
        .read((d, scope) -> scope.set(QUEUE, read(d)))
        .syntax("number [timeout=60s]")
        .summary(
            "So many requests may wait while no server can take one, so long; then it is 502. The"
                + " first to come is the first to go on.")
        .differs("It may stand before the balancing method, too.");
  }

  private static QueueLimits read(Directive d) {
    long number =
        Units.number(d.argument(0))
            .orElseThrow(() ->
                ConfigException.at(
                    d, 0, "invalid value \"" + d.argument(0) + "\" in \"queue\" directive"));
    if (number == 0) {
      throw ConfigException.at(d, 0, "invalid value \"0\" in \"queue\" directive")
          .withHelp("without the directive nothing waits");
    }
    long timeout = DEFAULT_TIMEOUT;
    if (d.argumentCount() == 2) {
      String word = d.argument(1);
      timeout = word.startsWith(TIMEOUT) ? millis(word.substring(TIMEOUT.length())) : 0;
      if (timeout == 0) {
        throw ConfigException.at(d, 1, "invalid parameter \"" + word + "\"");
      }
    }
    return new QueueLimits((int) Math.min(number, Integer.MAX_VALUE), timeout);
  }

  private static long millis(String value) {
    return Units.milliseconds(value).orElse(0);
  }
}
