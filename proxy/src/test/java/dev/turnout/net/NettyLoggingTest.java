package dev.turnout.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class NettyLoggingTest {
  private static final String NAME = "dev.turnout.net.NettyLoggingTest";

  private final InternalLoggerFactory before = InternalLoggerFactory.getDefaultFactory();
  private final Logger jdk = Logger.getLogger(NAME);
  private final List<LogRecord> records = new ArrayList<>();
  private final Handler handler =
      new Handler() {
        @Override
        public void publish(LogRecord record) {
          records.add(record);
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  @BeforeEach
  void listen() {
    jdk.setUseParentHandlers(false);
    jdk.addHandler(handler);
  }

  @AfterEach
  void restore() {
    jdk.removeHandler(handler);
    InternalLoggerFactory.setDefaultFactory(before);
  }

  @Test
  void aWarningReachesTheLoggersOfTheJdkWithItsCause() {
    NettyLogging.install();
    InternalLogger logger = InternalLoggerFactory.getInstance(NAME);
    IllegalStateException cause = new IllegalStateException("the cause");

    logger.warn("{} of {}", 2, 3);
    logger.error("failed", cause);
    logger.debug("left out");

    assertThat(records).extracting(LogRecord::getMessage).containsExactly("2 of 3", "failed");
    assertThat(records.getLast().getThrown()).isSameAs(cause);
    assertThat(logger.isDebugEnabled()).isFalse();
  }
}
