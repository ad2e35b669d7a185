package dev.turnout.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class BuildInfoTest {
  @Test
  void theFirstLineIsReadByToolsThatLookForNginx() {
    var info = new BuildInfo("1.31.5", "0.1.0", Set.of(), List.of());

    assertThat(info.text())
        .startsWith("nginx version: nginx/1.31.5 (turnout 0.1.0)\nturnout version: 0.1.0\n");
  }

  @Test
  void aDefaultModuleWeLackIsShownAsLeftOut() {
    var info = new BuildInfo("1.31.5", "0.1.0", Set.of("proxy"), List.of("--with-debug"));

    assertThat(info.configureArguments())
        .startsWith("--with-debug")
        .contains("--without-http_ssi_module", "--without-http-cache")
        .doesNotContain("--without-http_proxy_module");
  }

  @Test
  void aModuleNginxDoesNotKnowIsAMistake() {
    assertThatThrownBy(() -> new BuildInfo("1.31.5", "0.1.0", Set.of("acess"), List.of()))
        .hasMessage("nginx has no default module \"acess\"");
  }

  @Test
  void ourOwnFactsAreComplete() {
    BuildInfo info = BuildInfo.load();

    assertThat(info.nginx()).matches("[0-9]+\\.[0-9]+\\.[0-9]+");
    assertThat(info.modules()).contains("proxy");
    assertThat(info.options()).allMatch(option -> option.startsWith("--with-"));
  }
}
