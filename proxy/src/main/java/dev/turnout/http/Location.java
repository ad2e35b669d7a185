package dev.turnout.http;

import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// One `location {}` (or the body of a `server {}` outside any) as it is used: its handlers by
/// phase, its content handler, its filters, and what each module keeps there. Immutable once built.
public final class Location {
  private static final PhaseHandler[] NONE = {};

  private final String name;
  private final Object[] kept;
  private final Map<Phase, PhaseHandler[]> phases;
  private final ContentHandler content;
  private final ResponseFilter[] filters;
  private final LogHandler[] logs;
  private final CoreSettings core;
  private final SubrequestModule.Settings subrequests;
  private final boolean internal;
  private final @Nullable LocationTree nested;
  private final @Nullable Except except;

  /// What holds for other methods than these.
  record Except(Set<String> methods, Location rules) {
    Except {
      methods = Set.copyOf(methods);
    }
  }

  Location(
      String name,
      Object[] kept,
      Map<Phase, PhaseHandler[]> phases,
      ContentHandler content,
      ResponseFilter[] filters,
      LogHandler[] logs,
      CoreSettings core,
      SubrequestModule.Settings subrequests,
      boolean internal,
      @Nullable LocationTree nested,
      @Nullable Except except) {
    this.name = name;
    this.kept = kept;
    this.phases = new EnumMap<>(phases);
    this.content = content;
    this.filters = filters;
    this.logs = logs;
    this.core = core;
    this.subrequests = subrequests;
    this.internal = internal;
    this.nested = nested;
    this.except = except;
  }

  /// As written after `location`, without the modifier; empty for a server's own.
  public String name() {
    return name;
  }

  /// What the owner of `slot` keeps here.
  @SuppressWarnings("unchecked") // a slot is filled by the function it was made with
  public <T> T get(Slot<T> slot) {
    return (T) kept[slot.index()];
  }

  PhaseHandler[] handlers(Phase phase) {
    return phases.getOrDefault(phase, NONE);
  }

  /// What answers here.
  public ContentHandler content() {
    return content;
  }

  ResponseFilter[] filters() {
    return filters;
  }

  LogHandler[] logs() {
    return logs;
  }

  /// The core module's settings here.
  public CoreSettings core() {
    return core;
  }

  /// What holds for subrequests that are answered here.
  SubrequestModule.Settings subrequests() {
    return subrequests;
  }

  /// True if only internal redirects may come here.
  public boolean isInternal() {
    return internal;
  }

  /// The location whose rules hold here for requests with this method: this one, mostly.
  Location under(Exchange exchange) {
    Except other = except;
    return other == null || other.methods().contains(exchange.method()) ? this : other.rules();
  }

  /// The locations inside this one.
  public @Nullable LocationTree nested() {
    return nested;
  }
}
