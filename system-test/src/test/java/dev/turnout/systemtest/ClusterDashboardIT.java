package dev.turnout.systemtest;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static com.microsoft.playwright.assertions.PlaywrightAssertions.setDefaultAssertionTimeout;
import static dev.turnout.systemtest.DashboardIT.button;
import static dev.turnout.systemtest.DashboardIT.dialog;
import static dev.turnout.systemtest.DashboardIT.field;
import static dev.turnout.systemtest.DashboardIT.isDone;
import static dev.turnout.systemtest.DashboardIT.press;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Page.GetByRoleOptions;
import com.microsoft.playwright.options.AriaRole;
import dev.turnout.systemtest.Chromium.Window;
import dev.turnout.testkit.Answers;
import dev.turnout.testkit.Eventually;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RedisServer;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Semaphore;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The dashboard's views of the controller and of the store, in a real browser, with what two nodes
/// with one Redis and an autoscaler answer.
@Timeout(180)
class ClusterDashboardIT {
  private static final Duration BOUND = Duration.ofSeconds(60);
  private static final Map<String, String> KEYS = new HashMap<>();
  private static final Semaphore arrived = new Semaphore(0);
  private static final Semaphore allowed = new Semaphore(0);
  private static final List<RawClient> clients = new ArrayList<>();

  /// What is to be closed, the latest first.
  private static final Deque<AutoCloseable> opened = new ArrayDeque<>();

  private static Chromium chromium;
  private static RedisServer redis;
  private static List<FakeUpstream> backends;
  private static String keys;
  private static Turnout one;
  private static Turnout two;

  private static <T extends AutoCloseable> T opened(T it) {
    opened.push(it);
    return it;
  }

  @BeforeAll
  static void start() throws Exception {
    setDefaultAssertionTimeout(30_000);
    chromium = opened(Chromium.start());
    redis = opened(RedisServer.start());
    backends = List.of(backend(), backend(), backend());
    keys =
        DashboardIT.key("vera", "viewer", KEYS)
            + DashboardIT.key("otto", "operator:upstream=app", KEYS)
            + DashboardIT.key("olga", "operator:upstream=other", KEYS);
    one = opened(Turnout.start(site("one"), Map.of("keys", keys)));
    awaitView(one, "\"leader\":true,\"leader_node\":\"one\"");
    two = opened(Turnout.start(site("two"), Map.of("keys", keys)));
    awaitView(two, "\"leader\":false,\"leader_node\":\"one\"");
    awaitView(one, "\"complete\":true");
  }

  private static FakeUpstream backend() {
    return opened(
        FakeUpstream.each((_, connection) -> {
          arrived.release();
          allowed.acquire();
          connection.send(Answers.ok("done"));
        }));
  }

  private static String site(String node) {
    return """
      state_directory state;
      state_store redis://%s node=%s;
      upstream app {
        server %s; server %s down; server %s down;
        pack 2; store;
        autoscale just_enough packing=2 spares=0 max=3 t_wait=1s interval=200ms;
      }
      server {
        listen 127.0.0.1:@PORT@;
        server_name localhost;
        location /control { control_api write=on; }
        location /ui/ { dashboard api=/control; }
        location /keyed { control_api write=on; management_keys keys; }
        location /keyed-ui/ { dashboard api=/keyed; }
        location / { proxy_pass http://app; }
      }
    """
        .formatted(
            redis.address(),
            node,
            backends.get(0).address(),
            backends.get(1).address(),
            backends.get(2).address());
  }

  @AfterAll
  static void quit() throws Exception {
    allowed.release(1000);
    for (RawClient client : clients) {
      client.close();
    }
    while (!opened.isEmpty()) {
      opened.pop().close();
    }
  }

  private static void awaitView(Turnout node, String text) throws Exception {
    Eventually.until(
        BOUND,
        () ->
            RawClient.get(node.port(), "localhost", "/control/autoscale/app").body().contains(text),
        () -> "no " + text);
  }

  /// The node that acts: it may be another one after the store was away.
  private static Turnout leading() throws Exception {
    Eventually.until(BOUND, () -> leads(one) != leads(two), () -> "nobody acts, or both do");
    return leads(one) ? one : two;
  }

  private static boolean leads(Turnout node) throws IOException {
    return RawClient.get(node.port(), "localhost", "/control/autoscale/app")
        .body()
        .contains("\"leader\":true");
  }

  private static String origin(Turnout node) {
    return "http://127.0.0.1:" + node.port();
  }

  private static Window open(Turnout node, String path) {
    Window window = chromium.open(origin(node));
    window.page().navigate(origin(node) + path);
    return window;
  }

  private static void hold(int requests) throws IOException {
    for (int i = 0; i < requests; i++) {
      RawClient client = RawClient.connect(one.port());
      clients.add(client);
      client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
      arrived.acquireUninterruptibly();
    }
  }

  private static Locator row(Page page, String server) {
    return page.locator("tr").filter(new Locator.FilterOptions().setHasText(server)).first();
  }

  @Test
  void theControllerFollowsTheLoadAndSaysWhy() throws Exception {
    try (Window window = open(leading(), "/ui/")) {
      Page page = window.page();
      page.getByRole(AriaRole.LINK, new GetByRoleOptions().setName("Controller")).click();
      assertThat(row(page, backends.get(1).address())).containsText("off");

      hold(4);

      assertThat(row(page, backends.get(1).address())).containsText("on");
      assertThat(page.locator(".figures")).containsText(Pattern.compile("in the system\\s*4\\.0"));
      assertThat(page.locator(".figures")).containsText(Pattern.compile("Target\\s*2of 1 to 3"));
      assertThat(page.locator(".figures")).containsText(Pattern.compile("Energy saved\\s*\\d+ %"));
      Locator decision =
          page.locator("td.what")
              .filter(
                  new Locator.FilterOptions().setHasText("starting " + backends.get(1).address()))
              .first();
      assertThat(decision).containsText("in system, 1 server carries 2");
      assertThat(page.getByText(backends.get(1).address() + " is ready after").first()).isVisible();
      assertThat(window.hindrances()).isEmpty();

      page.getByRole(AriaRole.LINK, new GetByRoleOptions().setName("History")).click();
      assertThat(
              page.locator("tr[data-revision]")
                  .filter(new Locator.FilterOptions().setHasText("autoscaler"))
                  .first())
          .containsText("starting " + backends.get(1).address());

      page.getByRole(AriaRole.LINK, new GetByRoleOptions().setName("Controller")).click();
      allowed.release(4);
      assertThat(row(page, backends.get(1).address())).containsText("off");
      assertThat(page.locator("td.what").filter(new Locator.FilterOptions().setHasText("draining")))
          .not()
          .hasCount(0);
    }
  }

  @Test
  void soManyServersAreOnBecauseSomebodySaysSo() throws Exception {
    try (Window window = open(leading(), "/ui/#/controller")) {
      Page page = window.page();
      button(page, "Override app").click();
      field(page, "Servers").fill("3");
      field(page, "For").fill("soon");
      press(page, "Override");
      assertThat(dialog(page).getByRole(AriaRole.ALERT)).containsText("for");
      field(page, "For").fill("5m");
      field(page, "Reason").fill("sale");
      press(page, "Override");
      isDone(page);

      assertThat(page.getByText("3 servers until")).containsText("sale");
      assertThat(row(page, backends.get(2).address())).containsText("on");

      button(page, "End override of app").click();
      press(page, "End it");
      isDone(page);
      assertThat(page.getByText("3 servers until")).hasCount(0);
    }
  }

  @Test
  void whoMayNotSteerTheControllerIsNotAskedTo() throws Exception {
    record Case(String name, int buttons) {}
    Turnout node = leading();
    for (Case each : List.of(new Case("vera", 0), new Case("olga", 0), new Case("otto", 1))) {
      try (Window window = open(node, "/keyed-ui/#/controller")) {
        Page page = window.page();
        field(page, "Key").fill(Objects.requireNonNull(KEYS.get(each.name)));
        press(page, "Go on");
        assertThat(row(page, backends.get(0).address())).isVisible();
        assertThat(button(page, "Override app")).hasCount(each.buttons);
      }
    }
  }

  @Test
  void aNodeThatDoesNotActSaysWhichDoes() throws Exception {
    boolean first = leading().equals(one);
    try (Window window = open(first ? two : one, "/ui/#/controller")) {
      Page page = window.page();
      assertThat(page.getByText("node " + (first ? "one" : "two") + " acts")).isVisible();
      assertThat(button(page, "Override app")).hasCount(0);
      assertThat(window.hindrances()).isEmpty();
    }
  }

  @Test
  void theStoreAndTheNodesThatShareItAreShownWhileItIsAwayToo() throws Exception {
    try (Window window = open(one, "/ui/#/node")) {
      Page page = window.page();
      assertThat(page.locator("dl.facts").nth(1))
          .containsText(Pattern.compile("store\\s*redis://" + redis.address()));
      assertThat(row(page, "this one")).containsText(Pattern.compile("one.*up"));
      Locator other = page.locator("tr").filter(new Locator.FilterOptions().setHasText("two"));
      assertThat(other).containsText(Pattern.compile("two\\s*up"));
      assertThat(window.hindrances()).isEmpty();

      redis.kill();
      assertThat(page.locator("#link")).hasText("store lost");
      assertThat(page).hasTitle(Pattern.compile("⚠ store lost.*"));
      assertThat(page.getByText("lost since").first()).isVisible();
      assertThat(window.hindrances()).isEmpty();

      redis.startAgain();
      assertThat(page.locator("#link")).hasText("live");
    }
    leading(); // one of them acts again
  }
}
