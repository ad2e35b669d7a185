package dev.turnout.discovery.upsync;

import java.util.Optional;

/// The kinds of registry that `upsync_type` names.
enum Registry {
  CONSUL("consul", "/v1/kv/"),
  CONSUL_SERVICES("consul_services", "/v1/catalog/service/"),
  CONSUL_HEALTH("consul_health", "/v1/health/service/"),
  ETCD("etcd", "/v2/keys/");

  private final String word;
  private final String path;

  Registry(String word, String path) {
    this.word = word;
    this.path = path;
  }

  /// As `upsync_type` names it.
  String word() {
    return word;
  }

  /// What its paths begin with.
  String path() {
    return path;
  }

  static Optional<Registry> of(String word) {
    for (Registry one : values()) {
      if (one.word.equals(word)) {
        return Optional.of(one);
      }
    }
    return Optional.empty();
  }
}
