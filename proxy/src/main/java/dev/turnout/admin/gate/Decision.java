package dev.turnout.admin.gate;

import dev.turnout.http.Exchange;
import java.nio.charset.StandardCharsets;

/// What the gate says to a request.
public sealed interface Decision {
  /// It may be done.
  record Granted(Permit permit) implements Decision {}

  /// It may not; what an answer with this status must carry is in the response already.
  record Refused(int status, String text) implements Decision {
    /// Answers with the text.
    public void answer(Exchange exchange) {
      exchange.respond(status, "text/plain", (text + "\n").getBytes(StandardCharsets.ISO_8859_1));
    }
  }
}
