package dev.turnout.admin.plus;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/// The fields of an object of the API, in order, and what each is made of.
///
/// @param <T> what the object shows
record Shape<T>(List<Field<T>> fields) {
  Shape {
    fields = List.copyOf(fields);
  }

  /// Writes one value.
  interface Value<T> {
    void write(JsonGenerator out, T from, int version);
  }

  /// One field.
  ///
  /// @param since the first version of the API that has it
  /// @param shown whether this object has it
  record Field<T>(String name, int since, Predicate<T> shown, Value<T> value) {}

  @SafeVarargs
  static <T> Shape<T> of(Field<T>... fields) {
    List<Field<T>> inOrder = new ArrayList<>();
    for (Field<T> field : fields) {
      inOrder.add(field);
    }
    return new Shape<>(inOrder);
  }

  private static <T> Field<T> field(String name, Value<T> value) {
    return new Field<>(name, 0, _ -> true, value);
  }

  static <T> Field<T> number(String name, ToLongFunction<T> of) {
    return field(name, (out, from, _) -> out.writeNumber(of.applyAsLong(from)));
  }

  static <T> Field<T> text(String name, Function<T, String> of) {
    return field(name, (out, from, _) -> out.writeString(of.apply(from)));
  }

  static <T> Field<T> flag(String name, Predicate<T> of) {
    return field(name, (out, from, _) -> out.writeBoolean(of.test(from)));
  }

  /// An object inside.
  static <T, U> Field<T> object(String name, Shape<U> shape, Function<T, U> of) {
    return field(name, (out, from, version) -> shape.write(out, of.apply(from), version, null));
  }

  /// An array of objects.
  static <T, U> Field<T> array(String name, Shape<U> shape, Function<T, ? extends Iterable<U>> of) {
    return field(
        name,
        (out, from, version) -> {
          out.writeStartArray();
          for (U element : of.apply(from)) {
            shape.write(out, element, version, null);
          }
          out.writeEndArray();
        });
  }

  /// An object of numbers under names that are data.
  static <T> Field<T> numbers(String name, Function<T, ? extends Map<String, Long>> of) {
    return field(
        name,
        (out, from, _) -> {
          out.writeStartObject();
          of.apply(from).forEach(out::writeNumberProperty);
          out.writeEndObject();
        });
  }

  /// The field, from this version of the API on.
  static <T> Field<T> since(int version, Field<T> field) {
    return new Field<>(field.name, version, field.shown, field.value);
  }

  /// The field, in objects that have it.
  static <T> Field<T> when(Predicate<T> shown, Field<T> field) {
    return new Field<>(field.name, field.since, shown, field.value);
  }

  /// The shape without one of its fields.
  Shape<T> without(String name) {
    return new Shape<>(fields.stream().filter(field -> !field.name.equals(name)).toList());
  }

  /// Writes the object.
  ///
  /// @param wanted the names of the fields that are wanted, or null for all
  void write(JsonGenerator out, T from, int version, @Nullable Set<String> wanted) {
    out.writeStartObject();
    for (Field<T> field : fields) {
      if (field.since <= version
          && (wanted == null || wanted.contains(field.name))
          && field.shown.test(from)) {
        out.writeName(field.name);
        field.value.write(out, from, version);
      }
    }
    out.writeEndObject();
  }
}
