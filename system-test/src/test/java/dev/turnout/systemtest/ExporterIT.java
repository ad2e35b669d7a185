package dev.turnout.systemtest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.testkit.Eventually;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.Ports;
import dev.turnout.testkit.RawClient;
import java.io.File;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/// The Prometheus exporter for NGINX Plus against our API, as it is: `-Dturnout.exporter=PROGRAM`
/// names it (Debian package: prometheus-nginx-exporter).
@EnabledIfSystemProperty(named = "turnout.exporter", matches = ".+")
class ExporterIT {
  private static String site(String address) {
    return """
      resolver 127.0.0.1:1 status_zone=names;
      keyval_zone zone=switch:1m;
      keyval $host $ups zone=switch default=app;
      limit_req_zone $binary_remote_addr zone=asked:1m rate=1000r/s;
      limit_conn_zone $binary_remote_addr zone=open:1m;
      upstream app { zone app 256k; server %1$s; server 127.0.0.1:2 down; server 127.0.0.1:1 backup; }
      upstream images { zone images 256k; server %1$s; server 127.0.0.1:1 down; }
      server {
        listen 127.0.0.1:@PORT@;
        server_name localhost;
        status_zone site;
        limit_req zone=asked burst=100;
        limit_conn open 100;
        location /api { status_zone api; api write=on; }
        location /images { status_zone images; proxy_pass http://images; health_check interval=1s; }
        location / { status_zone app; proxy_pass http://$ups; }
      }
      server { listen 127.0.0.1:@PORT@; server_name other.test; status_zone other; location / { return 204; } }
    """
        .formatted(address);
  }

  private static String scrape(int port) {
    try {
      return RawClient.get(port, "localhost", "/metrics").body();
    } catch (IOException _) {
      return ""; // not there yet
    }
  }

  @Test
  void itScrapesMoreThanFiveHundredFigures() throws Exception {
    int port = Ports.free();
    try (var upstream = FakeUpstream.answering("hello");
        var turnout = Turnout.start(site(upstream.address()))) {
      RawClient.get(turnout.port(), "localhost", "/");
      RawClient.get(turnout.port(), "localhost", "/images");
      Process exporter =
          new ProcessBuilder(
                  System.getProperty("turnout.exporter"),
                  "-nginx.plus",
                  "-nginx.scrape-uri=http://127.0.0.1:" + turnout.port() + "/api",
                  "-web.listen-address=127.0.0.1:" + port)
              .redirectErrorStream(true)
              .redirectOutput(new File(turnout.prefix().toFile(), "exporter.log"))
              .start();
      try {
        Eventually.until(
            Duration.ofSeconds(30),
            () -> scrape(port).contains("nginxplus_up 1"),
            () -> scrape(port));
        String figures = scrape(port);

        assertThat(figures.lines().filter(line -> line.startsWith("nginxplus_")))
            .hasSizeGreaterThan(500);
        assertThat(figures)
            .containsPattern(
                "nginxplus_upstream_server_requests\\{[^}]*upstream=\"images\"[^}]*} 1\n")
            .contains("nginxplus_limit_request_passed{zone=\"asked\"}")
            .contains("nginxplus_limit_connection_passed{zone=\"open\"}")
            .contains("nginxplus_location_zone_requests{location_zone=\"app\"} 1")
            .contains("nginxplus_resolver_addr{resolver=\"names\"}")
            .contains("nginxplus_upstream_server_health_checks_checks{");
      } finally {
        exporter.destroy();
        exporter.waitFor();
      }
    }
  }
}
