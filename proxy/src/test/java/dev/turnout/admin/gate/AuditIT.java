package dev.turnout.admin.gate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.cluster.Origin;
import dev.turnout.control.ChangeRequest;
import dev.turnout.control.ChangeResult;
import dev.turnout.upstream.PeerAddress;
import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.UpstreamChange;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What is recorded of attempts to change something.
class AuditIT {
  @TempDir
  @SuppressWarnings("NullAway.Init")
  private Path directory;

  private Path file() {
    return directory.resolve("audit.log");
  }

  private SwitchSite site(String location) {
    return SwitchSite.with("listen 127.0.0.1:0;", location, "audit_log " + file() + ";");
  }

  @Test
  void aChangeIsRecordedWithWhoFromWhereAndWhat() throws IOException {
    try (var site = site("management_keys " + SwitchSite.keys(directory, "me:admin") + ";")) {
      site.get("/switch?ups=green", SwitchSite.bearer("me"));

      List<String> lines = SwitchSite.lines(file());
      assertThat(lines).hasSize(1);
      assertThat(lines.getFirst())
          .matches("\\{\"time\":\"20[0-9-]+T[0-9:.]+Z\",.*}")
          .contains("\"result\":\"made\"")
          .contains("\"dialect\":\"switch\",\"who\":\"key:me\",\"from\":\"127.0.0.1\"")
          .contains("\"revision\":1")
          .contains(
              "{\"zone\":\"switch\",\"before\":{\"a.test\":null},\"after\":{\"a.test\":\"green\"}}")
          .doesNotContain(SwitchSite.SECRET);
    }
  }

  @Test
  void aRefusedAttemptIsRecordedBeforeWhatFollows() throws IOException {
    try (var site = site("management_keys " + SwitchSite.keys(directory, "me:operator") + ";")) {
      site.get("/switch?ups=10.1.2.3:80", SwitchSite.bearer("me"));
      site.get("/switch?ups=green", SwitchSite.bearer("me"), "Origin: http://evil.test");
      site.get("/switch?ups=green", SwitchSite.bearer("me"));

      List<String> lines = SwitchSite.lines(file());
      assertThat(lines).hasSize(3);
      assertThat(lines.get(0))
          .contains("\"result\":\"refused\"", "\"who\":\"key:me\"", "\"status\":403")
          .contains("switch host \\\"a.test\\\" to address \\\"10.1.2.3:80\\\"");
      assertThat(lines.get(1)).contains("\"refused\"", "request from another site");
      assertThat(lines.get(2)).contains("\"made\"");
    }
  }

  @Test
  void aFailedLogInIsRecorded() throws IOException {
    try (var site = site("management_keys " + SwitchSite.keys(directory, "me:operator") + ";")) {
      site.get("/switch?ups=green", "X-API-Key: me.wrong-secret");
      site.get("/switch?ups=green", SwitchSite.bearer("me"));

      assertThat(SwitchSite.lines(file()).getFirst())
          .contains("\"refused\"", "\"dialect\":\"log-in\"", "\"from\":\"127.0.0.1\"")
          .doesNotContain("wrong-secret");
    }
  }

  @Test
  void strangersDoNotFloodTheRecord() throws IOException {
    try (var site = site("")) {
      long begun = System.nanoTime();
      for (int i = 0; i < 200; i++) {
        site.get("/switch?ups=green", "Origin: http://evil.test");
      }
      site.get("/switch?ups=green");

      long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begun);
      assertThat(SwitchSite.lines(file())).hasSizeBetween(2, (int) seconds + 3);
    }
  }

  @Test
  void lookingIsNotRecorded() throws IOException {
    try (var site = site("")) {
      site.get("/switch");
      site.get("/switch?ups=green");

      assertThat(SwitchSite.lines(file())).hasSize(1);
    }
  }

  @Test
  void controlBytesDoNotEndALine() throws IOException {
    try (var site = site("")) {
      ChangeRequest request =
          ChangeRequest.of(
              new Origin("test", "me\n{\"forged\":1}", "because\r\n\u001b[2J\u0000", "x"),
              "green",
              add("127.0.0.1:9"));

      site.proxy().writer().submit(request).join();

      List<String> lines = SwitchSite.lines(file());
      assertThat(lines).hasSize(1);
      assertThat(lines.getFirst())
          .matches("[ -~]*")
          .contains("me\\n{\\\"forged\\\":1}")
          .contains(
              "{\"upstream\":\"green\",\"before\":[\"127.0.0.1:2\"],"
                  + "\"after\":[\"127.0.0.1:2\",\"127.0.0.1:9\"]}");
    }
  }

  private static UpstreamChange add(String server) {
    return new UpstreamChange.Add(PeerSpec.of(server, PeerAddress.parse(server)));
  }

  @Test
  void whatTheWriterRefusesIsRecordedAndADryRunIsNot() throws IOException {
    try (var site = site("")) {
      ChangeRequest stale =
          ChangeRequest.of(Origin.of("test", "me"), "green", add("127.0.0.1:9")).ifRevision(99);
      site.proxy().writer().submit(stale.asDryRun()).join();
      site.proxy().writer().submit(stale).join();

      List<String> lines = SwitchSite.lines(file());
      assertThat(lines).hasSize(1);
      assertThat(lines.getFirst())
          .contains("\"refused\"", "the state is at revision 0, not 99", "upstream \\\"green\\\"");
    }
  }

  @Test
  void whatCannotBeRecordedIsNotDone() throws IOException {
    try (var site = SwitchSite.with("listen 127.0.0.1:0;", "", "audit_log /dev/full;")) {
      SwitchSite.Answer answer = site.get("/switch?ups=green");

      assertThat(answer.status()).isEqualTo(500);
      assertThat(answer.body()).contains("nothing was changed", "No space left on device");
      assertThat(site.which("a.test")).isEqualTo("blue");
      ChangeRequest request =
          ChangeRequest.of(Origin.of("test", "me"), "green", add("127.0.0.1:9"));
      assertThat(site.proxy().writer().submit(request).join())
          .isInstanceOf(ChangeResult.StoreFailed.class);
      assertThat(
              Objects.requireNonNull(site.proxy().upstreams().find("green"))
                  .current()
                  .spec()
                  .servers())
          .hasSize(1);
      assertThat(site.proxy().writer().history().revision()).isZero();
      assertThat(site.proxy().errorLog()).contains("write() to \"/dev/full\" failed (28:");
    }
  }

  @Test
  void aReloadToAnotherFileRecordsThere() throws IOException {
    Path other = directory.resolve("other.log");
    try (var site = site("")) {
      site.get("/switch?ups=green");
      site.proxy()
          .reload(SwitchSite.configuration("listen 127.0.0.1:0;", "", "audit_log " + other + ";"));
      site.get("/switch?ups=blue");

      assertThat(SwitchSite.lines(file())).hasSize(1);
      assertThat(SwitchSite.lines(other)).hasSize(1);
    }
  }

  @Test
  void aReloadThatKeepsTheFileGoesOnInIt() throws IOException {
    try (var site = site("")) {
      site.get("/switch?ups=green");
      site.proxy()
          .reload(SwitchSite.configuration("listen 127.0.0.1:0;", "", "audit_log " + file() + ";"));
      site.get("/switch?ups=blue");

      assertThat(SwitchSite.lines(file())).hasSize(2);
    }
  }
}
