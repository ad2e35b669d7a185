package dev.turnout.systemtest;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static com.microsoft.playwright.assertions.PlaywrightAssertions.setDefaultAssertionTimeout;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Page.GetByRoleOptions;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import dev.turnout.systemtest.Chromium.Window;
import dev.turnout.testkit.Answers;
import dev.turnout.testkit.ClosedPort;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Semaphore;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The dashboard in a real browser: every view, everything that can be done there, and by whom.
@Timeout(120)
class DashboardIT {
  private static final List<String> VIEWS =
      List.of("switches", "servers", "history", "events", "node", "controller");

  private static final Map<String, String> KEYS = new HashMap<>();

  private static Chromium chromium;
  private static String keys;
  private static FakeUpstream blue;
  private static FakeUpstream green;
  private static FakeUpstream first; // of the group with a controller
  private static FakeUpstream second;
  private static FakeUpstream holding;
  private static ClosedPort closed;
  private static final Semaphore arrived = new Semaphore(0);
  private static final Semaphore allowed = new Semaphore(0);

  private static Turnout turnout;

  /// What is to be closed, the latest first: all that there is, also where the browser is not.
  private static final Deque<AutoCloseable> opened = new ArrayDeque<>();

  private static <T extends AutoCloseable> T opened(T one) {
    opened.push(one);
    return one;
  }

  @BeforeAll
  static void launch() throws Exception {
    setDefaultAssertionTimeout(15_000);
    chromium = opened(Chromium.start());
    blue = opened(FakeUpstream.answering("blue"));
    green = opened(FakeUpstream.answering("green"));
    first = opened(FakeUpstream.answering("first"));
    second = opened(FakeUpstream.answering("second"));
    holding =
        opened(
            FakeUpstream.each((_, connection) -> {
              arrived.release();
              allowed.acquire();
              connection.send(Answers.ok("held"));
            }));
    closed = opened(new ClosedPort());
    keys =
        key("vera", "viewer")
            + key("otto", "operator:upstream=web-*,upstream=blue")
            + key("ada", "admin");
    turnout = opened(Turnout.start(site(), Map.of("keys", keys)));
  }

  @AfterAll
  static void quit() throws Exception {
    allowed.release(100);
    while (!opened.isEmpty()) {
      opened.pop().close();
    }
  }

  private static String site() {
    StringBuilder many = new StringBuilder();
    IntStream.range(0, 1000)
        .forEach(i -> many.append(" server 127.0.0.1:%d down;".formatted(10_000 + i)));
    return """
      state_directory state;
      keyval_zone zone=switch:1m;
      keyval $host $ups zone=switch default=blue;
      upstream blue { server %s; }
      upstream green { server %s; }
      upstream web-1 { server 127.0.0.1:1 down; server 127.0.0.1:2 down; server 127.0.0.1:3 down; }
      upstream guarded { server 127.0.0.1:1; guard keep_nonempty; }
      upstream held { server %s; server 127.0.0.1:1 down; }
      upstream typed { server 127.0.0.1:4; server 127.0.0.1:5; }
      upstream sick { zone sick 64k; server %s; }
      upstream taken { server %s; server 127.0.0.1:1 down; }
      upstream scaled {
        server %s;
        server %s down;
        pack 2;
        autoscale just_enough packing=2 spares=0 interval=100ms t_wait=1h;
      }
      upstream zz { %s }
      server {
        listen 127.0.0.1:@PORT@;
        server_name localhost *.test;
        location /control { control_api write=on; }
        location /ui/ { dashboard api=/control; }
        location /reading { control_api; }
        location /reading-ui/ { dashboard api=/reading; }
        location /keyed { control_api write=on; management_keys keys; }
        location /keyed-ui/ { dashboard api=/keyed; }
        location /held { proxy_pass http://held; }
        location /taken { proxy_pass http://taken; }
        location /sick { proxy_pass http://sick; health_check interval=200ms; }
        location / { proxy_pass http://$ups; }
      }
    """
        .formatted(
            blue.address(),
            green.address(),
            holding.address(),
            closed.address(),
            holding.address(),
            first.address(),
            second.address(),
            many);
  }

  /// Has the program make a key: notes it, and returns the line for the file of keys.
  private static String key(String name, String role) throws Exception {
    return key(name, role, KEYS);
  }

  /// The same, noted in `keys`.
  static String key(String name, String role, Map<String, String> keys) throws Exception {
    String said = Turnout.run("--hash-key", name, role).output();
    keys.put(name, said.substring(said.indexOf(name + ".")).strip());
    return said.lines().filter(line -> line.startsWith(name + ":")).findFirst().orElseThrow()
        + "\n";
  }

  private static String origin() {
    return "http://127.0.0.1:" + turnout.port();
  }

  private static Window open(String path) {
    Window window = chromium.open(origin());
    window.page().navigate(origin() + path);
    return window;
  }

  static Locator button(Page page, String name) {
    return page.getByRole(AriaRole.BUTTON, new GetByRoleOptions().setName(name).setExact(true));
  }

  static Locator field(Page page, String label) {
    return page.getByLabel(label, new Page.GetByLabelOptions().setExact(true));
  }

  static Locator dialog(Page page) {
    return page.getByRole(AriaRole.DIALOG);
  }

  /// The button of the dialog that is open.
  static void press(Page page, String action) {
    dialog(page)
        .getByRole(AriaRole.BUTTON, new Locator.GetByRoleOptions().setName(action).setExact(true))
        .click();
  }

  static void isDone(Page page) {
    assertThat(dialog(page)).hasCount(0);
  }

  private static Locator server(Page page, String upstream, int id) {
    return page.locator("[data-server='" + upstream + "/" + id + "']");
  }

  private static Locator zone(Page page) {
    return page.locator("[data-zone=switch]");
  }

  /// The row of the revision with this in it.
  private static Locator revision(Page page, String text) {
    return page.locator("tr[data-revision]").filter(new Locator.FilterOptions().setHasText(text));
  }

  private static String whoAnswers(String host) throws Exception {
    return RawClient.get(turnout.port(), host, "/").body();
  }

  // ---- switches

  @Test
  void aHostIsSwitchedAndTheSwitchIsUndone() throws Exception {
    try (Window window = open("/ui/")) {
      Page page = window.page();
      button(page, "Add key to switch").click();
      field(page, "Key").fill("shop.test");
      field(page, "Value").fill("green");
      field(page, "Reason").fill("first customers");
      press(page, "Add");
      isDone(page);
      assertThat(zone(page)).containsText(Pattern.compile("shop\\.test\\s*green"));
      assertThat(whoAnswers("shop.test")).isEqualTo("green");

      button(page, "Switch shop.test").click();
      field(page, "Value").fill("blue");
      press(page, "Switch");
      isDone(page);
      assertThat(zone(page)).containsText(Pattern.compile("shop\\.test\\s*blue"));
      assertThat(whoAnswers("shop.test")).isEqualTo("blue");
      assertThat(revision(page, "shop.test → green")).containsText("first customers");

      revision(page, "shop.test from green → blue")
          .getByRole(AriaRole.BUTTON, new Locator.GetByRoleOptions().setName("Undo"))
          .click();
      assertThat(dialog(page)).containsText("shop.test from blue → green");
      press(page, "Undo");
      isDone(page);
      assertThat(zone(page)).containsText(Pattern.compile("shop\\.test\\s*green"));
      assertThat(whoAnswers("shop.test")).isEqualTo("green");

      button(page, "Remove shop.test").click();
      press(page, "Remove");
      isDone(page);
      assertThat(zone(page)).not().containsText("shop.test");
      assertThat(whoAnswers("shop.test")).isEqualTo("blue");
    }
  }

  @Test
  void theTimelineShowsWhatWasBeforeThePageWasOpened() throws Exception {
    for (int i = 0; i < 40; i++) {
      whoAnswers("a.test");
    }
    try (Window window = open("/ui/")) {
      Page page = window.page();
      Locator timeline = page.getByRole(AriaRole.IMG).and(page.locator("[aria-label^='Timeline']"));
      assertThat(timeline)
          .hasAttribute(
              "aria-label", Pattern.compile("last 5 minutes; now .* requests per second.*"));
      assertThat(page.locator(".uplot canvas")).hasCount(2);
      page.getByText("1 hour").click();
      assertThat(timeline).hasAttribute("aria-label", Pattern.compile("last 60 minutes.*"));

      button(page, "Add key to switch").click();
      field(page, "Key").fill("line.test");
      field(page, "Value").fill("green");
      press(page, "Add");
      assertThat(revision(page, "line.test").locator("dl.effect"))
          .containsText(Pattern.compile("req/s.*→.*p99.*→.*5xx.*→", Pattern.DOTALL));
    }
  }

  // ---- servers

  @Test
  void aServerIsAddedEditedAndRemoved() {
    try (Window window = open("/ui/#/servers")) {
      Page page = window.page();
      button(page, "Add server to green").click();
      field(page, "Server").fill("127.0.0.1:7777");
      field(page, "Weight").fill("3");
      press(page, "Add");
      isDone(page);
      Locator row = server(page, "green", 1);
      assertThat(row).containsText("127.0.0.1:7777");
      assertThat(row.locator("td").nth(1)).hasText("3");

      button(page, "Edit 127.0.0.1:7777").click();
      field(page, "Weight").fill("5");
      field(page, "Most requests at once").fill("9");
      press(page, "Save");
      isDone(page);
      assertThat(row.locator("td").nth(1)).hasText("5");
      assertThat(row.locator("td").nth(2)).hasText("0/9");

      button(page, "Remove 127.0.0.1:7777").click();
      press(page, "Remove");
      isDone(page);
      assertThat(row).hasCount(0);
    }
  }

  @Test
  void aDrainIsFollowedToItsEnd() throws Exception {
    try (Window window = open("/ui/#/servers?group=held");
        RawClient client = RawClient.connect(turnout.port())) {
      Page page = window.page();
      client.send("GET /held HTTP/1.1\r\nHost: localhost\r\n\r\n");
      arrived.acquire();
      Locator row = server(page, "held", 0);
      assertThat(row.locator("td").nth(2)).hasText("1");
      button(page, "Drain " + holding.address()).click();
      assertThat(dialog(page)).containsText("1 request is there now");
      field(page, "Wait at most").fill("");
      field(page, "Then").selectOption("remove");
      press(page, "Drain");
      isDone(page);
      assertThat(row).containsText("draining, 1 left");

      button(page, holding.address() + ": details").click();
      assertThat(dialog(page).getByRole(AriaRole.STATUS))
          .containsText("1 requests left; then remove");
      allowed.release();

      isDone(page); // with the server, what was said of it is gone
      assertThat(row).hasCount(0);
      assertThat(client.readResponse().body()).isEqualTo("held");
    }
  }

  @Test
  void aDrainIsTakenBack() throws Exception {
    try (Window window = open("/ui/#/servers?group=taken");
        RawClient client = RawClient.connect(turnout.port())) {
      Page page = window.page();
      client.send("GET /taken HTTP/1.1\r\nHost: localhost\r\n\r\n");
      arrived.acquire();
      Locator row = server(page, "taken", 0);
      button(page, "Drain " + holding.address()).click();
      press(page, "Drain");
      assertThat(row).containsText("draining, 1 left");

      button(page, "Take " + holding.address() + " back").click();

      assertThat(row).containsText("up");
      assertThat(button(page, "Drain " + holding.address())).isVisible();
      allowed.release();
    }
  }

  @Test
  void detailsShowHowLongResponsesTook() throws Exception {
    whoAnswers("a.test");
    try (Window window = open("/ui/#/servers?group=blue")) {
      Page page = window.page();
      button(page, blue.address() + ": details").click();
      Locator histogram =
          dialog(page)
              .getByRole(
                  AriaRole.TABLE,
                  new Locator.GetByRoleOptions().setName("Response times since it joined"));
      assertThat(histogram).isVisible();
      assertThat(
              histogram
                  .locator("tr:visible")
                  .filter(new Locator.FilterOptions().setHasText("1"))
                  .first())
          .isVisible();
      assertThat(dialog(page)).containsText(Pattern.compile("requests\\s*1,"));
    }
  }

  @Test
  void groupsAreMadeAndRemoved() {
    try (Window window = open("/ui/#/servers")) {
      Page page = window.page();
      button(page, "New group").click();
      field(page, "Name").fill("fresh");
      field(page, "Method").selectOption("least_conn");
      field(page, "Servers").fill("127.0.0.1:71\n127.0.0.1:72\n");
      press(page, "Make it");
      isDone(page);
      assertThat(server(page, "fresh", 1)).containsText("127.0.0.1:72");

      button(page, "Remove group fresh").click();
      assertThat(dialog(page)).containsText("fresh: removed");
      press(page, "Remove");
      isDone(page);
      assertThat(server(page, "fresh", 1)).hasCount(0);
    }
  }

  @Test
  void whatIsRefusedIsToldAsTheApiSaysIt() {
    try (Window window = open("/ui/#/servers")) {
      Page page = window.page();
      button(page, "Add server to green").click();
      field(page, "Server").fill("127.0.0.1:port");
      press(page, "Add");
      assertThat(dialog(page).getByRole(AriaRole.ALERT)).containsText("127.0.0.1:port");
      page.keyboard().press("Escape");
      isDone(page);

      field(page, "Filter").fill("guarded");
      button(page, "Remove 127.0.0.1:1").first().click();
      press(page, "Remove");
      assertThat(dialog(page).getByRole(AriaRole.ALERT))
          .containsText("?force=1 makes the change all the same");
      field(page, "Do it all the same").check();
      press(page, "Remove");
      isDone(page);
      assertThat(server(page, "guarded", 0)).hasCount(0);
    }
  }

  @Test
  void aServerThatFailsItsChecksIsSeenInTheTitleToo() {
    try (Window window = open("/ui/#/servers")) {
      Page page = window.page();
      assertThat(server(page, "sick", 0)).containsText(Pattern.compile("unhealthy.*failed"));
      assertThat(page).hasTitle(Pattern.compile("⚠ 1 out · Servers · r\\d+ · Turnout"));

      field(page, "Only trouble").check();
      assertThat(server(page, "blue", 0)).hasCount(0);
      assertThat(server(page, "sick", 0)).isVisible();
    }
  }

  @Test
  void aThousandServersAreAFewRowsOfThePage() {
    try (Window window = open("/ui/#/servers?group=zz")) {
      Page page = window.page();
      assertThat(page.getByText("1,000 servers")).isVisible();
      assertThat((int) page.evaluate("document.querySelectorAll('tr.server').length"))
          .isLessThan(60);
      page.evaluate("scrollTo(0, document.body.scrollHeight)");
      assertThat(server(page, "zz", 999)).isVisible();
      assertThat(server(page, "zz", 999)).hasAttribute("aria-rowindex", "1002");
      assertThat(page.getByRole(AriaRole.TABLE)).hasAttribute("aria-rowcount", "1002");
      field(page, "Filter").fill("127.0.0.1:10500");
      assertThat(server(page, "zz", 500)).isVisible();
      assertThat(page.getByText("1 server", new Page.GetByTextOptions().setExact(true)))
          .isVisible();
    }
  }

  // ---- the controller

  @Test
  void theControllerIsSeenAndOverriddenAndItsFiguresTakeNoFocusAway() {
    try (Window window = open("/ui/#/controller")) {
      Page page = window.page();
      Locator scaled = page.locator("[data-controller=scaled]");
      assertThat(scaled).containsText(Pattern.compile("Target\\s*1\\s*of 1 to 2"));
      Locator override = button(page, "Override scaled");
      override.focus();
      assertThat(scaled).not().hasText(scaled.textContent()); // for how long a server has been on
      assertThat(override).isFocused();

      page.keyboard().press("Enter");
      field(page, "Servers").fill("2");
      field(page, "Reason").fill("sale");
      press(page, "Override");
      isDone(page);
      assertThat(scaled).containsText(Pattern.compile("2 servers until .*: sale"));
      assertThat(scaled).containsText(Pattern.compile("On\\s*2"));
      assertThat(page.getByRole(AriaRole.TABLE, new GetByRoleOptions().setName("Decisions")))
          .containsText("starting " + second.address());

      button(page, "End override of scaled").click();
      press(page, "End it");
      isDone(page);
      assertThat(scaled).not().containsText("servers until");
    }
  }

  // ---- who may do what

  private static String key(String name) {
    return Objects.requireNonNull(KEYS.get(name));
  }

  private static Window signedIn(String view, String name) {
    Window window = open("/keyed-ui/#/" + view);
    field(window.page(), "Key").fill(key(name));
    press(window.page(), "Go on");
    return window;
  }

  @Test
  void whoOnlyLooksSeesNoButtonsThatWouldBeRefused() {
    try (Window window = signedIn("servers", "vera")) {
      Page page = window.page();
      assertThat(page.getByText("viewer")).isVisible();
      assertThat(server(page, "blue", 0)).isVisible();
      Pattern changing =
          Pattern.compile("^(Add|Edit|Drain|Take|Remove|New|Switch|Undo|Restore|Override|End).*");
      for (String view : VIEWS) {
        page.navigate(origin() + "/keyed-ui/#/" + view);
        assertThat(page.locator("main h1")).hasCount(1);
        assertThat(page.getByRole(AriaRole.BUTTON, new GetByRoleOptions().setName(changing)))
            .hasCount(0);
      }
    }
  }

  @Test
  void aReadingApiHasNoButtonsEither() {
    try (Window window = open("/reading-ui/#/servers")) {
      Page page = window.page();
      assertThat(page.getByText("read only")).isVisible();
      assertThat(server(page, "blue", 0)).isVisible();
      assertThat(page.getByRole(AriaRole.BUTTON, new GetByRoleOptions().setName("Add server")))
          .hasCount(0);
    }
  }

  @Test
  void aBoundOperatorChangesWhatIsTheirs() {
    try (Window window = signedIn("servers", "otto")) {
      Page page = window.page();
      assertThat(button(page, "Add server to web-1")).isVisible();
      assertThat(button(page, "Add server to blue")).isVisible();
      assertThat(button(page, "Add server to green")).hasCount(0);
      assertThat(button(page, "New group")).hasCount(0);
      button(page, "Add server to web-1").click();
      field(page, "Server").fill("127.0.0.1:9");
      press(page, "Add");
      isDone(page);
      assertThat(server(page, "web-1", 3)).isVisible();

      page.getByRole(AriaRole.LINK, new GetByRoleOptions().setName("History")).click();
      assertThat(revision(page, "127.0.0.1:9 added")).containsText("key:otto");
      assertThat(page.getByRole(AriaRole.BUTTON, new GetByRoleOptions().setName("Undo")))
          .hasCount(0);
    }
  }

  @Test
  void aWrongKeyIsToldAndAnotherMayBeGiven() {
    try (Window window = open("/keyed-ui/")) {
      Page page = window.page();
      field(page, "Key").fill("ada.wrong");
      press(page, "Go on");
      assertThat(dialog(page).getByRole(AriaRole.ALERT)).isVisible();
      field(page, "Key").fill(key("ada"));
      press(page, "Go on");
      isDone(page);
      assertThat(page.getByText("admin", new Page.GetByTextOptions().setExact(true))).isVisible();
      assertThat(button(page, "Add key to switch")).isVisible();

      button(page, "Forget key").click();
      assertThat(dialog(page)).containsText("Who are you?");
    }
  }

  // ---- history, events, node

  @Test
  void anOldStateIsRestoredFromTheHistory() throws Exception {
    try (Window window = open("/ui/#/history")) {
      Page page = window.page();
      assertThat(page.getByText("revisions; the history begins")).isVisible();
      for (String target : List.of("green", "blue", "green")) {
        put("old.test", target);
      }
      field(page, "Search").fill("old.test");
      assertThat(page.locator("tr[data-revision]")).hasCount(3);
      field(page, "Search").fill("old.test from green → blue");
      assertThat(page.locator("tr[data-revision]")).hasCount(1);
      page.getByRole(AriaRole.BUTTON, new GetByRoleOptions().setName("Restore revision")).click();
      assertThat(dialog(page)).containsText("old.test from green → blue");
      press(page, "Restore");
      isDone(page);
      assertThat(page.locator("tr[data-revision]")).hasCount(2);
      assertThat(whoAnswers("old.test")).isEqualTo("blue");
    }
  }

  private static void put(String host, String target) throws Exception {
    String body = "{\"value\":\"" + target + "\"}";
    try (RawClient client = RawClient.connect(turnout.port())) {
      int status =
          client
              .send(
                  "PUT /control/zones/switch/keys/%s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                      .formatted(host, body.length(), body))
              .readResponse()
              .status();
      assertThat(status).isEqualTo(200);
    }
  }

  @Test
  void eventsComeAsTheyHappen() throws Exception {
    try (Window window = open("/ui/#/events")) {
      Page page = window.page();
      assertThat(page.locator("tr").filter(new Locator.FilterOptions().setHasText("unhealthy")))
          .isVisible();
      put("event.test", "green");
      Locator change =
          page.locator("tr")
              .filter(new Locator.FilterOptions().setHasText("switch: event.test → green"));
      assertThat(change).isVisible();
      page.getByText("Changes", new Page.GetByTextOptions().setExact(true)).click();
      assertThat(change).hasCount(0);
    }
  }

  @Test
  void theNodeTellsWhoIAm() {
    try (Window window = open("/ui/#/node")) {
      Page page = window.page();
      assertThat(page.locator("dl.facts").first()).containsText(Pattern.compile("role\\s*admin"));
      assertThat(page.locator("dl.facts").first())
          .containsText(Pattern.compile("upstreams\\s*\\d+"));
    }
  }

  @Test
  void aNodeThatIsAwayIsToldAndFoundAgain() throws Exception {
    try (Window window = open("/ui/#/servers")) {
      Page page = window.page();
      Locator link = page.locator("#link");
      assertThat(link).hasText("live");
      turnout.kill();
      assertThat(link).hasText("no answer");
      assertThat(page).hasTitle(Pattern.compile("⚠ no answer.*"));
      turnout.start();
      assertThat(link).hasText("live");
      put("away.test", "green");
      page.getByRole(AriaRole.LINK, new GetByRoleOptions().setName("History")).click();
      assertThat(revision(page, "away.test → green")).isVisible();
    }
  }

  @Test
  void whatChangesFasterThanItCanBeReadIsRightInTheEnd() throws Exception {
    try (Window window = open("/ui/")) {
      Page page = window.page();
      assertThat(page.locator("#link")).hasText("live");
      for (int i = 0; i < 300; i++) {
        put("fast.test", i % 2 == 0 ? "green" : "blue");
      }
      put("fast.test", "canary");

      assertThat(zone(page)).containsText(Pattern.compile("fast\\.test\\s*canary"));
      assertThat(revision(page, "fast.test from blue → canary")).isVisible();
      assertThat(page.locator("tr[data-revision]")).hasCount(12);
    }
  }

  // ---- everybody

  @Test
  @Timeout(300) // axe-core looks at every view four times
  void nothingSeriousIsInAnybodysWay() throws Exception {
    put("every.test", "green");
    whoAnswers("every.test");
    for (ColorScheme scheme : List.of(ColorScheme.LIGHT, ColorScheme.DARK)) {
      for (int width : new int[] {Chromium.WIDE, Chromium.NARROW}) {
        try (Window window = chromium.open(origin(), width, scheme)) {
          Page page = window.page();
          for (String view : VIEWS) {
            page.navigate(origin() + "/ui/#/" + view);
            assertThat(page.locator("#link")).hasText("live");
            assertThat(page.locator("main h1")).hasCount(1);
            assertThat(window.hindrances()).as(view + " " + scheme + " " + width).isEmpty();
            assertThat(window.overflow()).as(view + " " + width).isLessThanOrEqualTo(0);
          }
          page.navigate(origin() + "/ui/#/servers");
          button(page, "Add server to green").click();
          assertThat(window.hindrances()).as("a dialog " + scheme).isEmpty();
          page.keyboard().press("Escape");
          button(page, green.address() + ": details").click();
          assertThat(dialog(page)).containsText("weight");
          assertThat(window.hindrances()).as("details " + scheme).isEmpty();
        }
      }
    }
  }

  @Test
  void theKeyboardIsEnough() {
    try (Window window = open("/ui/#/servers?group=typed")) {
      Page page = window.page();
      assertThat(server(page, "typed", 0)).isVisible();
      page.keyboard().press("Tab");
      assertThat(page.getByText("Skip to the content")).isFocused();
      page.keyboard().press("Enter");
      assertThat(page.locator("main")).isFocused();
      Locator drain = button(page, "Drain " + "127.0.0.1:4");
      for (int i = 0;
          i < 12 && !(boolean) drain.evaluate("one => one === document.activeElement");
          i++) {
        page.keyboard().press("Tab");
      }
      assertThat(drain).isFocused();
      page.keyboard().press("Enter");
      assertThat(field(page, "Wait at most")).isFocused();
      page.keyboard().press("Escape");
      isDone(page);
      assertThat(drain).isFocused();
      page.keyboard().press("Enter");
      page.keyboard().press("Enter"); // the form's own button
      isDone(page);
      assertThat(server(page, "typed", 0)).containsText("draining");
    }
  }

  @Test
  void theThemeIsTheSystemsOrChosenAndStays() {
    try (Window window = chromium.open(origin(), Chromium.WIDE, ColorScheme.DARK)) {
      Page page = window.page();
      page.navigate(origin() + "/ui/");
      assertThat(page.locator("body")).hasCSS("background-color", "rgb(18, 23, 28)");
      button(page, "Theme: auto").click();
      assertThat(page.locator("body")).hasCSS("background-color", "rgb(244, 246, 248)");
      page.reload();
      assertThat(page.locator("body")).hasCSS("background-color", "rgb(244, 246, 248)");
      button(page, "Theme: light").click();
      button(page, "Theme: dark").click();
      assertThat(button(page, "Theme: auto")).isVisible();
    }
  }
}
