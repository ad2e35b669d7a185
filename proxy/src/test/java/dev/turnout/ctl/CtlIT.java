package dev.turnout.ctl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PipedReader;
import java.io.PipedWriter;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The commands against a running node.
@Timeout(60)
class CtlIT {
  @TempDir private Path directory;

  private FakeUpstream a;
  private FakeUpstream b;
  private TestProxy proxy;

  @BeforeEach
  void start() {
    a = FakeUpstream.named("a");
    b = FakeUpstream.named("b");
    proxy =
        TestProxy.start(
            """
            keyval_zone zone=switch:32k;
            keyval $host $ups zone=switch default=app;
            guard keep_nonempty;
            audit_log %s/audit.log;
            upstream app { server %s; }
            upstream spare { server %s; }
            server {
              listen 127.0.0.1:0;
              location /control { control_api write=on; }
              location /reading { control_api; }
              location / { proxy_pass http://$ups; }
            }
            server { listen unix:%s/ctl.sock; location / { control_api write=on; } }
            """
                .formatted(directory, a.address(), b.address(), directory));
  }

  @AfterEach
  void stop() {
    proxy.close();
    a.close();
    b.close();
  }

  private record Ran(int exit, String out, String err) {}

  private Ran run(String... arguments) {
    return runAt("http://127.0.0.1:" + proxy.port() + "/control", arguments);
  }

  private static Ran runAt(String url, String... arguments) {
    List<String> all = new ArrayList<>(List.of("--url", url));
    all.addAll(List.of(arguments));
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exit =
        Main.run(all.toArray(new String[0]), Map.of(), new PrintWriter(out), new PrintWriter(err));
    return new Ran(exit, out.toString(), err.toString());
  }

  private static void assertDone(Ran ran) {
    assertThat(ran.err()).isEmpty();
    assertThat(ran.exit()).isZero();
  }

  @Test
  void serversAreAddedChangedListedAndRemoved() throws Exception {
    Ran added = run("servers", "add", "app", b.address(), "--weight", "3", "--who", "me");
    assertDone(added);
    assertThat(added.out())
        .isEqualTo("revision 1\n  app  + server 1 (" + b.address() + ") weight=3\n");

    assertDone(run("servers", "set", "app", b.address(), "--weight=2", "--max-fails=0"));
    Ran list = run("servers", "list", "app");
    assertDone(list);
    assertThat(list.out().lines().toList().get(2))
        .matches("\\s*1  " + b.address() + "\\s+up\\s+0\\s+0\\s+0  weight=2 max_fails=0");

    assertDone(run("servers", "remove", "app", "0"));
    assertThat(RawClient.get(proxy.port(), "h", "/").body()).isEqualTo("b");
    assertThat(run("upstreams").out()).containsPattern("app\\s+changed\\s+1\\s+1\\s+0");
  }

  @Test
  void aChangeIsTriedWithoutBeingMade() {
    Ran tried = run("servers", "add", "app", b.address(), "--dry-run");

    assertDone(tried);
    assertThat(tried.out())
        .startsWith("it would change this (revision 0 is in force)\n  app  + server");
    assertThat(run("history").out()).isEmpty();
  }

  @Test
  void aChangeOnTrialIsListedConfirmedAndTakenBack() {
    Ran first = run("switch", "a.test", "spare", "--confirm-within", "1h", "--why", "try it");
    assertDone(first);
    assertThat(first.out())
        .contains("revision 1\n")
        .containsPattern("  on trial until .*: taken back unless confirmed .*trials confirm 1\\)");
    assertDone(run("switch", "b.test", "spare", "--watch=1h", "--max-errors", "0.5%"));
    assertThat(run("trials").out())
        .containsPattern("1  \\S+  rollback +0 +0 +-  127.0.0.1 +try it")
        .containsPattern("2  \\S+  keep +0 +0 +0.5%  127.0.0.1");

    assertDone(run("trials", "confirm", "1", "--why", "fine"));
    Ran back = run("trials", "rollback", "2");

    assertThat(back.out()).isEqualTo("revision 4\n  switch[b.test]  spare -> (none)\n");
    assertThat(run("trials").out().lines()).hasSize(1);
    assertThat(run("history", "3").out()).contains("\"fine\"").endsWith("    revision 1 is kept\n");
    assertThat(run("trials", "confirm", "1").exit()).isEqualTo(Exit.NOT_FOUND);
    Ran wrong = run("switch", "a.test", "app", "--watch", "1h", "--confirm-within", "1h");
    assertThat(wrong.exit()).isEqualTo(Exit.REFUSED);
    assertThat(run("servers", "drain", "app", "0", "--watch", "1h").exit()).isEqualTo(Exit.USAGE);
  }

  @Test
  void whatIsWrongIsSaidInWordsOfTheCommandLine() {
    assertThat(run("history", "x").err()).contains("'x' is not a whole number");
    assertThat(run("changes", "apply", "-f", directory + "/none").err())
        .isEqualTo("turnout ctl: " + directory + "/none cannot be read: there is no such file\n");
    assertThat(run("servers", "set", "apps", "0", "--weight", "2").err())
        .contains("upstream \"apps\" not found", "did you mean \"app\"?");
    assertThat(run("trials", "confirm", "1", "--watch", "1h").exit()).isEqualTo(Exit.USAGE);
  }

  @Test
  void aCommandTellsItsOwnOptionsAndWhereTheOthersAre() {
    assertThat(run("servers", "add", "--help").out())
        .contains("turnout ctl servers add [OPTIONS] UPSTREAM ADDRESS", "--weight=N")
        .contains("Options that all commands have: turnout ctl --help")
        .doesNotContain("--dry-run");
    assertThat(run("--help").out()).contains("--dry-run", "--node=PID", "trials", "drains");
    assertThat(run("man").out())
        .contains(".SS \"trials\"", ".SS \"trials confirm REVISION\"")
        .contains("otherwise 5% with")
        .contains("TURNOUT_RUN_DIR");
  }

  @Test
  void drainsAreListedAndOneThatIsOverIsNotCancelled() {
    assertDone(run("servers", "drain", "app", "0", "--force"));

    Ran drains = run("drains");

    assertThat(drains.out()).containsPattern("app +0 \\(" + a.address() + "\\)  done +0  -");
    String id = drains.out().lines().skip(1).findFirst().orElseThrow().split(" ", 2)[0];
    assertThat(run("drains", "cancel", id).err()).contains("the drain is done");
    assertThat(run("drains", "cancel", "none").exit()).isEqualTo(Exit.NOT_FOUND);
  }

  @Test
  void aGuardAsksBackAndForceGoesPastIt() {
    Ran held = run("servers", "remove", "app", "0");

    assertThat(held.exit()).isEqualTo(Exit.GUARDED);
    assertThat(held.err()).startsWith("turnout ctl: ").contains("--force makes the change all");
    assertDone(run("servers", "remove", "app", "0", "--force"));
  }

  @Test
  void aChangeUnderARevisionThatIsOverIsNotMade() {
    assertDone(run("servers", "add", "app", b.address(), "--if-revision", "0"));

    Ran late = run("servers", "add", "app", b.address(), "--if-revision", "0");

    assertThat(late.exit()).isEqualTo(Exit.STALE);
    assertThat(late.err()).contains("the revision in force is 1");
  }

  @Test
  void whatIsWrongIsToldWithTheApisWordsAndAStatusOfItsOwn() throws IOException {
    assertThat(run("upstreams", "spar").exit()).isEqualTo(Exit.NOT_FOUND);
    assertThat(run("upstreams", "spar").err()).contains("did you mean \"spare\"?");
    assertThat(run("servers", "add", "app", "nonsense:x").exit()).isEqualTo(Exit.REFUSED);
    assertThat(run("servers", "set", "app", "7.7.7.7:7", "--weight=1").exit())
        .isEqualTo(Exit.NOT_FOUND);
    assertThat(run("sevrers").exit()).isEqualTo(Exit.USAGE);
    assertThat(run("sevrers").err()).contains("servers");
    String reading = "http://127.0.0.1:" + proxy.port() + "/reading";
    assertThat(runAt(reading, "undo").exit()).isEqualTo(Exit.NOT_ALLOWED);
    assertThat(runAt("http://127.0.0.1:" + proxy.port() + "/", "state").exit())
        .isEqualTo(Exit.UNREACHABLE);
    try (dev.turnout.testkit.ClosedPort closed = new dev.turnout.testkit.ClosedPort()) {
      assertThat(runAt("http://" + closed.address(), "state").exit()).isEqualTo(Exit.UNREACHABLE);
    }
    assertThat(runAt("ftp://x", "state").exit()).isEqualTo(Exit.USAGE);
  }

  @Test
  void inJsonErrorsAreTheApisToo() throws Exception {
    Ran wrong = run("--json", "upstreams", "nobody");

    assertThat(Answer.parse(wrong.err()).get("error").text("code")).isEqualTo("unknown_upstream");
    assertThat(Answer.parse(run("--json", "servers", "list", "app").out()).list()).hasSize(1);
  }

  @Test
  void aHostIsSwitchedOnlyFromWhatItWas() throws Exception {
    assertDone(run("switch", "shop", "spare"));
    assertThat(RawClient.get(proxy.port(), "shop", "/").body()).isEqualTo("b");

    assertThat(run("switch", "shop", "app", "--from", "app").exit()).isEqualTo(Exit.REFUSED);
    assertDone(run("switch", "shop", "app", "--from", "spare"));
    assertThat(RawClient.get(proxy.port(), "shop", "/").body()).isEqualTo("a");
  }

  @Test
  void severalChangesAreAppliedFromAFileLookedAtAndUndone() throws Exception {
    Path file = directory.resolve("changes.json");
    Files.writeString(
        file,
        """
        [{"op":"create_upstream","upstream":"green","servers":[{"server":"%s"}]},
         {"op":"set_key","zone":"switch","key":"shop","value":"green"}]
        """
            .formatted(b.address()));

    assertDone(run("changes", "apply", "-f", file.toString(), "--why", "blue to green"));
    assertThat(RawClient.get(proxy.port(), "shop", "/").body()).isEqualTo("b");
    assertThat(run("history", "1").out())
        .contains(
            "control", "\"blue to green\"", "green  created", "switch[shop]  (none) -> green");
    assertThat(run("state").out()).contains("upstream green  created", "shop  green");
    assertThat(run("state", "--at", "0").out()).doesNotContain("green");

    assertThat(run("undo").exit()).as("the group would be empty").isEqualTo(Exit.GUARDED);
    assertDone(run("undo", "--force"));
    assertThat(RawClient.get(proxy.port(), "shop", "/").body()).isEqualTo("a");
    assertThat(run("undo", "1").exit()).isEqualTo(Exit.REFUSED);
    assertDone(run("restore", "1"));
    assertThat(RawClient.get(proxy.port(), "shop", "/").body()).isEqualTo("b");
  }

  @Test
  void aDrainIsWaitedFor() {
    assertDone(run("servers", "add", "app", b.address()));

    Ran drained = run("servers", "drain", "app", "0", "--then", "remove");

    assertDone(drained);
    assertThat(drained.out()).contains("(" + a.address() + "): done\n");
    assertThat(run("servers", "list", "app").out()).doesNotContain(a.address());
  }

  @Test
  void aUnixSocketDoesAsWell() {
    assertDone(runAt("unix:" + directory + "/ctl.sock", "servers", "add", "app", b.address()));
    assertDone(runAt("unix:" + directory + "/ctl.sock:/", "upstreams"));
    assertDone(runAt("unix:" + directory + "/ctl.sock", "undo"));
    assertThat(run("servers", "list", "app").out()).doesNotContain(b.address());
  }

  @Test
  void eventsAreFollowed() throws Exception {
    assertDone(run("servers", "add", "spare", a.address()));
    String seen = Answer.parse(run("--json", "events").out()).text("next");
    PipedReader pipe = new PipedReader();
    PrintWriter out = new PrintWriter(new PipedWriter(pipe));
    Thread follower =
        Thread.ofVirtual()
            .start(() ->
                Main.run(
                    new String[] {
                      "events",
                      "-f",
                      "--since",
                      seen,
                      "--url",
                      "http://127.0.0.1:" + proxy.port() + "/control"
                    },
                    Map.of(),
                    out,
                    new PrintWriter(new StringWriter())));
    assertDone(run("servers", "add", "app", b.address()));

    try (BufferedReader in = new BufferedReader(pipe)) {
      assertThat(in.readLine()).startsWith("change    2  ").contains("control");
      assertThat(in.readLine()).contains("app  + server 1 (" + b.address() + ")");
    }
    follower.interrupt();
    assertThat(run("events").out()).contains("app  + server 1");
  }

  @Test
  void anAuditFileTellsWhetherItIsAsItWasWritten() throws IOException {
    Path file = directory.resolve("audit.log");
    assertDone(run("servers", "add", "app", b.address()));
    assertDone(run("servers", "set", "app", "1", "--weight=2"));
    assertDone(run("servers", "remove", "app", "1"));
    List<String> lines = Files.readAllLines(file);
    assertThat(lines).hasSize(3);

    Ran verified = run("audit", "verify", file.toString());
    assertDone(verified);
    assertThat(verified.out()).startsWith("3 lines, none changed\nfrom the beginning\nlast    ");

    for (List<String> tampered :
        List.of(
            List.of(lines.get(0), lines.get(2)),
            List.of(lines.get(0), lines.get(1).replace("127", "128"), lines.get(2)),
            List.of(lines.get(0), lines.get(0), lines.get(1), lines.get(2)),
            List.of(lines.get(0), lines.get(1), "{}", lines.get(2)))) {
      Files.write(file, tampered);
      assertThat(run("audit", "verify", file.toString()).exit()).isEqualTo(Exit.REFUSED);
    }
    Files.write(file, lines.subList(0, 2));
    assertDone(run("audit", "verify", file.toString()));
    String last = verified.out().strip().replaceFirst("(?s).*last    ", "");
    assertThat(run("audit", "verify", "--to", last, file.toString()).exit())
        .isEqualTo(Exit.REFUSED);
  }

  @Test
  void topShowsHowBusyServersAre() {
    Ran top = run("top", "-n", "1", "--interval", "0.1");

    assertDone(top);
    assertThat(top.out())
        .startsWith("revision 0   0 requests/s   0 active   0 drains\n")
        .contains(a.address(), "1 of 1 up");
  }
}
