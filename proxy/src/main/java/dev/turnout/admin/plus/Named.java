package dev.turnout.admin.plus;

import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// Objects of statistics by name, such as `/http/server_zones/`, and each of them.
///
/// @param <T> what one object shows
/// @param missing what is answered where there is none of a name
/// @param forget resets the one of a name
record Named<T>(
    Shape<T> shape,
    Supplier<? extends Map<String, T>> all,
    Supplier<Refusal> missing,
    Consumer<String> forget)
    implements Resource {
  @Override
  public Reply get(Call call) {
    Map<String, T> now = all.get();
    if (call.wantsNamesOnly()) {
      return Reply.ok(Document.names(now.keySet()));
    }
    return Reply.ok(out -> {
      out.writeStartObject();
      now.forEach((name, one) -> {
        out.writeName(name);
        shape.write(out, one, call.version(), call.fields());
      });
      out.writeEndObject();
    });
  }

  @Override
  public Resource child(Call call, String name) {
    T found = all.get().get(name);
    if (found == null) {
      throw missing.get();
    }
    return new Single<>(shape, _ -> found, () -> forget.accept(name));
  }
}
