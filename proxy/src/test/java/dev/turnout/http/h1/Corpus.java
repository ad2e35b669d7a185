package dev.turnout.http.h1;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/// The collected messages that a strict HTTP/1 side must take or refuse, and what is wanted of it.
public final class Corpus {
  private Corpus() {}

  /// One message, or several on one connection.
  ///
  /// @param id its name in the collection
  /// @param title what is special about it
  /// @param raw what is sent, one char a byte
  /// @param want of a request: `400c` is refused with 400 and closed, `ok2` is two requests,
  ///   `close` is closed unanswered; of a response: words
  public record Case(String id, String title, String raw, String want) {
    /// What is sent.
    public byte[] bytes() {
      return raw.getBytes(StandardCharsets.ISO_8859_1);
    }

    /// The status that refuses it, or 0 if it is not to be refused.
    public int refusal() {
      return want.endsWith("c") ? Integer.parseInt(want.substring(0, 3)) : 0;
    }

    /// How many requests it holds that must pass.
    public int requests() {
      if (!want.startsWith("ok")) {
        return 0;
      }
      return want.equals("ok") ? 1 : Integer.parseInt(want.substring(2));
    }

    @Override
    public String toString() {
      return id + " " + title;
    }
  }

  /// Requests of clients.
  public static List<Case> requests() {
    return read("http1-requests.json");
  }

  /// Responses of upstreams.
  public static List<Case> responses() {
    return read("upstream-responses.json");
  }

  private static List<Case> read(String name) {
    List<Case> cases = new ArrayList<>();
    try (InputStream in = Corpus.class.getResourceAsStream("/corpus/" + name);
        JsonParser json = new JsonFactory().createParser(ObjectReadContext.empty(), in)) {
      json.nextToken();
      while (json.nextToken() == JsonToken.START_OBJECT) {
        cases.add(readCase(json));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return List.copyOf(cases);
  }

  private static Case readCase(JsonParser json) {
    Map<String, String> values = new HashMap<>();
    while (json.nextToken() == JsonToken.PROPERTY_NAME) {
      String name = json.currentName();
      json.nextToken();
      values.put(name, json.getString());
    }
    return new Case(
        values.getOrDefault("id", ""),
        values.getOrDefault("title", ""),
        values.getOrDefault("raw", ""),
        values.getOrDefault("want", ""));
  }
}
