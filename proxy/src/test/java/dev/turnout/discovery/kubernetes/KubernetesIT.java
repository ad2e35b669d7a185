package dev.turnout.discovery.kubernetes;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.Eventually;
import dev.turnout.upstream.PeerSpec;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `servers_from kubernetes`, against a server that does what the API server does.
class KubernetesIT {
  private static final Duration SOON = Duration.ofSeconds(15);
  private static final String READY = "{}";
  private static final String NOT_READY = "{\"ready\":false}";
  private static final String TERMINATING =
      "{\"ready\":false,\"serving\":true,\"terminating\":true}";

  private @Nullable ApiServer api;

  @BeforeEach
  void startApi() throws Exception {
    api = new ApiServer(null);
  }

  @AfterEach
  void stopApi() {
    api().close();
  }

  private ApiServer api() {
    return Objects.requireNonNull(api);
  }

  private TestProxy start() {
    return TestProxy.start(node("port=http"));
  }

  private String node(String parameters) {
    return "upstream u { servers_from kubernetes shop/app api=http://127.0.0.1:%d %s; }\n%s"
        .formatted(
            api().port(),
            parameters,
            "server { listen 127.0.0.1:0; location / { proxy_pass http://u; } }");
  }

  /// A slice with these endpoints, each an address and its conditions.
  private static String slice(String... endpoints) {
    StringBuilder text = new StringBuilder("\"addressType\":\"IPv4\",\"endpoints\":[");
    for (int i = 0; i < endpoints.length; i += 2) {
      text.append(i == 0 ? "" : ",")
          .append("{\"addresses\":[\"" + endpoints[i] + "\"],\"conditions\":" + endpoints[i + 1])
          .append('}');
    }
    return text
        + "],\"ports\":[{\"name\":\"metrics\",\"port\":9090},"
        + "{\"name\":\"http\",\"port\":8080,\"protocol\":\"TCP\"}]";
  }

  private static String shown(TestProxy proxy) {
    List<PeerSpec> servers =
        Objects.requireNonNull(proxy.upstreams().find("u")).current().spec().servers();
    return servers.stream().map(PeerSpec::line).collect(Collectors.joining(" "));
  }

  private static void await(TestProxy proxy, String... servers) throws Exception {
    String wanted =
        List.of(servers).stream()
            .map(one -> "server " + one + ";")
            .collect(Collectors.joining(" "));
    Eventually.until(
        SOON, () -> shown(proxy).equals(wanted), () -> shown(proxy) + proxy.errorLog());
  }

  private static void awaitLogged(TestProxy proxy, String text) throws Exception {
    Eventually.until(SOON, () -> proxy.errorLog().contains(text), proxy::errorLog);
  }

  private void awaitAsked(String text) throws Exception {
    Eventually.until(
        SOON,
        () -> api().asked().stream().anyMatch(one -> one.contains(text)),
        () -> api().asked().toString());
  }

  @Test
  void endpointsAreServersAndFollowTheirConditions() throws Exception {
    api().put("app-1", slice("10.0.0.1", READY, "10.0.0.2", READY));
    api().put("app-2", slice("10.0.1.1", NOT_READY));
    try (TestProxy proxy = start()) {
      await(proxy, "10.0.0.1:8080", "10.0.0.2:8080", "10.0.1.1:8080 down");

      api().put("app-1", slice("10.0.0.1", TERMINATING, "10.0.0.2", READY, "10.0.0.3", READY));
      await(proxy, "10.0.0.1:8080 drain", "10.0.0.2:8080", "10.0.0.3:8080", "10.0.1.1:8080 down");

      api().put("app-1", slice("10.0.0.2", READY, "10.0.0.3", READY));
      api().put("app-2", slice("10.0.1.1", "{\"ready\":true}"));
      await(proxy, "10.0.0.2:8080", "10.0.0.3:8080", "10.0.1.1:8080");

      api().delete("app-1");
      await(proxy, "10.0.1.1:8080");
      assertThat(proxy.writer().history().last(1).getFirst().origin().why())
          .isEqualTo("version 6 -10.0.0.2:8080 -10.0.0.3:8080");
    }
  }

  @Test
  void theServiceIsAskedForByItsLabelAndTheWatchGoesOnFromTheVersionOfTheList() throws Exception {
    api().put("app-1", slice("10.0.0.1", READY));
    try (TestProxy proxy = start()) {
      await(proxy, "10.0.0.1:8080");
      awaitAsked("watch=1");

      assertThat(api().asked().getFirst())
          .isEqualTo(
              "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices"
                  + "?labelSelector=kubernetes.io%2Fservice-name%3Dapp&limit=500");
      assertThat(api().asked().get(1))
          .contains("&watch=1&allowWatchBookmarks=true&timeoutSeconds=")
          .endsWith("&resourceVersion=1");
    }
  }

  @Test
  void aWatchThatEndsGoesOnFromTheLastBookmark() throws Exception {
    api().put("app-1", slice("10.0.0.1", READY));
    try (TestProxy proxy = start()) {
      await(proxy, "10.0.0.1:8080");
      awaitAsked("resourceVersion=1");
      api().bookmark();
      api().bookmark();
      api().put("app-1", slice("10.0.0.2", READY));
      await(proxy, "10.0.0.2:8080");
      api().bookmark();
      api().put("app-1", slice("10.0.0.3", READY));
      await(proxy, "10.0.0.3:8080");

      api().cut();

      awaitAsked("resourceVersion=6");
      api().put("app-1", slice("10.0.0.4", READY));
      await(proxy, "10.0.0.4:8080");
      assertThat(api().asked()).filteredOn(one -> one.contains("limit=")).hasSize(1);
    }
  }

  @Test
  void aVersionThatIsForgottenMeansToListAgain() throws Exception {
    for (boolean withError : new boolean[] {false, true}) {
      api().put("app-1", slice("10.0.0.1", READY));
      try (TestProxy proxy = start()) {
        await(proxy, "10.0.0.1:8080");
        int lists = lists();
        Eventually.until(SOON, () -> api().asked().getLast().contains("watch"), () -> "no watch");

        api().compact(withError);
        api().put("app-1", slice("10.0.0.2", READY));

        await(proxy, "10.0.0.2:8080");
        assertThat(lists()).isEqualTo(lists + 1);
        assertThat(proxy.errorLog()).isEmpty();
      }
    }
  }

  private int lists() {
    return (int) api().asked().stream().filter(one -> one.contains("limit=")).count();
  }

  @Test
  void aServiceWithoutEndpointsHasItsServersDown() throws Exception {
    api().put("app-1", slice("10.0.0.1", READY));
    try (TestProxy proxy = start()) {
      await(proxy, "10.0.0.1:8080");

      api().put("app-1", "\"endpoints\":[],\"ports\":[]");
      await(proxy, "10.0.0.1:8080 down");

      api().put("app-1", slice("10.0.0.1", READY));
      await(proxy, "10.0.0.1:8080");
    }
  }

  @Test
  void thePortHasToBeClear() throws Exception {
    api().put("app-1", slice("10.0.0.1", READY));
    try (TestProxy proxy = TestProxy.start(node(""))) {
      awaitLogged(proxy, "the service has several ports, say which one with port=: http, metrics");
    }
    try (TestProxy proxy = TestProxy.start(node("port=web"))) {
      awaitLogged(proxy, "the service has no port \"web\", it has: http, metrics");
    }
    try (TestProxy proxy = TestProxy.start(node("port=9090"))) {
      await(proxy, "10.0.0.1:9090");
    }
  }

  @Test
  void aPodSpeaksTlsToWhomItsAuthorityVouchesForAndSaysWhoItIs(@TempDir Path directory)
      throws Exception {
    Path authority = directory.resolve("ca.crt");
    SSLContext tls = certificate(directory, authority);
    Path token = directory.resolve("token");
    Files.writeString(token, "secret-1\n");
    try (ApiServer secure = new ApiServer(tls)) {
      secure.wants("secret-1");
      secure.put("app-1", slice("10.0.0.1", READY));
      String said =
          "upstream u { servers_from kubernetes shop/app port=http api=https://127.0.0.1:%d"
              .formatted(secure.port());
      String server = "server { listen 127.0.0.1:0; }";
      try (TestProxy proxy =
          TestProxy.start(
              said + " ca_file=" + authority + " token_file=" + token + "; }" + server)) {
        await(proxy, "10.0.0.1:8080");
        secure.wants("secret-2");
        secure.cut();
        awaitLogged(proxy, "answered with status 401: it does not know the token in");
        Files.writeString(token, "secret-2");
        secure.put("app-1", slice("10.0.0.2", READY));
        await(proxy, "10.0.0.2:8080");
        assertThat(proxy.errorLog()).doesNotContain("secret");
      }
      try (TestProxy proxy =
          TestProxy.start(said + " token_file=" + token + "; server 10.0.0.9; }" + server)) {
        awaitLogged(proxy, "TLS failed");
        await(proxy, "10.0.0.9");
      }
    }
  }

  /// A certificate for 127.0.0.1 that vouches for itself.
  private static SSLContext certificate(Path directory, Path pem) throws Exception {
    Path store = directory.resolve("store.p12");
    String keytool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
    run(
        keytool,
        "-genkeypair",
        "-alias",
        "a",
        "-keyalg",
        "EC",
        "-dname",
        "CN=api",
        "-ext",
        "SAN=IP:127.0.0.1",
        "-storetype",
        "PKCS12",
        "-keystore",
        store.toString(),
        "-storepass",
        "changeit");
    run(
        keytool,
        "-exportcert",
        "-rfc",
        "-alias",
        "a",
        "-keystore",
        store.toString(),
        "-storepass",
        "changeit",
        "-file",
        pem.toString());
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, "changeit".toCharArray());
    }
    KeyManagerFactory managers =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(keys, "changeit".toCharArray());
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);
    return context;
  }

  private static void run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), ISO_8859_1);
    assertThat(process.waitFor()).as(output).isZero();
  }

  @Test
  void whatCannotBeMeantIsRefusedWhenTheConfigurationIsRead(@TempDir Path directory)
      throws Exception {
    Path none = directory.resolve("none.pem");
    Files.writeString(none, "hello");
    refused("shop/app", "no API server is known");
    refused("app api=http://127.0.0.1:1", "no namespace in \"app\"");
    refused("shop/App api=http://127.0.0.1:1", "invalid name \"App\"");
    refused("shop/a api=127.0.0.1:1", "invalid \"api\"");
    refused("shop/a api=ftp://127.0.0.1:1", "invalid \"api\"");
    refused("shop/a api=http://127.0.0.1:1 zzz=1", "invalid parameter \"zzz=1\"");
    refused("shop/a api=http://127.0.0.1:1 token_file=/none", "\"/none\" cannot be read");
    refused("shop/a api=http://127.0.0.1:1 ca_file=" + none, "none.pem\"");
  }

  private static void refused(String said, String message) {
    assertThatThrownBy(
            () -> TestProxy.start("upstream u { servers_from kubernetes " + said + "; }"))
        .hasMessageContaining(message);
  }
}
