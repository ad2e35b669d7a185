package dev.turnout.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.cluster.Journal;
import dev.turnout.cluster.MemoryStateStore;
import dev.turnout.cluster.Revision;
import dev.turnout.cluster.ZoneRegistry;
import dev.turnout.config.DirectiveReference;
import dev.turnout.control.ChangeWriter;
import dev.turnout.control.Fence;
import dev.turnout.control.History;
import dev.turnout.http.HttpEnvironment;
import dev.turnout.http.Upstreams;
import dev.turnout.http.proxy.ProxyLoops;
import dev.turnout.log.LogFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/// The reference in docs/ is what the registrations say.
class DirectiveReferenceTest {
  @Test
  void theReferenceIsWhatTheProgramPrints() throws IOException {
    Revision revision = new Revision();
    ZoneRegistry zones =
        new ZoneRegistry((_, _) -> new MemoryStateStore(), revision, ZoneRegistry.Memory.NONE);
    CompletableFuture<ProxyLoops> never = new CompletableFuture<>();

    try (LogFiles logs = new LogFiles();
        ChangeWriter writer =
            ChangeWriter.start(
                revision, new History(revision), new Upstreams(), _ -> null, Fence.NONE)) {
      var outside =
          new Configuration.Outside(
              new HttpEnvironment(logs, zones), never::join, writer, (_, _) -> Journal.none());
      String printed = DirectiveReference.markdown(Configuration.directives(outside));

      assertThat(Files.readString(Path.of("../docs/directives.md"), StandardCharsets.ISO_8859_1))
          .as("docs/directives.md; made anew with ./turnout --directives > docs/directives.md")
          .isEqualTo(printed);
    }
  }
}
