package dev.turnout.http;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The variables of one configuration: built-in ones, families by prefix (`$http_…`), and those
/// that the configuration defines (`set`, `map`, `keyval`). Used while a configuration is read.
///
/// A reference may stand before its definition, as in nginx: it is bound when reading is over.
public final class Variables {
  private final Map<String, Variable> builtIn;
  private final Map<String, Function<String, Variable>> prefixes;
  private final Map<String, Variable> defined = new HashMap<>();
  private final Set<String> assigned = new HashSet<>();
  private final Map<String, Integer> slots = new HashMap<>();
  private final Map<String, Reference> references = new LinkedHashMap<>();
  private final Map<String, Setter> setters;
  private int storage;
  private boolean bound;

  /// What `set $name value` does for a built-in variable that can be assigned, such as `$args`.
  @FunctionalInterface
  public interface Setter {
    /// Assigns.
    void set(Exchange exchange, String value);

    /// Takes the value away; where there always is one it becomes empty.
    default void unset(Exchange exchange) {
      set(exchange, "");
    }
  }

  /// How a variable is assigned to that has a place in every exchange.
  private record Stored(int slot) implements Setter {
    @Override
    public void set(Exchange exchange, String value) {
      exchange.setStored(slot, value);
    }

    @Override
    public void unset(Exchange exchange) {
      exchange.setStored(slot, null);
    }
  }

  Variables(
      Map<String, Variable> builtIn,
      Map<String, Function<String, Variable>> prefixes,
      Map<String, Setter> setters) {
    this.builtIn = builtIn;
    this.prefixes = prefixes;
    this.setters = setters;
  }

  /// The variable `$name`, which may be defined later in the file. Once [#bind] was called it is
  /// one that is there, and any thread may ask.
  ///
  /// @throws IllegalArgumentException if there is none, and none can come
  public Variable get(String name) {
    String key = name.toLowerCase(Locale.ROOT);
    Variable variable = find(key);
    if (variable != null) {
      return variable;
    }
    if (bound) {
      throw new IllegalArgumentException("unknown \"" + key + "\" variable");
    }
    return references.computeIfAbsent(key, Reference::new);
  }

  /// Defines `$name` as computed by `variable` (`map`, `geo`, `keyval`, …).
  ///
  /// @throws IllegalArgumentException if a built-in variable has that name that cannot be set
  public void define(String name, Variable variable) {
    String key = name.toLowerCase(Locale.ROOT);
    if (builtIn.containsKey(key) && !setters.containsKey(key)) {
      throw new IllegalArgumentException("the duplicate \"" + key + "\" variable");
    }
    Variable before = defined.get(key);
    defined.put(
        key, before instanceof Assigned set ? new Assigned(set.slot(), variable) : variable);
  }

  /// How `set` and named captures assign to `$name`.
  ///
  /// @throws IllegalArgumentException if a built-in variable that cannot change has that name
  public Setter assign(String name) {
    String key = name.toLowerCase(Locale.ROOT);
    Setter setter = setters.get(key);
    if (setter != null) {
      return setter;
    }
    if (builtIn.containsKey(key)) {
      throw new IllegalArgumentException("the duplicate \"" + key + "\" variable");
    }
    int slot = slot(key);
    assigned.add(key);
    Variable before = defined.get(key);
    if (!(before instanceof Assigned)) {
      // where it is not assigned, `$http_x` still is the field
      defined.put(key, new Assigned(slot, before == null ? ofFamily(key) : before));
    }
    return new Stored(slot);
  }

  /// How `$name` is assigned to, by a name that only a script tells; null if it cannot be, or is
  /// none. Once reading is over.
  public @Nullable Setter setter(String name) {
    String key = name.toLowerCase(Locale.ROOT);
    Setter setter = setters.get(key);
    Integer slot = slots.get(key);
    if (setter != null || slot == null) {
      return setter;
    }
    return new Stored(slot);
  }

  /// A place in every exchange for a value that is computed once (`map` results).
  public int newSlot() {
    return storage++;
  }

  /// The same variable, computed once in each exchange.
  public Variable once(Variable computed) {
    int slot = newSlot();
    return exchange -> {
      String value = exchange.stored(slot);
      if (value == null) {
        value = computed.value(exchange);
        exchange.setStored(slot, value);
      }
      return value;
    };
  }

  private int slot(String key) {
    return slots.computeIfAbsent(key, _ -> newSlot());
  }

  /// How many places [#newSlot()] has given out.
  public int slotCount() {
    return storage;
  }

  private @Nullable Variable find(String key) {
    Variable variable = defined.get(key);
    if (variable == null) {
      variable = builtIn.get(key);
    }
    return variable == null ? ofFamily(key) : variable;
  }

  private @Nullable Variable ofFamily(String key) {
    for (Map.Entry<String, Function<String, Variable>> prefix : prefixes.entrySet()) {
      if (key.startsWith(prefix.getKey())) {
        return prefix.getValue().apply(key.substring(prefix.getKey().length()));
      }
    }
    return null;
  }

  /// True if `$name` is one of those that are known by how they begin (`$arg_…`).
  public boolean isOfFamily(String name) {
    String key = name.toLowerCase(Locale.ROOT);
    return !defined.containsKey(key) && !builtIn.containsKey(key) && ofFamily(key) != null;
  }

  /// Binds the references that stood before their definitions. Returns the names that nothing
  /// defines.
  public List<String> bind() {
    bound = true;
    List<String> unknown = new ArrayList<>();
    for (Reference reference : references.values()) {
      Variable variable = find(reference.name);
      if (variable == null) {
        unknown.add(reference.name);
      } else {
        reference.target = variable;
      }
    }
    return unknown;
  }

  /// The variable `$name` by a name that only a request tells, or null; once reading is over.
  public @Nullable Variable named(String name) {
    return find(name.toLowerCase(Locale.ROOT));
  }

  /// True if `name` names something now.
  public boolean isDefined(String name) {
    return find(name.toLowerCase(Locale.ROOT)) != null;
  }

  /// A variable that `set` assigns; where nothing was assigned, what else the name stands for.
  private record Assigned(int slot, @Nullable Variable otherwise) implements Variable {
    @Override
    public @Nullable String value(Exchange exchange) {
      String stored = exchange.stored(slot);
      if (stored != null || otherwise == null) {
        return stored;
      }
      return otherwise.value(exchange);
    }
  }

  private static final class Reference implements Variable {
    private final String name;
    private @Nullable Variable target;

    Reference(String name) {
      this.name = name;
    }

    @Override
    public @Nullable String value(Exchange exchange) {
      return target == null ? null : target.value(exchange);
    }

    @Override
    public void appendTo(Exchange exchange, ByteSink sink) {
      if (target != null) {
        target.appendTo(exchange, sink);
      }
    }
  }
}
