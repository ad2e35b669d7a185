package dev.turnout.admin.plus;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// One request to the API: what it asks, and nothing that belongs to its exchange's loop.
///
/// @param method what is asked for
/// @param version the version of the API that is spoken
/// @param path the names after the version
/// @param fields the fields that are wanted; empty: only names; null: all
/// @param key the argument `key`, or null
/// @param body the body's bytes, one char each
/// @param client where the client is
/// @param address where the client connected to
record Call(
    Method method,
    int version,
    List<String> path,
    @Nullable Set<String> fields,
    @Nullable String key,
    String body,
    String client,
    String address) {
  Call {
    path = List.copyOf(path);
    fields = fields == null ? null : Set.copyOf(fields);
  }

  Call withBody(String bytes) {
    return new Call(method, version, path, fields, key, bytes, client, address);
  }

  /// True if only the names of things are wanted: `?fields=`.
  boolean wantsNamesOnly() {
    return fields != null && fields.isEmpty();
  }

  /// The call in words, for the history of changes.
  String described() {
    return method + " /" + version + "/" + String.join("/", path);
  }
}
