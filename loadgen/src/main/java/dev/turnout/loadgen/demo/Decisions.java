package dev.turnout.loadgen.demo;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/// What the autoscaler of a group has decided, as the control API tells it.
final class Decisions {
  private static final JsonFactory JSON = new JsonFactory();

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
    List<Decision> decisions = new ArrayList<>();
    try (JsonParser in = JSON.createParser(ObjectReadContext.empty(), json)) {
      in.nextToken();
      while (in.nextToken() == JsonToken.PROPERTY_NAME) {
        boolean wanted = "decisions".equals(in.currentName());
        in.nextToken();
        if (wanted) {
          while (in.nextToken() == JsonToken.START_OBJECT) {
            decisions.add(decision(in));
          }
        } else {
          in.skipChildren();
        }
      }
    } catch (JacksonException e) {
      throw new IOException("not what an autoscaler tells: " + e.getOriginalMessage(), e);
    }
    return decisions;
  }

  private static Decision decision(JsonParser in) {
    String time = "";
    String text = "";
    boolean acts = false;
    while (in.nextToken() == JsonToken.PROPERTY_NAME) {
      String name = String.valueOf(in.currentName());
      in.nextToken();
      switch (name) {
        case "time" -> time = String.valueOf(in.getString());
        case "text" -> text = String.valueOf(in.getString());
        case "actions" -> {
          while (in.nextToken() == JsonToken.START_OBJECT) {
            acts = true;
            in.skipChildren();
          }
        }
        default -> in.skipChildren();
      }
    }
    return new Decision(time, text, acts);
  }
}
