package dev.turnout.net.calls;

import java.io.IOException;
import java.net.ConnectException;
import java.util.concurrent.TimeoutException;

/// A call that got no answer: in words for an operator, without what is secret.
public final class CallException extends IOException {
  private static final long serialVersionUID = 1;

  CallException(String message) {
    super(message);
  }

  CallException(String message, Throwable cause) {
    super(message, cause);
  }

  /// True if the request reached nobody.
  public boolean isUnsent() {
    Throwable cause = getCause();
    return cause instanceof ConnectException
        || (cause != null && cause.getCause() instanceof ConnectException);
  }

  /// True if there was no answer in time: the other side may have done what it was asked.
  public boolean isTimeout() {
    return getCause() instanceof TimeoutException;
  }

  /// The message, never null.
  public String text() {
    return String.valueOf(getMessage());
  }
}
