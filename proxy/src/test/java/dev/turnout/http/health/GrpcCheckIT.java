package dev.turnout.http.health;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.upstream.HealthLog;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.okhttp.OkHttpServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// `health_check type=grpc` with the server and the health service that gRPC itself comes with.
class GrpcCheckIT {
  private final HealthStatusManager health = new HealthStatusManager();
  private final HealthLog log = new HealthLog();
  private final Switchable server = new Switchable().answer(200, "here");
  private @Nullable Server grpc;

  private TestProxy start(boolean withHealth, String parameters) throws Exception {
    OkHttpServerBuilder builder =
        OkHttpServerBuilder.forPort(0, InsecureServerCredentials.create());
    if (withHealth) {
      builder.addService(health.getHealthService());
    }
    Server started = builder.build().start();
    grpc = started;
    return start(started.getPort(), parameters);
  }

  private TestProxy start(int port, String parameters) throws Exception {
    return TestProxy.start(
        "error_log logs/error.log info; upstream u { zone u 64k; server "
            + server.address()
            + " max_fails=0; } server { listen 127.0.0.1:0; location / { proxy_pass http://u;"
            + " health_check interval=20ms mandatory port="
            + port
            + " type=grpc "
            + parameters
            + "; } }",
        log);
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
    if (grpc != null) {
      grpc.shutdownNow().awaitTermination();
    }
  }

  @Test
  void aServerIsAsHealthyAsItSays() throws Exception {
    try (TestProxy proxy = start(true, "")) {
      log.await(server.port() + " CHECKING>UP");

      health.setStatus(HealthStatusManager.SERVICE_NAME_ALL_SERVICES, ServingStatus.NOT_SERVING);
      log.await(server.port() + " UP>UNHEALTHY");
      health.setStatus(HealthStatusManager.SERVICE_NAME_ALL_SERVICES, ServingStatus.SERVING);
      log.await(server.port() + " UNHEALTHY>UP");

      assertThat(proxy.errorLog())
          .contains(
              "peer is unhealthy while checking grpc message, health check \"grpc\" of peer ");
    }
  }

  @Test
  void oneServiceOfAServerCanBeAskedFor() throws Exception {
    health.setStatus("orders", ServingStatus.NOT_SERVING);
    try (TestProxy proxy = start(true, "grpc_service=orders")) {
      log.await(server.port() + " CHECKING>UNHEALTHY");

      health.setStatus("orders", ServingStatus.SERVING);
      log.await(server.port() + " UNHEALTHY>UP");
      health.clearStatus("orders");
      log.await(server.port() + " UP>UNHEALTHY");

      assertThat(proxy.errorLog()).contains("peer is unhealthy while checking grpc status,");
    }
  }

  @Test
  void aServerWithoutTheProtocolIsHealthyIfItsStatusIsTheOneThatIsNamed() throws Exception {
    try (TestProxy proxy = start(false, "grpc_status=12")) {
      log.await(server.port() + " CHECKING>UP");
      assertThat(proxy.errorLog()).doesNotContain("[error]");
    }
  }

  @Test
  void aServerWithoutTheProtocolIsUnhealthyOtherwise() throws Exception {
    try (TestProxy proxy = start(false, "")) {
      log.await(server.port() + " CHECKING>UNHEALTHY");
      assertThat(proxy.errorLog()).contains("peer is unhealthy while checking grpc status,");
    }
  }

  @Test
  void aServerThatSpeaksNoHttp2IsUnhealthy() throws Exception {
    try (ServerSocket http = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        TestProxy proxy = start(http.getLocalPort(), "")) {
      Thread.ofVirtual().start(() -> answerInHttp1(http));
      log.await(server.port() + " CHECKING>UNHEALTHY");
      assertThat(proxy.errorLog())
          .contains(
              "upstream sent invalid response: First received frame was not SETTINGS.",
              "while reading response header from upstream, health check \"grpc\" of peer ");
    }
  }

  /// Answers whatever comes, and keeps each connection until its client ends it: one that is ended
  /// here could be told by a failed send() as well.
  private static void answerInHttp1(ServerSocket http) {
    while (true) {
      try (Socket connection = http.accept()) {
        connection.getOutputStream().write("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(US_ASCII));
        connection.getInputStream().transferTo(OutputStream.nullOutputStream());
      } catch (IOException _) {
        if (http.isClosed()) {
          return;
        }
      }
    }
  }
}
