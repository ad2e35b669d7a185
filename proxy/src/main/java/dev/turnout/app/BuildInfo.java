package dev.turnout.app;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.Set;

/// What `-V` says about the program, in nginx's form: tools read there which features to expect.
///
/// The build asks for it once (`--build-info`) and keeps the answer for the launcher to print.
///
/// @param nginx the version of nginx whose behaviour is followed
/// @param turnout our own version
/// @param modules the modules we have of those nginx has by default
/// @param options the `--with-…` options of the others we have
public record BuildInfo(String nginx, String turnout, Set<String> modules, List<String> options) {
  /// nginx's default HTTP modules by the name in `--without-http_X_module`.
  private static final List<String> DEFAULT_MODULES =
      List.of(
          "access",
          "auth_basic",
          "autoindex",
          "browser",
          "charset",
          "empty_gif",
          "fastcgi",
          "geo",
          "grpc",
          "gzip",
          "limit_conn",
          "limit_req",
          "map",
          "memcached",
          "mirror",
          "proxy",
          "referer",
          "rewrite",
          "scgi",
          "split_clients",
          "ssi",
          "tunnel",
          "upstream_hash",
          "upstream_ip_hash",
          "upstream_keepalive",
          "upstream_least_conn",
          "upstream_least_time",
          "upstream_random",
          "upstream_sticky",
          "upstream_zone",
          "userid",
          "uwsgi");

  public BuildInfo {
    modules = Set.copyOf(modules);
    options = List.copyOf(options);
    for (String module : modules) {
      if (!DEFAULT_MODULES.contains(module) && !module.equals("cache")) {
        throw new IllegalArgumentException("nginx has no default module \"" + module + "\"");
      }
    }
  }

  /// The facts about this program.
  public static BuildInfo load() {
    var properties = new Properties();
    try (InputStream file = BuildInfo.class.getResourceAsStream("build-info.properties")) {
      if (file == null) {
        throw new IllegalStateException("build-info.properties is missing from the class path");
      }
      properties.load(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    String version = BuildInfo.class.getPackage().getImplementationVersion();
    return new BuildInfo(
        properties.getProperty("nginx", ""),
        version == null ? "unpackaged" : version,
        Set.copyOf(words(properties.getProperty("http", ""))),
        words(properties.getProperty("with", "")));
  }

  private static List<String> words(String text) {
    return text.isBlank() ? List.of() : List.of(text.strip().split("\\s+", -1));
  }

  /// `nginx version: nginx/1.31.5 (turnout 0.1.0)`: the answer to `-v`.
  public String versionLine() {
    return "nginx version: nginx/" + nginx + " (turnout " + turnout + ")";
  }

  /// All lines, each with its line feed: the answer to `-V`.
  public String text() {
    return versionLine()
        + "\nturnout version: "
        + turnout
        + "\nbuilt by javac "
        + Runtime.version().feature()
        + "\nconfigure arguments: "
        + String.join(" ", configureArguments())
        + "\n";
  }

  /// What nginx would have been configured with to be what we are.
  List<String> configureArguments() {
    List<String> arguments = new ArrayList<>(options);
    for (String module : DEFAULT_MODULES) {
      if (!modules.contains(module)) {
        arguments.add("--without-http_" + module + "_module");
      }
    }
    if (!modules.contains("cache")) {
      arguments.add("--without-http-cache");
    }
    return arguments;
  }
}
