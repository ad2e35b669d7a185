package dev.turnout.http;

import org.jspecify.annotations.Nullable;

/// `$sent_http_…`: a field of the response, as far as it is decided.
final class ResponseField implements Variable {
  private final FieldName name;

  ResponseField(String variable) {
    this.name = FieldName.of(variable.replace('_', '-'));
  }

  @Override
  public @Nullable String value(Exchange exchange) {
    Response response = exchange.response();
    return switch (name.known()) {
      case FieldName.CONTENT_TYPE -> response.contentType();
      case FieldName.CONTENT_LENGTH ->
          response.contentLength() < 0 ? null : Long.toString(response.contentLength());
      case FieldName.LAST_MODIFIED -> response.lastModified();
      case FieldName.LOCATION -> response.location();
      case FieldName.SERVER -> response.server();
      case FieldName.DATE -> response.date();
      case FieldName.CONNECTION ->
          response.status() == 101 ? "upgrade" : exchange.isKeepAlive() ? "keep-alive" : "close";
      case FieldName.KEEP_ALIVE -> keepAlive(exchange);
      case FieldName.TRANSFER_ENCODING -> isChunked(exchange) ? "chunked" : null;
      default -> joined(response);
    };
  }

  private static @Nullable String keepAlive(Exchange exchange) {
    long seconds = exchange.core().keepaliveHeaderSeconds();
    return exchange.isKeepAlive() && seconds >= 0 ? "timeout=" + seconds : null;
  }

  private static boolean isChunked(Exchange exchange) {
    Response response = exchange.response();
    int status = response.status();
    return response.contentLength() < 0
        && status >= 200
        && status != 204
        && status != 304
        && exchange.request().version() == 11
        && exchange.core().chunkedTransferEncoding();
  }

  private @Nullable String joined(Response response) {
    String value = null;
    Fields passed = response.passed();
    if (passed != null) {
      for (int i = 0; i < passed.count(); i++) {
        if (passed.nameIs(i, name) && !response.isWithheld(i)) {
          value = value == null ? passed.value(i) : value + ", " + passed.value(i);
        }
      }
    }
    ResponseHeaders own = response.headers();
    for (int i = 0; i < own.count(); i++) {
      if (own.name(i).equalsIgnoreCase(name.text())) {
        value = value == null ? own.value(i) : value + ", " + own.value(i);
      }
    }
    return value;
  }
}
