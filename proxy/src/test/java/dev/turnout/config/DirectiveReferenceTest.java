package dev.turnout.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DirectiveReferenceTest {
  @Test
  void aDirectiveIsDescribedFromItsRegistration() {
    DirectiveRegistry registry = new DirectiveRegistry();
    registry
        .directive("proxy_read_timeout")
        .in(Context.HTTP, Context.LOCATION)
        .time(Setting.of("proxy_read_timeout", 60_000L))
        .defaultText("60s")
        .summary("How long to wait for the upstream between two reads.")
        .differs("It is exact.");

    assertThat(DirectiveReference.markdown(registry))
        .startsWith("# Directives\n\n## include\n")
        .contains(
            """

            ## proxy_read_timeout

            * Syntax: `proxy_read_timeout time;`
            * Default: `60s`
            * Context: http, location
            * Takes 1 argument

            How long to wait for the upstream between two reads.

            **Not as in nginx:** It is exact.
            """);
  }

  @Test
  void whatIsRefusedIsListedUnlessItIsRegistered() {
    DirectiveRegistry registry = SampleDirectives.registry();

    String page = DirectiveReference.markdown(registry);

    assertThat(page)
        .contains("* `load_module`: its modules are built in\n")
        .contains("* ngx_http_fastcgi_module: `fastcgi_bind`, ")
        .contains("* ngx_http_lua_module: `access_by_lua`, ")
        .doesNotContain("`sendfile`")
        .contains("## server\n\n* Syntax: `server { ... }`");
  }
}
