package dev.turnout.loadgen.demo;

import dev.turnout.json.Json;
import java.io.IOException;
import java.util.List;

/// What the autoscaler of a group has decided, as the control API tells it.
final class Decisions {
  private Decisions() {}

  /// One of them.
  ///
  /// @param time as the API writes it; later ones are greater
  /// @param acts whether something was done
  record Decision(String time, String text, boolean acts) {}

  /// Reads what `GET /autoscale/GROUP` answers.
  ///
  /// @throws IOException if it is not that
  static List<Decision> read(String json) throws IOException {
    try {
      return Json.parse(json).need("decisions").asElements().stream()
          .map(Decisions::decision)
          .toList();
    } catch (Json.Malformed | IllegalArgumentException e) {
      throw new IOException("not what an autoscaler tells: " + e.getMessage(), e);
    }
  }

  private static Decision decision(Json one) {
    return new Decision(
        one.need("time").asText(),
        one.need("text").asText(),
        !one.need("actions").asElements().isEmpty());
  }
}
