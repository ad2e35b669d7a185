package dev.turnout.config;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// A typed key for what a directive sets: its name, its default, and whether inner blocks inherit
/// it.
///
/// Settings are compared by identity: each is a constant of the module that owns it.
///
/// @param <T> the type of the value; `@Nullable` where null is a value (`Setting.of("index",
///   null)`)
public final class Setting<T extends @Nullable Object> {
  private final String name;
  private final T defaultValue;
  private final boolean inherited;
  private final boolean required;

  private Setting(String name, T defaultValue, boolean inherited, boolean required) {
    this.name = name;
    this.defaultValue = defaultValue;
    this.inherited = inherited;
    this.required = required;
  }

  /// A setting that inner blocks inherit.
  public static <T extends @Nullable Object> Setting<T> of(String name, T defaultValue) {
    return new Setting<>(name, defaultValue, true, false);
  }

  /// A list that inner blocks inherit as a whole, or replace as a whole; empty by default.
  public static <E> Setting<List<E>> listOf(String name) {
    return new Setting<>(name, List.of(), true, false);
  }

  /// An attachment of one scope, which others do not inherit and which has no default: ask
  /// [Scope#own], or [Scope#get] where it must be there.
  @SuppressWarnings(
      "NullAway") // the null is never handed out: `required` makes get() throw instead
  public static <T extends @Nullable Object> Setting<T> local(String name) {
    return new Setting<>(name, (T) null, false, true);
  }

  /// A setting of one scope, which others do not inherit.
  public static <T extends @Nullable Object> Setting<T> local(String name, T defaultValue) {
    return new Setting<>(name, defaultValue, false, false);
  }

  /// The name, mostly the directive's.
  public String name() {
    return name;
  }

  /// What holds where nothing is set.
  public T defaultValue() {
    if (required) {
      throw new IllegalStateException(name + " is not set here and has no default");
    }
    return defaultValue;
  }

  /// True if a scope without its own value has its parent's.
  public boolean inherited() {
    return inherited;
  }

  @Override
  public String toString() {
    return name;
  }
}
