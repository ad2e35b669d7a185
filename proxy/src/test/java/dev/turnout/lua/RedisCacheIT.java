package dev.turnout.lua;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import dev.turnout.testkit.RedisServer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `examples/redis-cache`: routes that a real Redis knows and a shared dictionary remembers.
class RedisCacheIT {
  private static final Path EXAMPLE = Path.of("../examples/redis-cache");

  @TempDir Path directory;

  private RedisServer redis;

  @BeforeEach
  void startRedis() {
    redis = RedisServer.start();
  }

  @AfterEach
  void stopRedis() {
    if (redis != null) {
      redis.close();
    }
  }

  private TestProxy example() throws Exception {
    Files.createDirectories(directory.resolve("lua"));
    String script =
        Files.readString(EXAMPLE.resolve("lua/routes.lua"))
            .replace("tonumber(os.getenv('REDIS_PORT')) or 6379", Integer.toString(redis.port()));
    Files.writeString(directory.resolve("lua/routes.lua"), script);
    String conf = Files.readString(EXAMPLE.resolve("nginx.conf"));
    String http =
        conf.substring(conf.indexOf("http {") + 6, conf.lastIndexOf('}'))
            .replace("access_log off;", "")
            .replace("127.0.0.1:8000", "127.0.0.1:0")
            .replace("127.0.0.1:8081", "unix:" + directory.resolve("blue"))
            .replace("127.0.0.1:8082", "unix:" + directory.resolve("green"));
    return TestProxy.startIn(directory, http);
  }

  private static RawResponse get(TestProxy proxy, String host) throws Exception {
    return RawClient.ask(proxy.port(), "GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
  }

  @Test
  void hostsAreRoutedByRedisAndRememberedWhileItIsDown() throws Exception {
    assertThat(redis.cli("SET", "route:www.example.com", "blue")).isEqualTo("OK");
    assertThat(redis.cli("SET", "route:api.example.com", "green")).isEqualTo("OK");
    try (TestProxy proxy = example()) {
      assertThat(get(proxy, "www.example.com").body()).isEqualTo("blue\n");
      assertThat(get(proxy, "api.example.com").body()).isEqualTo("green\n");
      assertThat(get(proxy, "none.example.com").status()).isEqualTo(404);

      redis.kill();

      assertThat(get(proxy, "www.example.com").body()).isEqualTo("blue\n");
      assertThat(get(proxy, "other.example.com").status()).isEqualTo(404);
      assertThat(proxy.errorLog()).contains("redis: connect: connection refused");
    }
  }
}
