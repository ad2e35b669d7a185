package dev.turnout.scale;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.Units;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.TreeMap;

/// The parameters of a directive behind its first argument, `name=value` or `name`, each of which
/// may be asked for once it is known.
final class Words {
  private final Directive d;
  private final Map<String, Integer> places = new LinkedHashMap<>();
  private final List<String> used = new ArrayList<>();

  Words(Directive d) {
    this.d = d;
    for (int i = 1; i < d.argumentCount(); i++) {
      String word = d.argument(i);
      int equals = word.indexOf('=');
      String name = equals < 0 ? word : word.substring(0, equals);
      if (places.put(name, i) != null) {
        throw ConfigException.at(d, i, "duplicate parameter \"" + name + "\"");
      }
    }
  }

  boolean has(String name) {
    used.add(name);
    return places.containsKey(name);
  }

  private int place(String name) {
    return Objects.requireNonNull(places.get(name));
  }

  String text(String name, String otherwise) {
    if (!has(name)) {
      return otherwise;
    }
    String word = d.argument(place(name));
    int equals = word.indexOf('=');
    if (equals < 0 || equals == word.length() - 1) {
      throw invalid(d, place(name));
    }
    return word.substring(equals + 1);
  }

  boolean flag(String name) {
    if (has(name) && !d.argument(place(name)).equals(name)) {
      throw invalid(d, place(name));
    }
    return places.containsKey(name);
  }

  long number(String name, long otherwise, long least, long most) {
    return has(name) ? Words.number(d, place(name), text(name, ""), least, most) : otherwise;
  }

  long millis(String name, long otherwise) {
    return has(name) ? Words.millis(d, place(name), text(name, "")) : otherwise;
  }

  double decimal(String name, double otherwise) {
    if (!has(name)) {
      return otherwise;
    }
    double value = decimal(place(name), text(name, ""));
    if (!(value > 0)) {
      throw invalid(d, place(name));
    }
    return value;
  }

  double percent(String name) {
    String text = text(name, "");
    return decimal(place(name), text.substring(0, text.length() - 1));
  }

  private double decimal(int place, String text) {
    if (!text.matches("[0-9]{1,9}(\\.[0-9]{1,9})?")) {
      throw invalid(d, place);
    }
    return Double.parseDouble(text);
  }

  List<Double> numbers(String name) {
    List<Double> numbers = new ArrayList<>();
    if (has(name)) {
      for (String part : text(name, "").split(",", -1)) {
        double next = decimal(place(name), part);
        if (!numbers.isEmpty() && next <= numbers.getLast()) {
          throw ConfigException.at(d, place(name), "the steps must rise");
        }
        numbers.add(next);
      }
    }
    return numbers;
  }

  ScaleSettings.Power power() {
    List<String> parts = has("power") ? List.of(text("power", "").split(",", -1)) : List.of();
    if (parts.isEmpty()) {
      return ScaleSettings.Power.USUAL;
    }
    if (parts.size() != 3) {
      throw invalid(d, place("power"));
    }
    int place = place("power");
    return new ScaleSettings.Power(
        decimal(place, parts.get(0)), decimal(place, parts.get(1)), decimal(place, parts.get(2)));
  }

  NavigableMap<Integer, Integer> schedule() {
    TreeMap<Integer, Integer> schedule = new TreeMap<>();
    if (!has("schedule")) {
      return schedule;
    }
    int place = place("schedule");
    for (String part : text("schedule", "").split(",", -1)) {
      if (!part.matches("[0-9]{1,2}:[0-9]{2}=[0-9]{1,6}")) {
        throw ConfigException.at(d, place, "invalid parameter \"" + d.argument(place) + "\"")
            .withHelp("written schedule=08:00=4,20:00=1");
      }
      int colon = part.indexOf(':');
      int equals = part.indexOf('=');
      int hours = Integer.parseInt(part, 0, colon, 10);
      int minutes = Integer.parseInt(part, colon + 1, equals, 10);
      if (hours > 23 || minutes > 59) {
        throw invalid(d, place);
      }
      int servers = Integer.parseInt(part, equals + 1, part.length(), 10);
      if (schedule.put(hours * 3600 + minutes * 60, servers) != null) {
        throw ConfigException.at(d, place, "duplicate time in the schedule");
      }
    }
    return schedule;
  }

  void end() {
    places.forEach((name, place) -> {
      if (!used.contains(name)) {
        throw ConfigException.at(d, place, "invalid parameter \"" + d.argument(place) + "\"")
            .suggesting(name, used);
      }
    });
  }

  static long millis(Directive d, int i, String text) {
    OptionalLong millis = Units.milliseconds(text);
    if (millis.isEmpty()) {
      throw invalid(d, i);
    }
    return millis.getAsLong();
  }

  static long number(Directive d, int i, String text, long least, long most) {
    return Units.number(text).stream()
        .filter(number -> number >= least && number <= most)
        .findFirst()
        .orElseThrow(() -> invalid(d, i));
  }

  static ConfigException invalid(Directive d, int i) {
    return ConfigException.at(d, i, "invalid parameter \"" + d.argument(i) + "\"");
  }
}
