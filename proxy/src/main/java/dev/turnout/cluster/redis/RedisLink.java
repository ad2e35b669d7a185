package dev.turnout.cluster.redis;

import io.lettuce.core.KeyScanCursor;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScanArgs;
import io.lettuce.core.ScanCursor;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.TrackingArgs;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.api.push.PushListener;
import io.lettuce.core.codec.StringCodec;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// One connection to Redis, on which one command after the other is waited for.
final class RedisLink implements AutoCloseable {
  static final StringCodec BYTES = new StringCodec(StandardCharsets.ISO_8859_1);
  private static final int KEYS_AT_ONCE = 1000;

  private final StatefulRedisConnection<String, String> connection;
  private final RedisAsyncCommands<String, String> commands;
  private final String secret;
  private final Duration timeout;

  private RedisLink(
      StatefulRedisConnection<String, String> connection, String secret, Duration timeout) {
    this.connection = connection;
    this.commands = connection.async();
    this.secret = secret;
    this.timeout = timeout;
  }

  static RedisLink open(RedisClient client, RedisURI uri, String secret, Duration timeout)
      throws RedisTrouble {
    try {
      return new RedisLink(client.connect(BYTES, uri), secret, timeout);
    } catch (RuntimeException e) {
      throw RedisTrouble.notConnected(e, secret);
    }
  }

  boolean isOpen() {
    return connection.isOpen();
  }

  /// Runs a script.
  List<Object> run(Script script, List<String> keys, List<String> arguments) throws RedisTrouble {
    String[] names = keys.toArray(String[]::new);
    String[] values = arguments.toArray(String[]::new);
    try {
      return awaited(
          commands.<List<Object>>evalsha(script.digest, ScriptOutputType.MULTI, names, values));
    } catch (NoScript _) {
      // since it was started, or somebody has flushed its scripts
      return await(commands.<List<Object>>eval(script.text, ScriptOutputType.MULTI, names, values));
    }
  }

  /// On how many replicas all is that was written on this connection.
  int awaitCopies(int wanted) throws RedisTrouble {
    long patience = Math.max(1, timeout.toMillis() * 4 / 5); // its answer has to come in time, too
    return Math.toIntExact(await(commands.waitForReplication(wanted, patience)));
  }

  /// One of the values that `INFO` tells.
  String info(String section, String name) throws RedisTrouble {
    return await(commands.info(section))
        .lines()
        .filter(line -> line.startsWith(name + ":"))
        .map(line -> line.substring(name.length() + 1).strip())
        .findFirst()
        .orElse("");
  }

  /// What a member of a cluster knows of all members: the text of `CLUSTER NODES`.
  String clusterNodes() throws RedisTrouble {
    return await(commands.clusterNodes());
  }

  /// From now on the listener is told when a key under a prefix changes, whoever changes it.
  void track(Collection<String> prefixes, PushListener listener) throws RedisTrouble {
    connection.addListener(listener);
    await(
        commands.clientTracking(
            TrackingArgs.Builder.enabled()
                .bcast()
                .prefixes(StandardCharsets.ISO_8859_1, prefixes.toArray(String[]::new))));
  }

  /// A text of a push message.
  static String decoded(ByteBuffer bytes) {
    return BYTES.decodeKey(bytes);
  }

  /// Adds all keys that begin with a prefix; some of them more than once, perhaps.
  void scan(String prefix, Collection<String> keys) throws RedisTrouble {
    ScanArgs match = ScanArgs.Builder.matches(escaped(prefix) + "*").limit(KEYS_AT_ONCE);
    KeyScanCursor<String> cursor = await(commands.scan(match));
    keys.addAll(cursor.getKeys());
    while (!cursor.isFinished()) {
      cursor = await(commands.scan(ScanCursor.of(cursor.getCursor()), match));
      keys.addAll(cursor.getKeys());
    }
  }

  private static String escaped(String prefix) {
    return prefix.replaceAll("[\\\\*?\\[\\]^]", "\\\\$0");
  }

  private static final class NoScript extends Exception {
    private static final long serialVersionUID = 1;
  }

  private <T> T await(RedisFuture<T> future) throws RedisTrouble {
    return await(future, timeout, secret);
  }

  private <T> T awaited(Future<T> future) throws RedisTrouble, NoScript {
    return awaited(future, timeout, secret);
  }

  /// What is answered in time.
  static <T> T await(Future<T> future, Duration timeout, String secret) throws RedisTrouble {
    try {
      return awaited(future, timeout, secret);
    } catch (NoScript e) {
      throw RedisTrouble.of(e, secret);
    }
  }

  private static <T> T awaited(Future<T> future, Duration timeout, String secret)
      throws RedisTrouble, NoScript {
    try {
      return future.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      if (cause instanceof RedisNoScriptException) {
        throw new NoScript();
      }
      throw RedisTrouble.of(cause == null ? e : cause, secret);
    } catch (TimeoutException e) {
      throw RedisTrouble.of(e, secret);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw RedisTrouble.of(e, secret);
    }
  }

  @Override
  public void close() {
    connection.closeAsync();
  }
}
