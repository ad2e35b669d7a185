package dev.turnout.ctl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.turnout.json.Json;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the tool reads and prints without a node.
class TextsTest {
  @Test
  void whereTheApiIsIsReadFromAUrlOrASocket() {
    assertThat(Endpoint.parse("http://127.0.0.1:8090/control/"))
        .isEqualTo(
            new Endpoint(
                InetSocketAddress.createUnresolved("127.0.0.1", 8090),
                "127.0.0.1:8090",
                "/control"));
    assertThat(Endpoint.parse("http://[::1]").address())
        .isEqualTo(InetSocketAddress.createUnresolved("::1", 80));
    assertThat(Endpoint.parse("unix:/run/a:b.sock:/control"))
        .isEqualTo(
            new Endpoint(UnixDomainSocketAddress.of("/run/a:b.sock"), "localhost", "/control"));
    assertThat(Endpoint.parse("unix:/run/x.sock").base()).isEmpty();
    for (String wrong : List.of("unix:x.sock", "https://h/", "h:80", "http://", "http://a b/")) {
      assertThatThrownBy(() -> Endpoint.parse(wrong))
          .as(wrong)
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void namesCannotSpeakToTheTerminal() {
    Table table = new Table("A", ">N");
    table.row("x\u001b[2J", 7);
    table.row("longer", 1234);

    assertThat(table.lines()).containsExactly("A          N", "x\ufffd[2J      7", "longer  1234");
  }

  private static TopView.Look look(long nanos, long first, long second) throws Json.Malformed {
    return TopView.Look.of(
        nanos,
        Answer.parse(
            """
            [{"name":"idle","state":"configured","servers":[
               {"id":0,"server":"i:1","weight":1,"live":{"state":"down","requests":%d}}]},
             {"name":"busy","state":"changed","servers":[
               {"id":0,"server":"b:1","weight":2,
                "live":{"state":"up","active":3,"requests":%d,"fails":%d}}]}]
            """
                .formatted(first, second, second / 10)));
  }

  @Test
  void topTellsRatesTheBusiestFirst() throws Json.Malformed {
    List<String> lines =
        TopView.lines(
            look(0, 5, 1000),
            look(2_000_000_000, 6, 1400),
            Answer.parse("[{\"over\":false},{\"over\":true}]"),
            42);

    assertThat(lines)
        .containsExactly(
            "revision 42   201 requests/s   3 active   1 drains",
            "",
            "UPSTREAM  SERVER     STATE       WEIGHT  ACTIVE  REQ/S  FAIL/S",
            "busy      1 of 1 up  changed                  3    200      20",
            "          b:1        up               2       3    200      20",
            "idle      0 of 1 up  configured               0    0.5       0",
            "          i:1        down             1       0    0.5       0");
  }

  @Test
  void theManualPageNamesEveryCommandAndEveryExitStatus() {
    String page = ManPage.of(new Ctl(Map.of()).line());

    assertThat(page)
        .contains(".SS \"servers add UPSTREAM ADDRESS\"", ".SS \"switch HOST UPSTREAM\"")
        .contains(".B \\-\\-if\\-revision NUMBER", ".SS \"servers remove UPSTREAM SERVER ...\"");
    for (int exit = 0; exit <= Exit.UNREACHABLE; exit++) {
      assertThat(page).contains(".B " + exit + "\n");
    }
  }

  @Test
  void bashCompletesCommandsAndOptions(@TempDir Path directory) throws Exception {
    Path script = directory.resolve("completion");
    Files.writeString(script, CompletionCommand.script(new Ctl(Map.of()).line()));

    assertThat(completed(directory, "c")).contains("ctl");
    assertThat(completed(directory, "ctl", "serv")).containsExactly("servers");
    assertThat(completed(directory, "ctl", "servers", "dr")).containsExactly("drain");
    assertThat(completed(directory, "ctl", "servers", "add", "--wei")).containsExactly("--weight");
  }

  private static List<String> completed(Path directory, String... words) throws Exception {
    String bash =
        "compopt() { :; }; source %s; COMP_WORDS=(turnout %s); COMP_CWORD=%d; COMP_LINE='turnout %s';"
                .formatted(
                    directory.resolve("completion"),
                    String.join(" ", words),
                    words.length,
                    String.join(" ", words))
            + " COMP_POINT=${#COMP_LINE}; _complete_turnout; printf '%s\\n' \"${COMPREPLY[@]}\"";
    Process process = new ProcessBuilder("bash", "-c", bash).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(err).isEmpty();
    return out.lines().map(String::strip).filter(line -> !line.isEmpty()).toList();
  }
}
