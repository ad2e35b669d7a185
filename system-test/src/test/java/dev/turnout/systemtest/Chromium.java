package dev.turnout.systemtest;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.options.ColorScheme;
import dev.turnout.testkit.Installed;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// A real browser, the machine's Chromium, or the program that `-Dturnout.chromium` names. What
/// pages ask for is watched: whatever would leave their origin, and whatever they report as an
/// error, fails the test when the [Window] is closed.
final class Chromium implements AutoCloseable {
  static final int WIDE = 1360;
  static final int NARROW = 390;

  private final Playwright playwright;
  private final Browser browser;
  private final String axe;

  private Chromium(Playwright playwright, Browser browser, String axe) {
    this.playwright = playwright;
    this.browser = browser;
    this.axe = axe;
  }

  static Chromium start() throws IOException {
    Path program = Path.of(System.getProperty("turnout.chromium", "/usr/bin/chromium"));
    Installed.need(program.toString(), "chromium");
    Playwright playwright =
        Playwright.create(
            new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
    Browser browser =
        playwright
            .chromium()
            .launch(
                new BrowserType.LaunchOptions()
                    .setExecutablePath(program)
                    .setArgs(List.of("--no-sandbox", "--disable-gpu")));
    try (InputStream in = Chromium.class.getResourceAsStream("/axe.min.js")) {
      return new Chromium(
          playwright, browser, new String(Objects.requireNonNull(in).readAllBytes(), UTF_8));
    }
  }

  /// A window on a site of its own: no state is shared with others.
  Window open(String origin, int width, ColorScheme scheme) {
    BrowserContext context =
        browser.newContext(
            new Browser.NewContextOptions()
                .setLocale("en-GB")
                .setColorScheme(scheme)
                .setViewportSize(width, width == NARROW ? 844 : 900));
    context.setDefaultTimeout(20_000);
    return new Window(context, context.newPage(), origin, axe);
  }

  Window open(String origin) {
    return open(origin, WIDE, ColorScheme.LIGHT);
  }

  /// A page, and what it did.
  static final class Window implements AutoCloseable {
    private final BrowserContext context;
    private final Page page;
    private final String axe;
    private final List<String> foreign = new ArrayList<>();
    private final List<String> errors = new ArrayList<>();

    private Window(BrowserContext context, Page page, String origin, String axe) {
      this.context = context;
      this.page = page;
      this.axe = axe;
      page.onRequest(request -> {
        if (!request.url().startsWith(origin + "/")) {
          foreign.add(request.url());
        }
      });
      page.onPageError(errors::add);
      page.onConsoleMessage(message -> {
        // that something is not there, or refused, the browser writes by itself
        if (message.type().equals("error") && !message.text().contains("Failed to load resource")) {
          errors.add(message.text());
        }
      });
    }

    Page page() {
      return page;
    }

    /// What of the page is a serious hindrance to somebody, one line each.
    List<?> hindrances() {
      page.evaluate(axe);
      return (List<?>)
          page.evaluate(
              """
              async () => (await axe.run(document)).violations
                .filter((one) => ["serious", "critical"].includes(one.impact))
                .map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" ")}`)
              """);
    }

    /// By how many pixels the page is wider than the window.
    int overflow() {
      return ((Number)
              page.evaluate(
                  "document.documentElement.scrollWidth - document.documentElement.clientWidth"))
          .intValue();
    }

    @Override
    public void close() {
      context.close();
      assertThat(foreign).as("requests that leave the origin").isEmpty();
      assertThat(errors).as("errors of the page").isEmpty();
    }
  }

  @Override
  public void close() {
    browser.close();
    playwright.close();
  }
}
