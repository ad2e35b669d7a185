package dev.turnout.systemtest;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static com.microsoft.playwright.assertions.PlaywrightAssertions.setDefaultAssertionTimeout;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import dev.turnout.systemtest.Chromium.Window;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/// The dashboard of NGINX Plus against our API, as it is: `-Dturnout.plus-dashboard=FILE` names its
/// `dashboard.html` (production-dist of the repository nginxinc/nginx-plus-dashboard), which is not
/// ours to hand on. With `-Dturnout.screenshots=DIRECTORY` what it looked like is kept there.
@EnabledIfSystemProperty(named = "turnout.plus-dashboard", matches = ".+")
class PlusDashboardIT {
  private static String site(String address) {
    return """
      upstream app { zone app 64k; server 127.0.0.1:1; server %s weight=2; }
      upstream other { zone other 64k; server 127.0.0.1:1 down; }
      server {
        listen 127.0.0.1:@PORT@;
        server_name localhost;
        status_zone site;
        location /api { api write=on; }
        location = /dashboard.html { root .; default_type text/html; }
        location / { proxy_pass http://app; }
      }
    """
        .formatted(address);
  }

  private static Locator row(Page page, String server) {
    return page.locator("tr").filter(new Locator.FilterOptions().setHasText(server));
  }

  private static void save(Page page, String button, String said) {
    page.locator("[class*=editor]").last().getByText(button, exactly()).click();
    assertThat(page.getByText(said)).isVisible();
    page.getByText("Ok", new Page.GetByTextOptions().setExact(true)).click();
  }

  private static Locator.GetByTextOptions exactly() {
    return new Locator.GetByTextOptions().setExact(true);
  }

  private static void edit(Page page, String server) {
    row(page, server).locator("input[type=checkbox]").check();
    page.getByText("Edit selected").click();
  }

  private static void keep(Page page, String name) {
    String directory = System.getProperty("turnout.screenshots");
    if (directory != null) {
      page.screenshot(
          new Page.ScreenshotOptions().setPath(Path.of(directory, "plus-" + name + ".png")));
    }
  }

  @Test
  void itsButtonsAddEditAndRemoveAServer() throws Exception {
    setDefaultAssertionTimeout(15_000);
    String html =
        Files.readString(
            Path.of(System.getProperty("turnout.plus-dashboard")), StandardCharsets.ISO_8859_1);
    try (var added = FakeUpstream.answering("added");
        var there = FakeUpstream.answering("there");
        var turnout = Turnout.start(site(there.address()), Map.of("dashboard.html", html));
        var chromium = Chromium.start();
        Window window = chromium.open("http://127.0.0.1:" + turnout.port())) {
      Page page = window.page();
      page.navigate("http://127.0.0.1:" + turnout.port() + "/dashboard.html#upstreams");
      assertThat(row(page, there.address())).isVisible();
      page.locator("[class*=edit___]").first().click();

      page.getByText("Add server", new Page.GetByTextOptions().setExact(true)).first().click();
      page.locator("#server").fill(added.address());
      page.locator("#weight").fill("3");
      page.locator("#max_conns").fill("7");
      keep(page, "add");
      save(page, "Add", "Server added successfully");
      assertThat(row(page, added.address()).locator("td").nth(4)).hasText("3");
      assertThat(
              RawClient.get(turnout.port(), "localhost", "/api/9/http/upstreams/app/servers/2")
                  .body())
          .contains("\"server\":\"" + added.address() + "\"", "\"weight\":3", "\"max_conns\":7");

      edit(page, added.address());
      assertThat(page.locator("#weight")).hasValue("3");
      page.locator("#weight").fill("9");
      page.locator("#drain").check();
      keep(page, "edit");
      save(page, "Save", "Changes saved");
      assertThat(row(page, added.address()).locator("td").nth(4)).hasText("9");
      keep(page, "edited");
      assertThat(
              RawClient.get(turnout.port(), "localhost", "/api/9/http/upstreams/app/servers/2")
                  .body())
          .contains("\"weight\":9", "\"drain\":true");

      edit(page, added.address());
      save(page, "Remove", "removed");
      assertThat(row(page, added.address())).hasCount(0);
      keep(page, "removed");
      assertThat(
              RawClient.get(turnout.port(), "localhost", "/api/9/http/upstreams/app/servers/2")
                  .status())
          .isEqualTo(404);
    }
  }
}
