package dev.turnout.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigLoaderTest {
  @TempDir Path dir = Path.of("");

  @Test
  void innerBlocksInheritWhatTheyDoNotSet() {
    Scope server =
        loaded(
                """
                http {
                  server {
                    location /a { root inner; location /b { sendfile off; } }
                  }
                  root outer; # set behind the blocks that inherit it
                  sendfile on;
                }
                """)
            .main()
            .children(Context.HTTP)
            .getFirst()
            .children()
            .getFirst();
    Scope a = server.children().getFirst();
    Scope b = a.children().getFirst();

    assertThat(server.get(SampleDirectives.ROOT)).isEqualTo("outer");
    assertThat(a.get(SampleDirectives.ROOT)).isEqualTo("inner");
    assertThat(b.get(SampleDirectives.ROOT)).isEqualTo("inner");
    assertThat(b.own(SampleDirectives.ROOT)).isNull();
    assertThat(a.get(SampleDirectives.SENDFILE)).isTrue();
    assertThat(b.get(SampleDirectives.SENDFILE)).isFalse();
    assertThat(b.get(SampleDirectives.HEADER_TIMEOUT)).isEqualTo(60_000);
    assertThat(b.enclosing(Context.SERVER)).isSameAs(server);
    assertThat(a.own(SampleDirectives.PATH)).isEqualTo("/a");
  }

  @Test
  void aLocalSettingIsNotInheritedAndMustBeThere() {
    Scope location =
        loaded("http { server { location /a { if (1) {} } } }").main().children().getFirst();
    Scope a = location.children().getFirst().children().getFirst();
    Scope branch = a.children().getFirst();

    assertThat(a.get(SampleDirectives.PATH)).isEqualTo("/a");
    assertThat(branch.context()).isEqualTo(Context.LOCATION_IF);
    assertThat(branch.own(SampleDirectives.PATH)).isNull();
    assertThatIllegalStateException().isThrownBy(() -> branch.get(SampleDirectives.PATH));
  }

  @Test
  void aListIsInheritedOrReplacedAsAWhole() {
    Scope http =
        loaded("http { add_header a 1; server {} server { add_header b 2; } add_header c 3; }")
            .main()
            .children()
            .getFirst();

    assertThat(http.children().getFirst().get(SampleDirectives.HEADERS))
        .containsExactly("a: 1", "c: 3");
    assertThat(http.children().getLast().get(SampleDirectives.HEADERS)).containsExactly("b: 2");
  }

  @Test
  void theTypedReadersReadTheirType() {
    Scope http =
        loaded(
                """
                worker_processes 4;
                http {
                  sendfile ON; client_header_timeout 1m30s; ssl_session_timeout 1M;
                  client_header_buffer_size 4k; client_max_body_size 2g; gzip_comp_level 9;
                  satisfy ANY; proxy_next_upstream timeout Error timeout;
                }
                """)
            .main()
            .children()
            .getFirst();

    assertThat(http.get(SampleDirectives.WORKERS)).isEqualTo(4);
    assertThat(http.get(SampleDirectives.SENDFILE)).isTrue();
    assertThat(http.get(SampleDirectives.HEADER_TIMEOUT)).isEqualTo(90_000);
    assertThat(http.get(SampleDirectives.VALID)).isEqualTo(2_592_000);
    assertThat(http.get(SampleDirectives.HEADER_BUFFER)).isEqualTo(4096);
    assertThat(http.get(SampleDirectives.MAX_BODY)).isEqualTo(2L << 30);
    assertThat(http.get(SampleDirectives.GZIP_LEVEL)).isEqualTo(9);
    assertThat(http.get(SampleDirectives.SATISFY)).isEqualTo("any");
    assertThat(http.get(SampleDirectives.NEXT_UPSTREAM)).containsExactly("timeout", "error");
  }

  @Test
  void warningsAreKeptWithTheirPlace() {
    LoadedConfig config = loaded("http {\n proxy_next_upstream error\n error;\n}");

    assertThat(config.warnings())
        .extracting(ConfigWarning::located)
        .containsExactly("duplicate value \"error\" in f:3");
  }

  @Test
  void theSameNameCanBeABlockHereAndALineThere() {
    Scope http =
        loaded("http { upstream u { server a; server b; } server {} }")
            .main()
            .children()
            .getFirst();

    assertThat(http.children())
        .extracting(Scope::context)
        .containsExactly(Context.UPSTREAM, Context.SERVER);
  }

  @Test
  void freeBlocksKeepTheirLinesAndFollowIncludes() throws IOException {
    write("more.conf", "text/css css;\n");
    write("nginx.conf", "http { types { text/html html htm;\n include more.conf; a b; } }");

    Scope http = load("nginx.conf").main().children().getFirst();

    assertThat(http.get(SampleDirectives.TYPES))
        .extracting(Directive::toString)
        .containsExactly("text/html html htm;", "text/css css;", "a b;");
  }

  @Test
  void rawBlocksComeAsTheLastArgument() {
    Scope location =
        loaded("http { server { location / { content_by_lua_block { say('}') } } } }").main();
    while (!location.children().isEmpty()) {
      location = location.children().getFirst();
    }

    assertThat(location.own(SampleDirectives.LUA)).isEqualTo(" say('}') ");
  }

  @Test
  void includesAreSortedNestedAndRelativeToTheMainFile() throws IOException {
    write("conf/nginx.conf", "include sites/*.conf; include none/*.conf;");
    write("conf/sites/b.conf", "pid b;");
    write("conf/sites/a.conf", "include sites/deep/daemon;");
    write("conf/sites/.hidden.conf", "broken");
    write("conf/sites/deep/daemon", "daemon off;");

    LoadedConfig config = load("conf/nginx.conf");

    assertThat(config.main().get(SampleDirectives.PID)).isEqualTo("b");
    assertThat(config.main().get(SampleDirectives.DAEMON)).isFalse();
    assertThat(config.sources())
        .extracting(source -> source.name().substring(dir.toString().length()))
        .containsExactly(
            "/conf/nginx.conf",
            "/conf/sites/a.conf",
            "/conf/sites/deep/daemon",
            "/conf/sites/b.conf");
  }

  @Test
  void theDumpHasEveryFileOnce() throws IOException {
    write("a.conf", "http { include b.conf; server { include b.conf; } }");
    write("b.conf", "root \u00e9; # no end of line");
    ByteArrayOutputStream out = new ByteArrayOutputStream();

    ConfigDump.write(load("a.conf"), out);

    assertThat(out.toString(StandardCharsets.UTF_8))
        .isEqualTo(
            """
            # configuration file %1$s/a.conf:
            http { include b.conf; server { include b.conf; } }
            # configuration file %1$s/b.conf:
            root \u00e9; # no end of line
            """
                .formatted(dir));
  }

  @Test
  void aFileThatIncludesItselfIsAnError() throws IOException {
    write("a.conf", "\ninclude b.conf;");
    write("b.conf", "\n\ninclude [a].conf;");

    assertThat(failure("a.conf").errors())
        .extracting(ConfigException::located)
        .containsExactly("\"" + dir + "/a.conf\" includes itself in " + dir + "/b.conf:3");
  }

  @Test
  void anIncludedFileCannotEndTheBlockAroundIt() throws IOException {
    write("a.conf", "http {\n include b.conf;\n}");
    write("b.conf", "}");

    assertThat(failure("a.conf").errors())
        .extracting(ConfigException::located)
        .containsExactly("unexpected \"}\" in " + dir + "/b.conf:1");
  }

  @Test
  void aMissingMainFileHasNoPosition() {
    assertThat(failure("none.conf").errors())
        .extracting(ConfigException::located)
        .containsExactly("open() \"" + dir + "/none.conf\" failed (2: No such file or directory)");
  }

  @Test
  void globalDirectivesComeFirst() throws IOException {
    write("a.conf", "daemon on;");

    LoadedConfig config = ConfigLoader.load(path("a.conf"), dir, List.of("pid x;"), registry());
    var failure =
        catchThrowableOfType(
            ConfigLoadException.class,
            () -> ConfigLoader.load(path("a.conf"), dir, List.of("daemon off;"), registry()));

    assertThat(config.main().get(SampleDirectives.PID)).isEqualTo("x");
    assertThat(config.main().get(ConfigLoader.PREFIX)).isEqualTo(dir + "/");
    assertThat(failure).hasMessage("\"daemon\" directive is duplicate in " + dir + "/a.conf:1");
  }

  @Test
  void errorsInGlobalDirectivesAreInTheCommandLine() {
    assertThat(globalError("foo;")).isEqualTo("unknown directive \"foo\" in command line");
    assertThat(globalError("daemon off"))
        .isEqualTo("unexpected end of parameter, expecting \";\" in command line");
    assertThat(globalError("http {}"))
        .isEqualTo("block directives are not supported in -g option in command line");
    assertThat(globalError("}")).isEqualTo("unexpected \"}\" in command line");
  }

  @Test
  void oneReadingFindsSeveralErrors() {
    assertThat(
            messages(
                """
                foo { bar; baz { } }
                daemon maybe;
                http {
                  location / { anything goes; }
                  server { listn 80; location ^ / { root a b c; } root a; root b; }
                  lua_shared_dict x 1m;
                  content_by_lua_block { local a = "}" }
                }
                load_module x;
                user "a"b;
                user never reached;
                """))
        .containsExactly(
            "unknown directive \"foo\" in f:1",
            "invalid value \"maybe\" in \"daemon\" directive, it must be \"on\" or \"off\" in f:2",
            "\"location\" directive is not allowed here in f:4",
            "unknown directive \"listn\" in f:5",
            "invalid location modifier \"^\" in f:5",
            "\"root\" directive is duplicate in f:5",
            "unknown directive \"lua_shared_dict\": \"lua_shared_dict\" is not supported by turnout, it"
                + " is of ngx_http_lua_module"
                + " in f:6",
            "\"content_by_lua_block\" directive is not allowed here in f:7",
            "\"load_module\" is not supported by turnout: its modules are built in in f:9",
            "unexpected \"b\" in f:10");
  }

  @Test
  void afterAnErrorNothingIsCheckedThatNeedsTheWhole() {
    assertThat(messages("foo; http { upstream empty { } }"))
        .containsExactly("unknown directive \"foo\" in f:1");
  }

  @Test
  void aFreeBlocksErrorsComeBeforeTheErrorOfSyntaxBehindThem() {
    assertThat(messages("http { types { a;\n\n b { } } }"))
        .containsExactly("type \"a\" has no extension in f:1", "unexpected \"{\" in f:3");
  }

  @Test
  void itStopsAtTwentyErrors() {
    assertThat(messages("foo;\n".repeat(1000))).hasSize(20);
  }

  @Test
  void nestingHasAnEnd() {
    String deep = "location / { ".repeat(100_000);

    assertThat(messages("http { server { " + deep))
        .containsExactly("blocks and files are nested too deeply in f:1");
  }

  @Test
  void finishersLookAtTheWholeUnlessSomethingWasWrong() {
    DirectiveRegistry registry = registry();
    registry.finisher(main -> {
      throw ConfigException.withoutPosition("no \"events\" section in configuration");
    });

    var whole =
        catchThrowableOfType(
            ConfigLoadException.class, () -> ConfigLoader.loadText("f", "daemon on;", registry));
    var broken =
        catchThrowableOfType(
            ConfigLoadException.class, () -> ConfigLoader.loadText("f", "foo;", registry));

    assertThat(whole).hasMessage("no \"events\" section in configuration");
    assertThat(broken.errors()).hasSize(1);
  }

  @Test
  void twoDefinitionsForOneContextAreABug() {
    DirectiveRegistry registry = registry();
    registry.directive("daemon").in(Context.MAIN).read((_, _) -> {});

    assertThatIllegalStateException()
        .isThrownBy(() -> ConfigLoader.loadText("f", "", registry))
        .withMessage("the directive daemon is registered twice for main");
  }

  private static DirectiveRegistry registry() {
    return SampleDirectives.registry();
  }

  private static LoadedConfig loaded(String text) {
    return ConfigLoader.loadText("f", text, registry());
  }

  private static List<String> messages(String text) {
    var failure = catchThrowableOfType(ConfigLoadException.class, () -> loaded(text));
    return failure.errors().stream().map(ConfigException::located).toList();
  }

  private LoadedConfig load(String name) {
    return ConfigLoader.load(path(name), dir, List.of(), registry());
  }

  private ConfigLoadException failure(String name) {
    return catchThrowableOfType(ConfigLoadException.class, () -> load(name));
  }

  private String globalError(String text) {
    var failure =
        catchThrowableOfType(
            ConfigLoadException.class,
            () -> ConfigLoader.load(path("none.conf"), dir, List.of(text), registry()));
    return failure.errors().getFirst().located();
  }

  private static Path path(String name) {
    return Path.of(name);
  }

  private void write(String name, String text) throws IOException {
    Path file = dir.resolve(name);
    Files.createDirectories(Objects.requireNonNull(file.getParent()));
    Files.writeString(file, text);
  }
}
