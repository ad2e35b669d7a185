package dev.turnout.discovery.kubernetes;

import dev.turnout.discovery.Place;
import dev.turnout.json.Json;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/// The EndpointSlices of a service, as they are now, and what they mean (discovery.k8s.io/v1).
final class Slices {
  /// How an endpoint is, the best first.
  enum State {
    READY,
    /// It ends, and still serves those it has.
    DRAINING,
    DOWN
  }

  /// What is the matter with the slices.
  static final class Unclear extends Exception {
    private static final long serialVersionUID = 1;

    Unclear(String message) {
      super(message);
    }
  }

  private final Map<String, Json> byName = new HashMap<>();

  void clear() {
    byName.clear();
  }

  void put(Json slice) {
    byName.put(slice.get("metadata").get("name").text(), slice);
  }

  void remove(Json slice) {
    byName.remove(slice.get("metadata").get("name").text());
  }

  /// The endpoints by `HOST:PORT`. One that stands in several slices, as while it moves from one to
  /// another, is as well as it is in any of them.
  ///
  /// @param port the name or the number of the port; empty: the only one
  /// @throws Unclear if it is not clear which port is meant
  Map<String, State> endpoints(String port) throws Unclear {
    Map<String, State> endpoints = new TreeMap<>();
    for (Json slice : byName.values()) {
      if (slice.get("endpoints").elements().isEmpty()) {
        continue;
      }
      long number = port(slice, port);
      for (Json endpoint : slice.get("endpoints").elements()) {
        State state = state(endpoint.get("conditions"));
        for (Json address : endpoint.get("addresses").elements()) {
          Place.of(address.text(), number)
              .ifPresent(place ->
                  endpoints.merge(
                      place, state, (one, other) -> one.compareTo(other) <= 0 ? one : other));
        }
      }
    }
    return endpoints;
  }

  private static long port(Json slice, String wanted) throws Unclear {
    Set<String> names = new TreeSet<>();
    for (Json port : slice.get("ports").elements()) {
      long number = port.get("port").number(-1);
      String name = port.get("name").text();
      boolean tcp =
          port.get("protocol").text().isEmpty() || port.get("protocol").text().equals("TCP");
      if (!tcp) {
        continue;
      }
      if (wanted.equals(name) && !name.isEmpty()) {
        return number;
      }
      if (wanted.equals(Long.toString(number))) {
        return number;
      }
      names.add(name.isEmpty() ? Long.toString(number) : name);
      if (wanted.isEmpty() && slice.get("ports").elements().size() == 1) {
        return number;
      }
    }
    throw new Unclear(
        wanted.isEmpty()
            ? "the service has several ports, say which one with port=: " + String.join(", ", names)
            : "the service has no port \"" + wanted + "\", it has: " + String.join(", ", names));
  }

  /// Conditions that are not said are as the API's documentation has it: ready is true, serving is
  /// as ready, terminating is false.
  private static State state(Json conditions) {
    boolean ready = conditions.get("ready").truth(true);
    boolean serving = conditions.get("serving").truth(ready);
    boolean terminating = conditions.get("terminating").truth(false);
    if (terminating) {
      return serving ? State.DRAINING : State.DOWN;
    }
    return ready ? State.READY : State.DOWN;
  }
}
