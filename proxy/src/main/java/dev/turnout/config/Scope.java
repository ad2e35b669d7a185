package dev.turnout.config;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One block as configured: what its directives have set, and the blocks around and inside it.
///
/// Readers fill it while the configuration loads, on one thread; afterwards nobody changes it. What
/// is inherited is looked up when it is asked for, so it does not matter whether an outer block
/// sets a value before or after the inner block, as in nginx.
public final class Scope {
  private final Context context;
  private final @Nullable Scope parent;
  private final @Nullable Directive directive;
  private final List<Scope> children = new ArrayList<>();
  private final Map<Setting<?>, @Nullable Object> values = new HashMap<>();
  private final Map<Setting<?>, List<Object>> lists = new HashMap<>();
  private final Map<String, Position> seen = new HashMap<>();
  private final List<ConfigWarning> warnings;

  private Scope(Context context, @Nullable Scope parent, @Nullable Directive directive) {
    this(context, parent, directive, parent == null ? new ArrayList<>() : parent.warnings);
  }

  private Scope(
      Context context,
      @Nullable Scope parent,
      @Nullable Directive directive,
      List<ConfigWarning> warnings) {
    this.context = context;
    this.parent = parent;
    this.directive = directive;
    this.warnings = warnings;
  }

  /// The outermost scope of a new configuration.
  public static Scope main() {
    return new Scope(Context.MAIN, null, null);
  }

  /// A scope inside this one. It is among [#children()] once it was [attached][#attach].
  Scope inner(Context kind, Directive opener) {
    return new Scope(kind, this, opener);
  }

  /// A block inside `around` that is no part of the configuration: it inherits, and nobody finds
  /// it. What is warned of in it is its own.
  public static Scope detached(Context kind, Scope around) {
    return new Scope(kind, around, null, new ArrayList<>());
  }

  void attach(Scope child) {
    children.add(child);
  }

  /// What kind of block it is.
  public Context context() {
    return context;
  }

  /// The block around it; null for main.
  public @Nullable Scope parent() {
    return parent;
  }

  /// The directive that opened it; null for main.
  public @Nullable Directive directive() {
    return directive;
  }

  /// The blocks inside it, in order.
  public List<Scope> children() {
    return Collections.unmodifiableList(children);
  }

  /// The blocks of one kind inside it, in order.
  public List<Scope> children(Context kind) {
    return children.stream().filter(child -> child.context == kind).toList();
  }

  /// The nearest scope of this kind, from this one outwards; null if there is none.
  public @Nullable Scope enclosing(Context kind) {
    Scope scope = this;
    while (scope != null && scope.context != kind) {
      scope = scope.parent;
    }
    return scope;
  }

  /// The value here, else that of the nearest scope outside that has one (unless the setting is
  /// local), else the default.
  public <T extends @Nullable Object> T get(Setting<T> setting) {
    Scope scope = this;
    while (scope != null) {
      if (scope.isSet(setting)) {
        return scope.stored(setting);
      }
      scope = setting.inherited() ? scope.parent : null;
    }
    return setting.defaultValue();
  }

  /// The value that was set in this very scope, or null.
  public <T extends @Nullable Object> @Nullable T own(Setting<T> setting) {
    return isSet(setting) ? stored(setting) : null;
  }

  /// True if this very scope has a value.
  public boolean isSet(Setting<?> setting) {
    return values.containsKey(setting);
  }

  /// Sets the value of this scope.
  public <T extends @Nullable Object> void set(Setting<T> setting, T value) {
    values.put(setting, value);
    lists.remove(setting);
  }

  /// Adds to the list of this scope. With its first entry the scope no longer inherits the list.
  public <E> void append(Setting<List<E>> setting, E element) {
    List<Object> list = lists.get(setting);
    if (list == null) {
      list = new ArrayList<>();
      List<E> own = own(setting);
      if (own != null) {
        list.addAll(own);
      }
      lists.put(setting, list);
      values.put(setting, Collections.unmodifiableList(list));
    }
    list.add(element);
  }

  /// Notes something that works and is probably not meant.
  public void warn(Directive at, String message) {
    warnings.add(new ConfigWarning(false, message, at.end()));
  }

  /// As [#warn], of what nobody should have outside of a desk.
  public void alert(Directive at, String message) {
    warnings.add(new ConfigWarning(true, message, at.end()));
  }

  List<ConfigWarning> warnings() {
    return warnings;
  }

  /// Remembers that a directive stands here; returns where it stood before, if it did.
  @Nullable Position seen(Directive directive) {
    return seen.putIfAbsent(directive.name(), directive.position());
  }

  // set() and append() are the only writers, and they keep the type of the setting
  @SuppressWarnings({"unchecked", "NullAway"})
  private <T extends @Nullable Object> T stored(Setting<T> setting) {
    return (T) values.get(setting);
  }

  @Override
  public String toString() {
    return directive == null ? context.text() : directive.toString();
  }
}
