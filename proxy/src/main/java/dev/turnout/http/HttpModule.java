package dev.turnout.http;

/// A feature of the HTTP plane. One is made for each load of a configuration, so it may keep in
/// fields what it reads; at run time everything is in the handlers it gave to the registry.
@FunctionalInterface
public interface HttpModule {
  /// Announces directives, variables, handlers and filters.
  void register(HttpRegistry http);
}
