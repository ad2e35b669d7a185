package dev.turnout.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.turnout.app.TestProxy;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Configurations whose directives are right one by one, but not together or not on this machine.
class RefusedWholesTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "charset koi8-r; source_charset utf-8;"
            + "| no \"charset_map\" between the charsets \"utf-8\" and \"koi8-r\"",
        "valid_referers a..b; | invalid hostname or wildcard \"a..b\"",
        "server_name a..b;"
            + "| invalid server name or wildcard \"a..b\" on the \"server_name\" directive",
        "client_body_temp_path /no/such/place;"
            + "| mkdir() \"/no/such/place\" failed (2: No such file or directory)",
      })
  void theyAreRefusedInNginxsWords(String directives, String message) {
    assertThatThrownBy(
            () -> TestProxy.start("server { listen 127.0.0.1:0; " + directives + " }").close())
        .hasMessageContaining(message);
  }

  @Test
  void directoriesForTemporaryFilesAreMade() {
    try (TestProxy proxy =
        TestProxy.start("server { listen 127.0.0.1:0; client_body_temp_path made 1 2; }")) {
      assertThat(Files.isDirectory(proxy.directory().resolve("made"))).isTrue();
    }
  }
}
