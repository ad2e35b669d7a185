package dev.turnout.admin.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.turnout.app.TestProxy;
import dev.turnout.config.ConfigLoadException;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Who a client is, and what becomes of those who only guess.
class LogInIT {
  @TempDir
  @SuppressWarnings("NullAway.Init")
  private Path directory;

  private SwitchSite keyed() throws IOException {
    Path keys = SwitchSite.keys(directory, "deploy:operator", "root:admin");
    return SwitchSite.with("management_keys " + keys + ";");
  }

  private static String basic(String user, String password) {
    byte[] plain = (user + ":" + password).getBytes(StandardCharsets.ISO_8859_1);
    return "Authorization: Basic " + Base64.getEncoder().encodeToString(plain);
  }

  @Test
  void aKeyOpensAsBearerOrInItsOwnField() throws IOException {
    try (var site = keyed()) {
      assertThat(site.get("/switch?ups=green", SwitchSite.bearer("deploy")).status())
          .isEqualTo(200);
      String field = "X-API-Key: root." + SwitchSite.SECRET;
      assertThat(site.get("/switch?ups=blue", field).status()).isEqualTo(200);
      assertThat(site.proxy().writer().history().since(0, 2))
          .extracting(entry -> entry.origin().who())
          .containsExactlyInAnyOrder("key:deploy", "key:root");
    }
  }

  @Test
  void aTokenOpensAsItsRoleSaysBesideKeys() throws Exception {
    Tokens tokens = new Tokens();
    Path jwks = Files.writeString(directory.resolve("jwks"), tokens.keys());
    Path keys = SwitchSite.keys(directory, "deploy:operator");
    String bearer = "Authorization: Bearer ";
    try (var site = SwitchSite.with("management_keys " + keys + "; management_jwt " + jwks + ";")) {
      String claims = "{\"sub\":\"ann\",\"exp\":99999999999,\"roles\":\"operator\"}";
      String operator = bearer + tokens.rs256("{\"alg\":\"RS256\"}", claims);
      for (int i = 0; i < 20; i++) { // more than may be wrong
        assertThat(site.get("/switch?ups=green", operator).status()).isEqualTo(200);
      }
      assertThat(site.get("/switch?ups=blue", SwitchSite.bearer("deploy")).status()).isEqualTo(200);
      assertThat(site.get("/switch?ups=10.1.2.3:80", operator).status()).isEqualTo(403);

      SwitchSite.Answer wrong = site.get("/switch?ups=green", operator + "x");
      assertThat(wrong.status()).isEqualTo(401);
      assertThat(wrong.has("WWW-Authenticate: Bearer realm=\"management\", error=")).isTrue();
      assertThat(site.proxy().writer().history().since(0, 2))
          .extracting(entry -> entry.origin().who())
          .containsExactly("jwt:ann", "key:deploy");
    }
  }

  @Test
  void withoutAKeyNothingIsToldOrChanged() throws IOException {
    try (var site = keyed()) {
      SwitchSite.Answer change = site.get("/switch?ups=green");

      assertThat(change.status()).isEqualTo(401);
      assertThat(change.has("WWW-Authenticate: Bearer realm=\"management\"")).isTrue();
      assertThat(site.get("/switch").status()).isEqualTo(401);
      assertThat(site.which("a.test")).isEqualTo("blue");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Authorization: Bearer deploy.wrong",
        "Authorization: Bearer deploy.",
        "Authorization: Bearer deploy",
        "Authorization: Bearer .",
        "Authorization: Bearer nobody." + SwitchSite.SECRET,
        "Authorization: Bearer deploy." + SwitchSite.SECRET + "x",
        "Authorization: Bearer DEPLOY." + SwitchSite.SECRET,
        "X-API-Key: deploy.correct-horse",
        "X-API-Key: deploy." + SwitchSite.SECRET + "\u00e9",
        "X-API-Key: "
      })
  void aWrongKeyOpensNothing(String field) throws IOException {
    try (var site = keyed()) {
      SwitchSite.Answer answer = site.get("/switch?ups=green", field);

      assertThat(answer.status()).isEqualTo(401);
      assertThat(answer.has("WWW-Authenticate: Bearer")).isTrue();
      assertThat(site.which("a.test")).isEqualTo("blue");
      assertThat(site.proxy().errorLog()).doesNotContain(SwitchSite.SECRET);
    }
  }

  @Test
  void aKeyInTheAddressIsNoKey() throws IOException {
    try (var site = keyed()) {
      String key = "deploy." + SwitchSite.SECRET;
      assertThat(site.get("/switch?ups=green&key=" + key + "&access_token=" + key).status())
          .isEqualTo(401);
    }
  }

  @Test
  void whoGuessesTenTimesWaits() throws IOException {
    try (var site = keyed()) {
      for (int i = 0; i < 10; i++) {
        assertThat(site.get("/switch?ups=green", "X-API-Key: deploy.guess" + i).status())
            .isEqualTo(401);
      }

      SwitchSite.Answer eleventh = site.get("/switch", SwitchSite.bearer("deploy"));

      assertThat(eleventh.status()).isEqualTo(429);
      assertThat(eleventh.head()).containsPattern("Retry-After: ([1-5]?[0-9]|60)\r\n");
      assertThat(site.which("a.test")).isEqualTo("blue");
    }
  }

  @Test
  void whoIsKnownAlreadyDoesNotWaitForWhoGuesses() throws IOException {
    try (var site = keyed()) {
      assertThat(site.get("/switch", SwitchSite.bearer("deploy")).status()).isEqualTo(200);
      for (int i = 0; i < 11; i++) {
        site.get("/switch", "X-API-Key: deploy.guess" + i);
      }

      assertThat(site.get("/switch", "X-API-Key: deploy.guess").status()).isEqualTo(429);
      assertThat(site.get("/switch", SwitchSite.bearer("deploy")).status()).isEqualTo(200);
    }
  }

  @Test
  void guessesAreToldOnceASecondAndNotEach() throws IOException {
    try (var site = keyed()) {
      long begun = System.nanoTime();
      for (int i = 0; i < 200; i++) {
        site.get("/switch", "X-API-Key: deploy.guess" + i);
      }
      long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begun);

      assertThat(site.proxy().errorLog().lines().filter(line -> line.contains("management:")))
          .isNotEmpty()
          .hasSizeLessThanOrEqualTo((int) seconds + 2);
    }
  }

  @Test
  void guessingManyAtOnceIsBoundedToo() throws Exception {
    try (var site = keyed();
        ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      var answers =
          clients.invokeAll(
              IntStream.range(0, 150)
                  .<java.util.concurrent.Callable<Integer>>mapToObj(
                      i -> () -> site.get("/switch", "X-API-Key: deploy.guess" + i).status())
                  .toList());
      long looked = 0;
      for (var answer : answers) {
        assertThat(answer.get()).isIn(401, 429);
        looked += answer.get() == 401 ? 1 : 0;
      }
      assertThat(looked).isLessThanOrEqualTo(60);
    }
  }

  @Test
  void aReloadForgetsNoGuesses() throws IOException {
    Path keys = SwitchSite.keys(directory, "deploy:operator");
    String location = "management_keys " + keys + ";";
    try (var site = SwitchSite.with(location)) {
      for (int i = 0; i < 10; i++) {
        site.get("/switch", "X-API-Key: deploy.guess" + i);
      }
      assertThat(site.proxy().reload(SwitchSite.configuration("listen 127.0.0.1:0;", location, "")))
          .isTrue();

      assertThat(site.get("/switch", SwitchSite.bearer("deploy")).status()).isEqualTo(429);
    }
  }

  @Test
  void aKeyThatWasTakenOutOpensNothingAfterTheReload() throws IOException {
    Path keys = SwitchSite.keys(directory, "deploy:operator", "root:admin");
    String location = "management_keys " + keys + ";";
    try (var site = SwitchSite.with(location)) {
      assertThat(site.get("/switch", SwitchSite.bearer("deploy")).status()).isEqualTo(200);
      SwitchSite.keys(directory, "root:admin");
      site.proxy().reload(SwitchSite.configuration("listen 127.0.0.1:0;", location, ""));

      assertThat(site.get("/switch", SwitchSite.bearer("deploy")).status()).isEqualTo(401);
      assertThat(site.get("/switch", SwitchSite.bearer("root")).status()).isEqualTo(200);
    }
  }

  @Test
  void thePasswordsOfAuthBasicAreAnIdentity() throws IOException {
    try (var site = SwitchSite.with("auth_basic x; auth_basic_user_file users;")) {
      users(site.proxy());

      assertThat(site.get("/switch?ups=green").status()).isEqualTo(401);
      assertThat(site.get("/switch?ups=green", basic("ann", "no")).status()).isEqualTo(401);
      assertThat(site.which("a.test")).isEqualTo("blue");
      assertThat(site.get("/switch?ups=green", basic("ann", "secret")).status()).isEqualTo(200);
      assertThat(site.proxy().writer().history().since(0, 1).getFirst().origin().who())
          .isEqualTo("user:ann");
    }
  }

  @Test
  void guessedPasswordsWaitAsGuessedKeysDo() throws IOException {
    try (var site = SwitchSite.with("auth_basic x; auth_basic_user_file users;")) {
      users(site.proxy());
      for (int i = 0; i < 10; i++) {
        assertThat(site.get("/switch", basic("ann", "guess" + i)).status()).isEqualTo(401);
      }

      SwitchSite.Answer answer = site.get("/switch", basic("ann", "secret"));

      assertThat(answer.status()).isEqualTo(429);
      assertThat(answer.has("Retry-After: ")).isTrue();
    }
  }

  @Test
  void rightPasswordsNeverWait() throws IOException {
    try (var site = SwitchSite.with("auth_basic x; auth_basic_user_file users;")) {
      users(site.proxy());
      for (int i = 0; i < 60; i++) {
        assertThat(site.get("/switch", basic("ann", "secret")).status()).isEqualTo(200);
      }
    }
  }

  @Test
  void aUserThatTheRequestOnlyNamesIsNobody() throws IOException {
    String location =
        "satisfy any; allow 127.0.0.1; deny all;"
            + " auth_basic x; auth_basic_user_file users; management_allow user=ann admin;";
    try (var site = SwitchSite.with(location)) {
      users(site.proxy());

      // the address satisfies the rules, so nobody has looked at the password
      assertThat(site.get("/switch?ups=green", basic("ann", "guess")).status()).isEqualTo(403);
      assertThat(site.which("a.test")).isEqualTo("blue");
    }
  }

  @Test
  void whoMayComeWithoutAPasswordIsNotCountedAsGuessing() throws IOException {
    String location =
        "satisfy any; allow 127.0.0.1; deny all; auth_basic x; auth_basic_user_file users;";
    try (var site = SwitchSite.with(location)) {
      users(site.proxy());
      for (int i = 0; i < 60; i++) {
        assertThat(site.get("/switch", basic("ann", "guess")).status()).isEqualTo(200);
      }
      site.get("/switch?ups=green", basic("ann", "guess"));
      assertThat(site.proxy().writer().history().since(0, 1).getFirst().origin().who())
          .isEqualTo("127.0.0.1");
    }
  }

  @Test
  void whoWasRecognisedElsewhereIsNotKnownHere() throws IOException {
    String http =
        """
        server {
          listen 127.0.0.1:0;
          server_name other.test;
          auth_basic x;
          auth_basic_user_file users;
          location = /there {
            auth_basic off;
            management_allow user=ann admin;
            upstream_switch zone=switch;
          }
          location = /denied { error_page 404 = /there?ups=green; }
        }
        """;
    String listen = "listen 127.0.0.1:0 default_server;";
    try (var site = SwitchSite.with(listen, "", http)) {
      users(site.proxy());
      String credentials = basic("ann", "secret");

      String head = "GET /denied HTTP/1.1\r\nHost: other.test";

      assertThat(site.ask(head, "").status()).isEqualTo(401);
      assertThat(site.ask(head, "", credentials).status()).isEqualTo(403);
      assertThat(site.proxy().writer().history().revision()).isZero();
    }
  }

  @Test
  void aUserWithoutARoleDoesNothing() throws IOException {
    String location =
        "auth_basic x; auth_basic_user_file users; management_allow user=ann operator;";
    try (var site = SwitchSite.with(location)) {
      users(site.proxy());

      assertThat(site.get("/switch?ups=green", basic("bob", "secret")).status()).isEqualTo(403);
      assertThat(site.get("/switch?ups=green", basic("ann", "secret")).status()).isEqualTo(200);
    }
  }

  private static void users(TestProxy proxy) throws IOException {
    Files.writeString(proxy.directory().resolve("users"), "ann:{PLAIN}secret\nbob:{PLAIN}secret\n");
  }

  @Test
  void aUserOfTheMachineIsKnownByTheKernelsWord() throws IOException {
    int uid = (Integer) Files.getAttribute(directory, "unix:uid");
    try (var site = socket("management_allow uid=" + uid + " operator;")) {
      SwitchSite.Answer answer =
          SwitchSite.ask(
              UnixDomainSocketAddress.of(directory.resolve("s")),
              "GET /switch?ups=green HTTP/1.1\r\nHost: a.test",
              "");

      assertThat(answer.status()).isEqualTo(200);
      assertThat(site.proxy().writer().history().since(0, 1).getFirst().origin().who())
          .isEqualTo("uid:" + uid);
      assertThat(site.get("/switch?ups=blue").status()).isEqualTo(403); // by TCP nobody is known
    }
  }

  @Test
  void anotherUserOfTheMachineDoesNothing() throws IOException {
    int uid = (Integer) Files.getAttribute(directory, "unix:uid") + 1;
    try (var site = socket("management_allow uid=" + uid + " admin;")) {
      SwitchSite.Answer answer =
          SwitchSite.ask(
              UnixDomainSocketAddress.of(directory.resolve("s")),
              "GET /switch?ups=green HTTP/1.1\r\nHost: a.test",
              "");

      assertThat(answer.status()).isEqualTo(403);
      assertThat(site.which("a.test")).isEqualTo("blue");
    }
  }

  private SwitchSite socket(String location) {
    String listen = "listen 127.0.0.1:0; listen unix:" + directory.resolve("s") + ";";
    return SwitchSite.with(listen, location, "");
  }

  @Test
  void theFileOfKeysIsReadStrictly() throws IOException {
    Path file = directory.resolve("keys");
    String hash = KeyHash.of("x", 1000).toString();
    for (String line :
        new String[] {
          "deploy",
          "deploy:operator",
          "deploy:operator:plain-secret",
          "deploy:root:" + hash,
          "de ploy:operator:" + hash,
          ":operator:" + hash,
          "deploy:operator:upstream=:" + hash,
          "deploy:operator:zone=x:" + hash,
          "deploy:operator:" + hash + "\ndeploy:admin:" + hash,
          "deploy:operator:pbkdf2-sha256$1$AAAAAAAAAAA=$AAAA"
        }) {
      Files.writeString(file, line + "\n");
      assertThatThrownBy(() -> SwitchSite.with("management_keys " + file + ";").close())
          .as(line)
          .isInstanceOf(ConfigLoadException.class)
          .satisfies(failure ->
              assertThat(((ConfigLoadException) failure).errors().getFirst().located())
                  .contains(file + "\", line ")
                  .doesNotContain("plain-secret"));
    }
  }

  @Test
  void aFileThatOthersCanWriteIsRefused() throws IOException {
    Path file = SwitchSite.keys(directory, "deploy:operator");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-rw-"));

    assertThatThrownBy(() -> SwitchSite.with("management_keys " + file + ";").close())
        .isInstanceOf(ConfigLoadException.class)
        .satisfies(failure ->
            assertThat(((ConfigLoadException) failure).errors().getFirst().located())
                .contains("can be written by others than its owner"));
  }

  @Test
  void aMissingFileOfKeysIsToldAtTheStart() {
    assertThatThrownBy(() -> SwitchSite.with("management_keys nowhere;").close())
        .isInstanceOf(ConfigLoadException.class)
        .satisfies(failure ->
            assertThat(((ConfigLoadException) failure).errors().getFirst().located())
                .contains("nowhere\" failed (2: No such file or directory)"));
  }

  @Test
  void aKeyThatWasMadeOpens() throws IOException {
    KeyMaker made = KeyMaker.make("ci", "operator:host=*.test");
    Path file = Files.writeString(directory.resolve("keys"), made.line() + "\n");
    try (var site = SwitchSite.with("management_keys " + file + ";")) {
      assertThat(site.get("/switch?ups=green", "X-API-Key: " + made.key()).status()).isEqualTo(200);
    }
    assertThat(made.line()).doesNotContain(made.key().substring(3));
  }
}
