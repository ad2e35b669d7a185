package dev.turnout.net;

import io.netty.util.internal.logging.AbstractInternalLogger;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.netty.util.internal.logging.JdkLoggerFactory;

/// Where Netty writes what it has to say: to the JDK's loggers, which are set up when there is
/// something to say. Setting them up opens every jar, a tenth of the time that a start takes; so
/// does Netty's own search for a logging library. Traces and debugging are left out, unless
/// `java.util.logging.config.file` says how the JDK's loggers are to be.
public final class NettyLogging {
  private NettyLogging() {}

  /// To be called before anything else of Netty.
  public static void install() {
    boolean configured = System.getProperty("java.util.logging.config.file") != null;
    InternalLoggerFactory.setDefaultFactory(
        configured ? JdkLoggerFactory.INSTANCE : new LateFactory());
  }

  private static final class LateFactory extends InternalLoggerFactory {
    @Override
    protected InternalLogger newInstance(String name) {
      return new LateLogger(name);
    }
  }

  private static final class LateLogger extends AbstractInternalLogger {
    private static final long serialVersionUID = 1;

    LateLogger(String name) {
      super(name);
    }

    private InternalLogger jdk() {
      InternalLoggerFactory.setDefaultFactory(JdkLoggerFactory.INSTANCE);
      return InternalLoggerFactory.getInstance(name());
    }

    @Override
    public boolean isTraceEnabled() {
      return false;
    }

    @Override
    public void trace(String message) {}

    @Override
    public void trace(String format, Object argument) {}

    @Override
    public void trace(String format, Object first, Object second) {}

    @Override
    public void trace(String format, Object... arguments) {}

    @Override
    public void trace(String message, Throwable cause) {}

    @Override
    public boolean isDebugEnabled() {
      return false;
    }

    @Override
    public void debug(String message) {}

    @Override
    public void debug(String format, Object argument) {}

    @Override
    public void debug(String format, Object first, Object second) {}

    @Override
    public void debug(String format, Object... arguments) {}

    @Override
    public void debug(String message, Throwable cause) {}

    @Override
    public boolean isInfoEnabled() {
      return true;
    }

    @Override
    public void info(String message) {
      jdk().info(message);
    }

    @Override
    public void info(String format, Object argument) {
      jdk().info(format, argument);
    }

    @Override
    public void info(String format, Object first, Object second) {
      jdk().info(format, first, second);
    }

    @Override
    public void info(String format, Object... arguments) {
      jdk().info(format, arguments);
    }

    @Override
    public void info(String message, Throwable cause) {
      jdk().info(message, cause);
    }

    @Override
    public boolean isWarnEnabled() {
      return true;
    }

    @Override
    public void warn(String message) {
      jdk().warn(message);
    }

    @Override
    public void warn(String format, Object argument) {
      jdk().warn(format, argument);
    }

    @Override
    public void warn(String format, Object first, Object second) {
      jdk().warn(format, first, second);
    }

    @Override
    public void warn(String format, Object... arguments) {
      jdk().warn(format, arguments);
    }

    @Override
    public void warn(String message, Throwable cause) {
      jdk().warn(message, cause);
    }

    @Override
    public boolean isErrorEnabled() {
      return true;
    }

    @Override
    public void error(String message) {
      jdk().error(message);
    }

    @Override
    public void error(String format, Object argument) {
      jdk().error(format, argument);
    }

    @Override
    public void error(String format, Object first, Object second) {
      jdk().error(format, first, second);
    }

    @Override
    public void error(String format, Object... arguments) {
      jdk().error(format, arguments);
    }

    @Override
    public void error(String message, Throwable cause) {
      jdk().error(message, cause);
    }
  }
}
