package dev.turnout.config;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/// What `-T` prints: every file of the configuration, once, as it is.
public final class ConfigDump {
  private ConfigDump() {}

  /// Writes the files in the order they were read.
  public static void write(LoadedConfig config, OutputStream out) throws IOException {
    for (SourceFile source : config.sources()) {
      String head = "# configuration file " + source.name() + ":\n";
      out.write(head.getBytes(StandardCharsets.ISO_8859_1));
      out.write(source.bytes());
      out.write('\n');
    }
    out.flush();
  }
}
