package dev.turnout.discovery.upsync;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.turnout.config.Units;
import dev.turnout.discovery.Place;
import dev.turnout.json.Json;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/// The lists of servers that registries answer with, in the formats of nginx-upsync-module 2.1. As
/// there, what is wrong with a value is logged and the default counts; what is no server is left
/// out.
final class Listing {
  private static final int MOST_VALUE = 1024; // the module's, decoded

  private final List<Entry> entries = new ArrayList<>();
  private final List<String> troubles = new ArrayList<>();

  private Listing() {}

  List<Entry> entries() {
    return merged();
  }

  List<String> troubles() {
    return troubles;
  }

  /// `GET /v1/kv/PREFIX?recurse`.
  ///
  /// @param prefix what the keys are below, without a `/` at its end; empty: wherever they are
  static Listing ofConsulKeys(Json answer, String prefix) {
    Listing listing = new Listing();
    for (Json one : answer.elements()) {
      String key = one.get("Key").text();
      if (key.endsWith("/") || !isBelow(key, prefix)) {
        continue; // a folder, or a neighbour whose name begins alike
      }
      String value;
      try {
        value = new String(Base64.getDecoder().decode(one.get("Value").text()), UTF_8);
      } catch (IllegalArgumentException _) {
        listing.troubles.add("key \"" + key + "\": its value is not base64, default values count");
        value = "";
      }
      listing.key(key, value);
    }
    return listing;
  }

  /// `GET /v2/keys/DIRECTORY`.
  static Listing ofEtcdNodes(Json answer) {
    Listing listing = new Listing();
    for (Json one : answer.get("node").get("nodes").elements()) {
      if (!one.get("dir").truth(false)) {
        listing.key(one.get("key").text(), one.get("value").text());
      }
    }
    return listing;
  }

  /// `GET /v1/catalog/service/NAME`.
  static Listing ofConsulServices(Json answer) {
    Listing listing = new Listing();
    for (Json one : answer.elements()) {
      String own = one.get("ServiceAddress").text();
      listing.service(
          own.isEmpty() ? one.get("Address").text() : own,
          one.get("ServicePort"),
          one.get("ServiceTags"),
          false);
    }
    return listing;
  }

  /// `GET /v1/health/service/NAME`: down unless every check passes.
  static Listing ofConsulHealth(Json answer) {
    Listing listing = new Listing();
    for (Json one : answer.elements()) {
      Json service = one.get("Service");
      String own = service.get("Address").text();
      boolean down =
          one.get("Checks").elements().stream()
              .anyMatch(check -> !check.get("Status").text().equals("passing"));
      listing.service(
          own.isEmpty() ? one.get("Node").get("Address").text() : own,
          service.get("Port"),
          service.get("Tags"),
          down);
    }
    return listing;
  }

  private static boolean isBelow(String key, String prefix) {
    return prefix.isEmpty() || key.startsWith(prefix + "/");
  }

  private void key(String key, String value) {
    String last = key.substring(key.lastIndexOf('/') + 1);
    String place = Place.of(last).orElse("");
    if (place.isEmpty()) {
      troubles.add("key \"" + key + "\" does not end in HOST:PORT, it is left out");
      return;
    }
    entries.add(value.isEmpty() ? Entry.at(place) : read(place, value));
  }

  private Entry read(String place, String value) {
    Entry entry = Entry.at(place);
    Json said;
    try {
      if (value.length() > MOST_VALUE) {
        throw new IOException("it is longer than " + MOST_VALUE + " bytes");
      }
      said = Json.parse(value);
    } catch (IOException e) {
      troubles.add("\"" + place + "\": " + e.getMessage() + ", default values count");
      return entry;
    }
    long weight = number(place, said, "weight", entry.weight(), 1, Integer.MAX_VALUE);
    long fails = number(place, said, "max_fails", entry.maxFails(), 0, Integer.MAX_VALUE);
    long seconds = number(place, said, "fail_timeout", 10, 0, Integer.MAX_VALUE);
    return entry
        .withWeight((int) weight)
        .withMaxFails((int) fails)
        .withFailTimeout(seconds * 1000)
        .withDown(number(place, said, "down", 0, 0, 1) == 1)
        .withBackup(number(place, said, "backup", 0, 0, 1) == 1);
  }

  /// A number, or digits in a string; also `true` and `false` where 1 and 0 are meant.
  private long number(String place, Json said, String name, long usual, long least, long most) {
    Json value = said.get(name);
    if (!value.isThere()) {
      return usual;
    }
    long number = value.number(value.truth(false) ? 1 : -1);
    if (value.isText() && Units.number(value.text()).isEmpty()) {
      number = -1;
    }
    boolean isFalse = most == 1 && !value.truth(true);
    if (isFalse) {
      return 0;
    }
    if (number < least || number > most) {
      invalid(place, name, Long.toString(usual));
      return usual;
    }
    return number;
  }

  private void invalid(String place, String name, String usual) {
    troubles.add(
        "\"%s\": \"%s\" value is invalid, setting default value %s".formatted(place, name, usual));
  }

  private void service(String address, Json port, Json tags, boolean down) {
    String place = Place.of(address, port.number(-1)).orElse("");
    if (place.isEmpty()) {
      troubles.add("service at \"" + address + "\": no address and port, it is left out");
      return;
    }
    Entry entry = Entry.at(place).withDown(down);
    for (Json tag : tags.elements()) {
      entry = tagged(entry, tag.text());
    }
    entries.add(entry);
  }

  private Entry tagged(Entry entry, String tag) {
    int equals = tag.indexOf('=');
    String name = equals < 0 ? tag : tag.substring(0, equals);
    String value = equals < 0 ? "" : tag.substring(equals + 1);
    return switch (name) {
      case "weight" -> {
        OptionalLong weight = within(Units.number(value), 1);
        note(weight, entry, name, "1");
        yield weight.isPresent() ? entry.withWeight((int) weight.getAsLong()) : entry;
      }
      case "max_fails" -> {
        OptionalLong fails = within(Units.number(value), 0);
        note(fails, entry, name, "2");
        yield fails.isPresent() ? entry.withMaxFails((int) fails.getAsLong()) : entry;
      }
      case "fail_timeout" -> {
        OptionalLong seconds = within(Units.seconds(value), 0);
        note(seconds, entry, name, "10");
        yield seconds.isPresent() ? entry.withFailTimeout(seconds.getAsLong() * 1000) : entry;
      }
      case "down" -> equals < 0 ? entry.withDown(true) : entry;
      case "backup" -> equals < 0 ? entry.withBackup(true) : entry;
      default -> entry; // tags have other uses
    };
  }

  private void note(OptionalLong value, Entry entry, String name, String usual) {
    if (value.isEmpty()) {
      invalid(entry.place(), name, usual);
    }
  }

  private static OptionalLong within(OptionalLong number, long least) {
    return number.isPresent()
            && number.getAsLong() >= least
            && number.getAsLong() <= Integer.MAX_VALUE
        ? number
        : OptionalLong.empty();
  }

  /// A server that is registered twice is one server, and down only if each registration says so.
  private List<Entry> merged() {
    Map<String, Entry> byPlace = new LinkedHashMap<>();
    for (Entry entry : entries) {
      byPlace.merge(entry.place(), entry, (one, other) -> one.withDown(one.down() && other.down()));
    }
    return List.copyOf(byPlace.values());
  }
}
