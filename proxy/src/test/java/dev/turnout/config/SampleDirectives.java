package dev.turnout.config;

import static dev.turnout.config.Context.EVENTS;
import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.LOCATION_IF;
import static dev.turnout.config.Context.MAIN;
import static dev.turnout.config.Context.SERVER;
import static dev.turnout.config.Context.SERVER_IF;
import static dev.turnout.config.Context.UPSTREAM;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A dozen of nginx's directives with nginx's forms, one for each kind there is.
final class SampleDirectives {
  static final Setting<Boolean> DAEMON = Setting.of("daemon", true);
  static final Setting<Boolean> SENDFILE = Setting.of("sendfile", false);
  static final Setting<Long> HEADER_TIMEOUT = Setting.of("client_header_timeout", 60_000L);
  static final Setting<Long> VALID = Setting.of("ssl_session_timeout", 300L);
  static final Setting<Long> HEADER_BUFFER = Setting.of("client_header_buffer_size", 1024L);
  static final Setting<Long> MAX_BODY = Setting.of("client_max_body_size", 1L << 20);
  static final Setting<Integer> GZIP_LEVEL = Setting.of("gzip_comp_level", 1);
  static final Setting<Long> WORKERS = Setting.of("worker_processes", 1L);
  static final Setting<@Nullable String> PID = Setting.of("pid", null);
  static final Setting<String> ROOT = Setting.of("root", "html");
  static final Setting<String> SATISFY = Setting.of("satisfy", "all");
  static final Setting<Set<String>> NEXT_UPSTREAM = Setting.of("proxy_next_upstream", Set.of());
  static final Setting<List<String>> HEADERS = Setting.listOf("add_header");
  static final Setting<List<Directive>> TYPES = Setting.local("types");
  static final Setting<String> PATH = Setting.local("location");
  static final Setting<String> LUA = Setting.local("content_by_lua_block");
  static final Setting<List<TemplateText>> RETURNS = Setting.listOf("return");

  private SampleDirectives() {}

  static DirectiveRegistry registry() {
    DirectiveRegistry registry = new DirectiveRegistry();
    registry.directive("daemon").in(MAIN).flag(DAEMON);
    registry.directive("worker_processes").in(MAIN).number(WORKERS, 1, Long.MAX_VALUE);
    registry.directive("pid").in(MAIN).read((d, scope) -> scope.set(PID, d.argument(0)));
    registry.directive("user").in(MAIN).arguments(1, 2).read((_, _) -> {});
    registry.directive("events").in(MAIN).block(EVENTS, (_, _) -> {});
    registry.directive("http").in(MAIN).block(HTTP, (_, _) -> {});
    registry.directive("server").in(HTTP).repeatable().block(SERVER, (_, _) -> {});
    registry.directive("server").in(UPSTREAM).repeatable().atLeast(1).read((_, _) -> {});
    registry
        .directive("upstream")
        .in(HTTP)
        .arguments(1)
        .repeatable()
        .block(UPSTREAM, (_, _) -> {})
        .closing((d, scope) -> {
          if (scope.directive() == null || d.argument(0).equals("empty")) {
            throw ConfigException.at(d, "no servers are inside upstream");
          }
        });
    registry
        .directive("location")
        .in(SERVER, LOCATION)
        .arguments(1, 2)
        .repeatable()
        .block(LOCATION, (d, scope) -> scope.set(PATH, path(d)));
    registry.directive("if").in(SERVER).atLeast(1).repeatable().block(SERVER_IF, (_, _) -> {});
    registry.directive("if").in(LOCATION).atLeast(1).repeatable().block(LOCATION_IF, (_, _) -> {});
    inHttp(registry.directive("sendfile")).flag(SENDFILE).defaultText("off");
    registry.directive("client_header_timeout").in(HTTP, SERVER).time(HEADER_TIMEOUT);
    registry.directive("ssl_session_timeout").in(HTTP, SERVER).seconds(VALID);
    registry.directive("client_header_buffer_size").in(HTTP, SERVER).size(HEADER_BUFFER);
    registry.directive("client_max_body_size").in(HTTP, SERVER, LOCATION).offset(MAX_BODY);
    inHttp(registry.directive("gzip_comp_level")).number(GZIP_LEVEL, 1, 9);
    inHttp(registry.directive("root")).text(ROOT);
    inHttp(registry.directive("satisfy")).oneOf(SATISFY, Map.of("all", "all", "any", "any"));
    inHttp(registry.directive("proxy_next_upstream"))
        .someOf(NEXT_UPSTREAM, Map.of("error", "error", "timeout", "timeout"));
    inHttp(registry.directive("add_header"))
        .arguments(2, 3)
        .repeatable()
        .read((d, scope) -> scope.append(HEADERS, d.argument(0) + ": " + d.argument(1)));
    inHttp(registry.directive("return"))
        .arguments(1, 2)
        .repeatable()
        .read((d, scope) -> scope.append(RETURNS, TemplateText.parse(d.arguments().getLast())));
    registry
        .directive("types")
        .in(HTTP, SERVER, LOCATION)
        .freeBlock((d, scope) -> scope.set(TYPES, typed(d)));
    registry
        .directive("content_by_lua_block")
        .in(LOCATION, LOCATION_IF)
        .rawBlock((d, scope) -> scope.set(LUA, d.argument(0)));
    registry.refuse("load_module", "its modules are built in");
    return registry;
  }

  private static DirectiveDefinition inHttp(DirectiveDefinition definition) {
    return definition.in(HTTP, SERVER, LOCATION, LOCATION_IF);
  }

  private static String path(Directive location) {
    String path = location.arguments().getLast();
    if (location.argumentCount() == 2 && !location.argument(0).equals("=")) {
      throw ConfigException.at(
          location, 0, "invalid location modifier \"" + location.argument(0) + "\"");
    }
    return path;
  }

  private static List<Directive> typed(Directive types) {
    List<Directive> lines = new ArrayList<>();
    for (Directive line : types.children()) {
      if (line.argumentCount() == 0) {
        throw ConfigException.at(line, "type \"" + line.name() + "\" has no extension");
      }
      lines.add(line);
    }
    return lines;
  }
}
