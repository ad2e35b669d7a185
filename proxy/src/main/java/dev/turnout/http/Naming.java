package dev.turnout.http;

import dev.turnout.log.ErrorLog;
import dev.turnout.net.resolve.Resolver;

/// Who resolves the names of an upstream's servers, and how long that may take.
///
/// @param timeoutMillis `resolver_timeout`
/// @param log where names that cannot be resolved are told
public record Naming(Resolver resolver, long timeoutMillis, ErrorLog log) {}
