package dev.turnout.cluster.redis;

import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisCommandTimeoutException;
import io.lettuce.core.RedisConnectionException;
import io.lettuce.core.RedisException;
import java.util.concurrent.TimeoutException;

/// Redis did not do what it was asked for.
final class RedisTrouble extends Exception {
  private static final long serialVersionUID = 1;

  /// What is known of what was asked.
  private enum Made {
    NO,
    MAYBE
  }

  private final Made made;
  private final boolean breaksLink;

  private RedisTrouble(String message, Made made, boolean breaksLink) {
    super(message);
    this.made = made;
    this.breaksLink = breaksLink;
  }

  static RedisTrouble notMade(String message) {
    return new RedisTrouble(message, Made.NO, false);
  }

  /// A connection could not be opened.
  static RedisTrouble notConnected(Throwable cause, String secret) {
    return new RedisTrouble(withoutSecret(root(cause), secret), Made.NO, true);
  }

  /// A command that was sent was not answered, or with an error.
  static RedisTrouble of(Throwable cause, String secret) {
    String message = withoutSecret(text(cause), secret);
    if (cause instanceof RedisCommandExecutionException) {
      // Redis says so: scripts are all or nothing
      return new RedisTrouble(message, Made.NO, isElsewhere(message));
    }
    if (cause instanceof TimeoutException || cause instanceof RedisCommandTimeoutException) {
      return new RedisTrouble("no answer in time", Made.MAYBE, true);
    }
    boolean rejected =
        cause instanceof RedisConnectionException
            || (cause instanceof RedisException
                && message.contains("Commands are rejected")); // before anything was sent
    return rejected
        ? new RedisTrouble("the connection is lost", Made.NO, true)
        : new RedisTrouble(message, Made.MAYBE, true);
  }

  /// A member of a cluster does not have the keys, or cannot say whether it does.
  private static boolean isElsewhere(String message) {
    return message.startsWith("MOVED ")
        || message.startsWith("ASK ")
        || message.startsWith("TRYAGAIN ")
        || message.startsWith("CLUSTERDOWN ")
        || message.contains("a non local key in a cluster");
  }

  private static String text(Throwable cause) {
    return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
  }

  /// The client wraps what happened in general words.
  private static String root(Throwable cause) {
    Throwable deepest = cause;
    while (deepest.getCause() != null) {
      deepest = deepest.getCause();
    }
    return text(deepest);
  }

  private static String withoutSecret(String message, String secret) {
    return secret.isEmpty() ? message : message.replace(secret, "***");
  }

  String text() {
    return String.valueOf(getMessage());
  }

  /// True if it is not known whether it was done, or will be.
  boolean maybeMade() {
    return made == Made.MAYBE;
  }

  /// True if nothing more is to be expected of the connection.
  boolean breaksLink() {
    return breaksLink;
  }

  /// True if another member of the cluster has the keys, for good.
  boolean isMoved() {
    return text().startsWith("MOVED ");
  }

  boolean isReadOnly() {
    return text().startsWith("READONLY");
  }
}
