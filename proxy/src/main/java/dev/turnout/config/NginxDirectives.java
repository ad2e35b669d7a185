package dev.turnout.config;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The names of all directives that nginx and its well-known modules have, each with its module.
final class NginxDirectives {
  private static final String RESOURCE = "nginx-directives.tsv";

  private final Map<String, String> modules;

  private NginxDirectives(Map<String, String> modules) {
    this.modules = modules;
  }

  static NginxDirectives load() {
    Map<String, String> modules = new TreeMap<>();
    try (InputStream in = NginxDirectives.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IllegalStateException("missing resource " + RESOURCE);
      }
      BufferedReader lines =
          new BufferedReader(new InputStreamReader(in, StandardCharsets.US_ASCII));
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        int tab = line.indexOf('\t');
        modules.put(line.substring(0, tab), line.substring(tab + 1));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new NginxDirectives(modules);
  }

  /// The module of a name; null if nobody has it.
  @Nullable String module(String name) {
    return modules.get(name);
  }

  /// Name to module, sorted by name.
  Map<String, String> all() {
    return modules;
  }
}
