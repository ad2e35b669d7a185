package dev.turnout.loadgen;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// Several requests, each with how often it is sent for the others.
///
/// @param weights of the requests
/// @param requests as they go over the wire
record Mix(List<Double> weights, List<String> requests) {
  Mix {
    weights = List.copyOf(weights);
    requests = List.copyOf(requests);
  }

  /// Reads lines of `weight METHOD path [body]`, such as `3 GET /search?q=a`; lines that begin with
  /// `#` are passed over. The fields of the plan go with each.
  ///
  /// @throws IllegalArgumentException if a line says something else
  static Mix read(Path file, Target target, List<String> fields) throws IOException {
    List<Double> weights = new ArrayList<>();
    List<String> requests = new ArrayList<>();
    int number = 0;
    for (String line : Files.readAllLines(file)) {
      number++;
      String text = line.strip();
      if (text.isEmpty() || text.startsWith("#")) {
        continue;
      }
      String[] parts = text.split("\\s+", 4);
      if (parts.length < 3
          || !parts[0].matches("[0-9]+(\\.[0-9]+)?")
          || Double.parseDouble(parts[0]) <= 0
          || !parts[1].matches("[A-Z]+")
          || parts[1].equals("HEAD")
          || !parts[2].startsWith("/")) {
        throw new IllegalArgumentException(
            "%s:%d: wanted are lines such as 3 GET /search?q=a (weight, method, path, body), without HEAD: %s"
                .formatted(file, number, line));
      }
      weights.add(Double.parseDouble(parts[0]));
      Target there = new Target(target.host(), target.port(), parts[2]);
      String body = parts.length > 3 ? parts[3] : "";
      requests.add(
          new String(
              Plan.request(there, parts[1].toUpperCase(Locale.ROOT), fields, body),
              StandardCharsets.ISO_8859_1));
    }
    if (requests.isEmpty()) {
      throw new IllegalArgumentException(file + ": there is no request in it");
    }
    return new Mix(weights, requests);
  }
}
