package dev.turnout.config;

/// Reads one directive into the scope it stands in, or throws a [ConfigException].
@FunctionalInterface
public interface Reader {
  void read(Directive directive, Scope scope);
}
