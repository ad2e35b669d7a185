package dev.turnout.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// nginx's words for what is wrong: each row was given to `nginx -t` and has what it printed.
class ConfigErrorsTest {
  @ParameterizedTest
  @MethodSource("errors")
  void theFirstErrorIsNginxs(String text, String message) {
    var failure =
        catchThrowableOfType(
            ConfigLoadException.class,
            () -> ConfigLoader.loadText("f", text, SampleDirectives.registry()));

    assertThat(failure.errors().getFirst().located()).isEqualTo(message);
  }

  static Stream<Arguments> errors() {
    return Stream.of(
        arguments("events {}\n}\n", "unexpected \"}\" in f:2"),
        arguments("events {};\n", "unexpected \";\" in f:1"),
        arguments("{\n", "unexpected \"{\" in f:1"),
        arguments("events {\n", "unexpected end of file, expecting \"}\" in f:2"),
        arguments("events {}\nuser", "unexpected end of file, expecting \";\" or \"}\" in f:2"),
        arguments("user \"abc;\n", "unexpected end of file, expecting \";\" or \"}\" in f:2"),
        arguments("user\r\n", "unexpected end of file, expecting \";\" or \"}\" in f:2"),
        arguments("user # ;", "unexpected end of file, expecting \";\" or \"}\" in f:1"),
        arguments("user a }\n", "unexpected \"}\" in f:1"),
        arguments(
            "worker_processes 1 {\n}\n",
            "directive \"worker_processes\" is not terminated by \";\" in f:1"),
        arguments("events;\n", "directive \"events\" has no opening \"{\" in f:1"),
        arguments("user \"a\"b;\n", "unexpected \"b\" in f:1"),
        arguments("evnts {}\n", "unknown directive \"evnts\" in f:1"),
        arguments("events {}\nfoo a\n b\n c;\n", "unknown directive \"foo\" in f:4"),
        arguments("Events {}\n", "unknown directive \"Events\" in f:1"),
        arguments("server {}\n", "\"server\" directive is not allowed here in f:1"),
        arguments("user;\n", "invalid number of arguments in \"user\" directive in f:1"),
        arguments(
            "worker_processes 1 2 3;\n",
            "invalid number of arguments in \"worker_processes\" directive in f:1"),
        arguments(
            "http { add_header a b c d; }",
            "invalid number of arguments in \"add_header\" directive in f:1"),
        arguments("http x {}", "invalid number of arguments in \"http\" directive in f:1"),
        arguments(
            "worker_processes 1;\nworker_processes 2;\n",
            "\"worker_processes\" directive is duplicate in f:2"),
        arguments("daemon on;\ndaemon maybe;\n", "\"daemon\" directive is duplicate in f:2"),
        arguments("events {}\nevents {}\n", "\"events\" directive is duplicate in f:2"),
        arguments(
            "daemon maybe;\n",
            "invalid value \"maybe\" in \"daemon\" directive, it must be \"on\" or \"off\" in f:1"),
        arguments(
            "http { client_header_timeout 5x; }\n",
            "\"client_header_timeout\" directive invalid value in f:1"),
        arguments(
            "http { client_header_timeout 1M; }\n",
            "\"client_header_timeout\" directive invalid value in f:1"),
        arguments(
            "http { ssl_session_timeout 5ms; }\n",
            "\"ssl_session_timeout\" directive invalid value in f:1"),
        arguments(
            "http { client_header_buffer_size 5g; }\n",
            "\"client_header_buffer_size\" directive invalid value in f:1"),
        arguments(
            "http { client_max_body_size \"\"; }\n",
            "\"client_max_body_size\" directive invalid value in f:1"),
        arguments("http { satisfy most; }\n", "invalid value \"most\" in f:1"),
        arguments(
            "http { proxy_next_upstream error mistake; }\n", "invalid value \"mistake\" in f:1"),
        arguments("http { gzip_comp_level 10; }\n", "value must be between 1 and 9 in f:1"),
        arguments(
            "http { gzip_comp_level -1; }\n",
            "\"gzip_comp_level\" directive invalid number in f:1"),
        arguments("http { types { a b { } } }\n", "unexpected \"{\" in f:1"),
        arguments("http { types { a b;\n", "unexpected end of file, expecting \"}\" in f:2"),
        arguments("http { server { return 200 \"a$\"; } }\n", "invalid variable name in f:1"),
        arguments(
            "http { server { return 200 \"a${b\"; } }\n",
            "the closing bracket in \"b\" variable is missing in f:1"),
        arguments(
            "http { server { return 200 ${x{; } }\n",
            "directive \"return\" is not terminated by \";\" in f:1"),
        arguments(
            "include /nowhere/to/be/found.conf;",
            "open() \"/nowhere/to/be/found.conf\" failed (2: No such file or directory) in f:1"),
        arguments("include /tmp;", "pread() \"/tmp\" failed (21: Is a directory)"),
        arguments("http { upstream empty {\n\n} }", "no servers are inside upstream in f:3"));
  }
}
