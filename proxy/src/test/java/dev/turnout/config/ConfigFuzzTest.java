package dev.turnout.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// No text makes the loader throw anything but its own exception, or work for long.
class ConfigFuzzTest {
  private static final long LONGEST = TimeUnit.MILLISECONDS.toNanos(100);
  private static final DirectiveRegistry REGISTRY = SampleDirectives.registry();

  static {
    for (int i = 0; i < 200; i++) { // the first runs are those of the compiler
      load("http { server { location / { roo \"a$b\"; sendfile on; } types { a b; } } } foo {}");
    }
  }

  @FuzzTest(maxDuration = "90s")
  void anyTextIsReadOrRefused(byte[] input) {
    String text = new String(input, StandardCharsets.ISO_8859_1);
    long before = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();

    load(text);

    long spent = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - before;
    assertThat(spent).isLessThan(LONGEST);
  }

  @FuzzTest(maxDuration = "90s")
  void anyArgumentIsReadOrRefused(byte[] input) {
    String text = new String(input, StandardCharsets.ISO_8859_1);

    Units.milliseconds(text);
    Units.seconds(text);
    Units.offset(text);
    WildcardPattern.compile(text).matches(text);
    try {
      TemplateText.parse(text);
    } catch (ConfigException e) {
      assertThat(e.messageText()).isNotEmpty();
    }
  }

  private static void load(String text) {
    try {
      new Loading(REGISTRY, new OneFile(text), "main", "/").load(List.of());
    } catch (ConfigLoadException e) {
      assertThat(ConfigReport.of(e)).contains("nginx: [emerg] ");
    }
  }

  private record OneFile(String text) implements ConfigFiles {
    @Override
    public byte[] read(String name) throws IOException {
      if (!name.equals("main")) {
        throw new NoSuchFileException(name);
      }
      return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    @Override
    public List<String> matching(String pattern) {
      return List.of("main");
    }
  }
}
