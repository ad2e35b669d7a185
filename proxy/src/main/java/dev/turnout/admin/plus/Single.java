package dev.turnout.admin.plus;

import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// One object of statistics, such as `/connections`.
///
/// @param <T> what it shows
/// @param reset what DELETE does, or null if it cannot be reset
record Single<T>(Shape<T> shape, Function<Call, T> value, @Nullable Runnable reset)
    implements Resource {
  @Override
  public Set<Method> changes() {
    return reset == null ? Set.of() : Set.of(Method.DELETE);
  }

  @Override
  public Reply get(Call call) {
    T now = value.apply(call);
    return Reply.ok(out -> shape.write(out, now, call.version(), call.fields()));
  }

  @Override
  public Reply change(Call call) {
    if (reset != null) {
      reset.run();
    }
    return Reply.done();
  }
}
