package dev.turnout.config;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// What is known of one directive: where it may stand, what it takes, who reads it, and what the
/// reference says of it.
///
/// Made by [DirectiveRegistry#directive] and described by chained calls at start-up; read-only from
/// the first load on. One argument is taken unless another number is given; a block takes none.
public final class DirectiveDefinition {
  /// What follows the directive's words, and who reads it.
  sealed interface Body {}

  /// Nothing but `;`.
  record Simple(Reader reader) implements Body {}

  /// A block of directives, with a scope of its own.
  record Block(UnaryOperator<Context> opens, Reader opening, @Nullable Reader closing)
      implements Body {}

  /// A block of free lines.
  record Free(Reader reader) implements Body {}

  /// A block in another language.
  record Raw(Reader reader) implements Body {}

  /// `include`, which the loader does itself.
  record Include() implements Body {}

  private static final int UNLIMITED = Integer.MAX_VALUE;

  private final String name;
  private final Set<Context> contexts = EnumSet.noneOf(Context.class);
  private @Nullable Arity arity;
  private @Nullable Body body;
  private boolean repeatable;
  private String valueSyntax = "";
  private String defaultText = "";
  private String summary = "";
  private String differs = "";

  DirectiveDefinition(String name) {
    this.name = name;
  }

  /// Where it may stand.
  public DirectiveDefinition in(Context... allowed) {
    contexts.addAll(List.of(allowed));
    return this;
  }

  /// It takes exactly `count` arguments.
  public DirectiveDefinition arguments(int count) {
    return arguments(count, count);
  }

  /// It takes `min` to `max` arguments.
  public DirectiveDefinition arguments(int min, int max) {
    arity = new Arity.Between(min, max);
    return this;
  }

  /// It takes one of these numbers of arguments.
  public DirectiveDefinition argumentsOneOf(int... counts) {
    arity = new Arity.OneOf(counts.clone());
    return this;
  }

  /// It takes `min` arguments or more.
  public DirectiveDefinition atLeast(int min) {
    return arguments(min, UNLIMITED);
  }

  /// `on` or `off`.
  public DirectiveDefinition flag(Setting<Boolean> setting) {
    valueSyntax = "on | off";
    return read((d, scope) -> scope.set(setting, flag(d)));
  }

  /// `on` or `off`; `after` is told when it has been kept.
  public DirectiveDefinition flag(Setting<Boolean> setting, Reader after) {
    valueSyntax = "on | off";
    return read((d, scope) -> {
      scope.set(setting, flag(d));
      after.read(d, scope);
    });
  }

  /// A time, kept in milliseconds.
  public DirectiveDefinition time(Setting<Long> milliseconds) {
    valueSyntax = "time";
    return read((d, scope) ->
        scope.set(
            milliseconds,
            valid(d, Units.milliseconds(d.argument(0)), "a time is 30s, 5m, 1h30m or 500ms")));
  }

  /// A time, kept in seconds.
  public DirectiveDefinition seconds(Setting<Long> seconds) {
    valueSyntax = "time";
    return read((d, scope) ->
        scope.set(
            seconds,
            valid(d, Units.seconds(d.argument(0)), "a time is 30s, 5m, 1h30m or 1y here")));
  }

  /// A size in memory, kept in bytes.
  public DirectiveDefinition size(Setting<Long> bytes) {
    valueSyntax = "size";
    return read((d, scope) ->
        scope.set(bytes, valid(d, Units.size(d.argument(0)), "a size is 512, 8k or 1m here")));
  }

  /// A size in files, which may be in gigabytes; kept in bytes.
  public DirectiveDefinition offset(Setting<Long> bytes) {
    valueSyntax = "size";
    return read((d, scope) ->
        scope.set(bytes, valid(d, Units.offset(d.argument(0)), "a size is 512, 8k, 1m or 2g")));
  }

  /// A whole number from `min` to `max`.
  public DirectiveDefinition number(Setting<Integer> setting, int min, int max) {
    valueSyntax = "number";
    long unlimited = max == Integer.MAX_VALUE ? Long.MAX_VALUE : max;
    return read((d, scope) ->
        scope.set(setting, (int) Math.min(bounded(d, min, unlimited), Integer.MAX_VALUE)));
  }

  /// A whole number from `min` to `max`.
  public DirectiveDefinition number(Setting<Long> setting, long min, long max) {
    valueSyntax = "number";
    return read((d, scope) -> scope.set(setting, bounded(d, min, max)));
  }

  /// A text.
  public DirectiveDefinition text(Setting<String> setting) {
    valueSyntax = "text";
    return read((d, scope) -> scope.set(setting, d.argument(0)));
  }

  /// One of some words, in any case.
  public <E> DirectiveDefinition oneOf(Setting<E> setting, Map<String, E> words) {
    valueSyntax = joined(words);
    return read((d, scope) -> scope.set(setting, word(d, 0, words)));
  }

  /// Some of these words, in any case and order.
  public <E> DirectiveDefinition someOf(Setting<Set<E>> setting, Map<String, E> words) {
    valueSyntax = joined(words) + " ...";
    atLeast(1);
    return read((d, scope) -> {
      Set<E> chosen = new java.util.LinkedHashSet<>();
      for (int i = 0; i < d.argumentCount(); i++) {
        if (!chosen.add(word(d, i, words))) {
          scope.warn(d, "duplicate value \"" + d.argument(i) + "\"");
        }
      }
      scope.set(setting, java.util.Collections.unmodifiableSet(chosen));
    });
  }

  /// Reads the directive, which ends with `;`.
  public DirectiveDefinition read(Reader reader) {
    body = new Simple(reader);
    return this;
  }

  /// It may stand more than once in a block.
  public DirectiveDefinition repeatable() {
    repeatable = true;
    return this;
  }

  /// It opens a block of directives: `opening` gets the new scope before they are read.
  public DirectiveDefinition block(Context opens, Reader opening) {
    return block(_ -> opens, opening);
  }

  /// As [#block(Context, Reader)], where the kind of block depends on the one around it.
  public DirectiveDefinition block(UnaryOperator<Context> opens, Reader opening) {
    body = new Block(opens, opening, null);
    return this;
  }

  /// Called with the scope of the block once its directives are read, if nothing was wrong so far.
  public DirectiveDefinition closing(Reader reader) {
    if (!(body instanceof Block(UnaryOperator<Context> opens, Reader opening, _))) {
      throw new IllegalStateException(name + " opens no block of directives");
    }
    body = new Block(opens, opening, reader);
    return this;
  }

  /// It opens a block of free lines, which the reader finds in [Directive#children()].
  public DirectiveDefinition freeBlock(Reader reader) {
    body = new Free(reader);
    return this;
  }

  /// It opens a block in another language: the text up to the matching `}` is its last argument,
  /// and is not counted among those it takes.
  public DirectiveDefinition rawBlock(Reader reader) {
    body = new Raw(reader);
    return this;
  }

  /// How its arguments are written, for the reference.
  public DirectiveDefinition syntax(String text) {
    valueSyntax = text;
    return this;
  }

  /// What holds without it, for the reference.
  public DirectiveDefinition defaultText(String text) {
    defaultText = text;
    return this;
  }

  /// What it does, for the reference: one paragraph.
  public DirectiveDefinition summary(String text) {
    summary = text;
    return this;
  }

  /// Where it is not as in nginx, for the reference.
  public DirectiveDefinition differs(String text) {
    differs = text;
    return this;
  }

  DirectiveDefinition include() {
    body = new Include();
    return this;
  }

  String name() {
    return name;
  }

  Set<Context> contexts() {
    return contexts;
  }

  Arity arity() {
    if (arity != null) {
      return arity;
    }
    return isBlock() ? new Arity.Between(0, 0) : new Arity.Between(1, 1);
  }

  Body body() {
    if (body == null) {
      throw new IllegalStateException("nobody reads the directive " + name);
    }
    return body;
  }

  boolean isBlock() {
    return switch (body()) {
      case Block _, Free _, Raw _ -> true;
      case Simple _, Include _ -> false;
    };
  }

  boolean isRepeatable() {
    return repeatable;
  }

  /// As the reference writes it: `proxy_read_timeout time;`.
  String syntaxText() {
    List<String> words = new ArrayList<>();
    words.add(name);
    if (!valueSyntax.isEmpty()) {
      words.add(valueSyntax);
    }
    String line = String.join(" ", words);
    return isBlock() ? line + " { ... }" : line + ";";
  }

  String defaultText() {
    return defaultText;
  }

  String summaryText() {
    return summary;
  }

  String differsText() {
    return differs;
  }

  /// In one order, whatever kind of map it is: the reference must not differ from run to run.
  private static String joined(Map<String, ?> words) {
    return String.join(" | ", words.keySet().stream().sorted().toList());
  }

  private static boolean flag(Directive d) {
    String value = d.argument(0);
    if (value.equalsIgnoreCase("on")) {
      return true;
    }
    if (value.equalsIgnoreCase("off")) {
      return false;
    }
    throw ConfigException.at(
        d,
        0,
        "invalid value \""
            + value
            + "\" in \""
            + d.name()
            + "\" directive, it must be \"on\" or \"off\"");
  }

  private static long valid(Directive d, OptionalLong value, String help) {
    if (value.isEmpty()) {
      throw ConfigException.at(d, 0, "\"" + d.name() + "\" directive invalid value").withHelp(help);
    }
    return value.getAsLong();
  }

  private static long bounded(Directive d, long min, long max) {
    OptionalLong number = Units.number(d.argument(0));
    if (number.isEmpty()) {
      throw ConfigException.at(d, 0, "\"" + d.name() + "\" directive invalid number");
    }
    long value = number.getAsLong();
    if (value >= min && value <= max) {
      return value;
    }
    throw ConfigException.at(
        d,
        0,
        max == Long.MAX_VALUE
            ? "value must be equal to or greater than " + min
            : "value must be between " + min + " and " + max);
  }

  private static <E> E word(Directive d, int argument, Map<String, E> words) {
    String value = d.argument(argument);
    for (Map.Entry<String, E> word : words.entrySet()) {
      if (word.getKey().equalsIgnoreCase(value)) {
        return word.getValue();
      }
    }
    throw ConfigException.at(d, argument, "invalid value \"" + value + "\"")
        .withHelp("one of: " + String.join(", ", words.keySet().stream().sorted().toList()))
        .suggesting(value, words.keySet());
  }
}
