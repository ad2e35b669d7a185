package dev.turnout.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The lines that distributions put in front of a configuration.
class LoadModuleTest {
  @TempDir Path directory;

  private String compared(String... configuration) throws IOException {
    Path file =
        Files.writeString(directory.resolve("nginx.conf"), String.join("\n", configuration));
    var out = new ByteArrayOutputStream();
    var stream = new PrintStream(out);
    CompatCommand.run(new String[] {"compat", file.toString()}, stream, stream);
    return out.toString(StandardCharsets.ISO_8859_1);
  }

  @Test
  void whatIsBuiltInNeedsNoFile() throws IOException {
    assertThat(
            compared(
                "load_module modules/ndk_http_module.so;",
                "load_module /usr/lib/nginx/modules/ngx_http_lua_module.so;",
                "events {}",
                "http {}"))
        .contains(" 0 refused")
        .doesNotContain("is not part of turnout");
  }

  @Test
  void whatDoesNothingByItselfIsWarnedOf() throws IOException {
    assertThat(
            compared(
                "load_module modules/ngx_http_image_filter_module.so;", "events {}", "http {}"))
        .contains(" 0 refused");
    assertThat(
            compared(
                "load_module modules/ngx_http_image_filter_module.so;",
                "events {}",
                "http { server { location / { image_filter resize 1 1; } } }"))
        .contains("\"image_filter\" is not supported by turnout");
  }

  @Test
  void anUnknownModuleIsRefused() throws IOException {
    assertThat(compared("load_module modules/my_module.so;", "events {}", "http {}"))
        .contains("module \"my_module\" is not supported by turnout in ");
  }

  @Test
  void aModuleIsLoadedOnceAndBeforeTheBlocks() throws IOException {
    assertThat(
            compared(
                "load_module modules/ngx_http_lua_module.so;",
                "load_module other/ngx_http_lua_module.so;",
                "events {}",
                "load_module modules/ngx_stream_module.so;",
                "http {}"))
        .contains("module \"ngx_http_lua_module\" is already loaded in ")
        .contains("\"load_module\" directive is specified too late in ");
  }
}
