package dev.turnout.http.content;

import static dev.turnout.config.Context.LOCATION;

import dev.turnout.http.Exchange;
import dev.turnout.http.HttpDate;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import java.util.HexFormat;

/// `empty_gif`: a transparent image of one pixel.
public final class EmptyGifModule implements HttpModule {
  private static final byte[] PIXEL =
      HexFormat.of()
          .parseHex(
              "47494638396101000100800100000000ffffff" // header, screen of 1x1, two colours
                  + "21f90401000001002c000000000100010000" // the second is transparent; 1x1
                  + "02024c01003b"); // one pixel of that colour

  /// The time of modification that nginx gives its image.
  private static final long MADE = 23_349_600;

  @Override
  public void register(HttpRegistry http) {
    http.directive("empty_gif")
        .in(LOCATION)
        .arguments(0)
        .read((_, scope) -> scope.set(HttpRegistry.CONTENT, _ -> EmptyGifModule::answer))
        .summary("Answers with a transparent image of one pixel.");
  }

  private static void answer(Exchange exchange) {
    String method = exchange.method();
    if (!method.equals("GET") && !method.equals("HEAD")) {
      exchange.finish(405);
      return;
    }
    exchange.response().lastModified(HttpDate.format(MADE), MADE * 1000);
    exchange.respond(200, "image/gif", PIXEL);
  }
}
