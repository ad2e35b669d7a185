package dev.turnout.testkit;

import java.util.List;
import java.util.Optional;

/// The fields of a head or of trailers, in the order and the case in which they came.
public record Fields(List<Field> list) {
  static final Fields NONE = new Fields(List.of());

  public Fields {
    list = List.copyOf(list);
  }

  /// The first value of a field, whatever the case of its name.
  public Optional<String> get(String name) {
    return all(name).stream().findFirst();
  }

  /// All values of a field, in order.
  public List<String> all(String name) {
    return list.stream().filter(f -> f.name().equalsIgnoreCase(name)).map(Field::value).toList();
  }

  public boolean has(String name) {
    return get(name).isPresent();
  }

  /// The names as written, in order.
  public List<String> names() {
    return list.stream().map(Field::name).toList();
  }
}
