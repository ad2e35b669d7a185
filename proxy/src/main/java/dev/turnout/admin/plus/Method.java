package dev.turnout.admin.plus;

import java.util.Set;
import java.util.StringJoiner;

/// What the API can be asked to do with a resource.
enum Method {
  GET,
  HEAD,
  OPTIONS,
  POST,
  PATCH,
  DELETE,
  /// A method that no resource has.
  OTHER;

  /// The value of `Allow` where nothing can be changed.
  static final String READING = allow(Set.of());

  static Method of(String name) {
    return switch (name) {
      case "GET" -> GET;
      case "HEAD" -> HEAD;
      case "OPTIONS" -> OPTIONS;
      case "POST" -> POST;
      case "PATCH" -> PATCH;
      case "DELETE" -> DELETE;
      default -> OTHER;
    };
  }

  boolean changes() {
    return switch (this) {
      case GET, HEAD, OPTIONS -> false;
      case POST, PATCH, DELETE, OTHER -> true;
    };
  }

  boolean hasBody() {
    return this == POST || this == PATCH;
  }

  /// The value of `Allow` of a resource that takes these changes.
  static String allow(Set<Method> changes) {
    StringJoiner names = new StringJoiner(", ");
    for (Method method : values()) {
      if (!method.changes() || changes.contains(method)) {
        names.add(method.name());
      }
    }
    return names.toString();
  }
}
