package dev.turnout.discovery.kubernetes;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.discovery.Source;
import dev.turnout.discovery.SourceSpec;
import dev.turnout.http.CoreModule;
import dev.turnout.net.calls.HttpCalls;
import dev.turnout.upstream.PeerSpec;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// `servers_from kubernetes`: the endpoints of a service.
///
/// @param port the name or the number of the port; empty: the only one
/// @param tokenFile what it says of itself; null: nothing
/// @param authorities who vouches for the API server; null: whoever the system trusts
public record KubernetesSpec(
    URI api,
    String namespace,
    String service,
    String port,
    @Nullable Path tokenFile,
    @Nullable Path authorities)
    implements SourceSpec {
  private static final Path POD = Path.of("/var/run/secrets/kubernetes.io/serviceaccount");
  private static final int LONGEST_NAME = 63;

  /// Reads the directive.
  ///
  /// @throws ConfigException if something is wrong or missing
  public static SourceSpec read(Directive d, Scope scope) {
    String port = "";
    String api = "";
    String token = "";
    String authorities = "";
    for (int i = 2; i < d.argumentCount(); i++) {
      String word = d.argument(i);
      int equals = word.indexOf('=');
      String value = word.substring(equals + 1);
      if (value.isEmpty()) {
        throw ConfigException.at(d, i, "invalid parameter \"" + word + "\"");
      }
      switch (equals < 0 ? word : word.substring(0, equals)) {
        case "port" -> port = value;
        case "api" -> api = value;
        case "token_file" -> token = value;
        case "ca_file" -> authorities = value;
        default -> throw ConfigException.at(d, i, "invalid parameter \"" + word + "\"");
      }
    }
    boolean inPod = api.isEmpty();
    return new KubernetesSpec(
        inPod ? podApi(d) : api(d, api),
        namespace(d),
        service(d),
        port,
        file(d, scope, token, inPod, "token"),
        authorities(d, file(d, scope, authorities, inPod, "ca.crt")));
  }

  private static URI podApi(Directive d) {
    String host = System.getenv("KUBERNETES_SERVICE_HOST");
    String port = System.getenv("KUBERNETES_SERVICE_PORT");
    if (host == null || host.isEmpty()) {
      throw ConfigException.at(d, "no API server is known for \"servers_from kubernetes\"")
          .withHelp(
              "outside of a pod, which has KUBERNETES_SERVICE_HOST, it is said with"
                  + " api=https://HOST:PORT token_file=PATH ca_file=PATH");
    }
    String place = host.indexOf(':') >= 0 ? "[" + host + "]" : host;
    return URI.create("https://" + place + ":" + (port == null ? "443" : port));
  }

  private static URI api(Directive d, String text) {
    try {
      URI uri = new URI(text).parseServerAuthority();
      boolean known = "https".equals(uri.getScheme()) || "http".equals(uri.getScheme());
      if (known && uri.getHost() != null && uri.getUserInfo() == null && uri.getQuery() == null) {
        return text.endsWith("/") ? URI.create(text.substring(0, text.length() - 1)) : uri;
      }
    } catch (URISyntaxException _) {
      // told below
    }
    throw ConfigException.at(d, "invalid \"api\" of \"servers_from kubernetes\"")
        .withHelp("written api=https://HOST:PORT");
  }

  private static String namespace(Directive d) {
    String word = d.argument(1);
    int slash = word.indexOf('/');
    if (slash >= 0) {
      return name(d, word.substring(0, slash));
    }
    try {
      return name(d, Files.readString(POD.resolve("namespace")).strip());
    } catch (IOException _) {
      throw ConfigException.at(d, 1, "no namespace in \"" + word + "\"")
          .withHelp("outside of a pod a service is written NAMESPACE/SERVICE");
    }
  }

  private static String service(Directive d) {
    String word = d.argument(1);
    return name(d, word.substring(word.indexOf('/') + 1));
  }

  /// It becomes part of a path.
  private static String name(Directive d, String name) {
    boolean valid =
        !name.isEmpty()
            && name.length() <= LONGEST_NAME
            && name.chars()
                .allMatch(c -> (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-');
    if (!valid) {
      throw ConfigException.at(d, 1, "invalid name \"" + name + "\" of a namespace or service")
          .withHelp("lower case letters, digits and \"-\"");
    }
    return name;
  }

  private static @Nullable Path file(
      Directive d, Scope scope, String said, boolean inPod, String usual) {
    if (said.isEmpty() && !inPod) {
      return null;
    }
    Path file =
        said.isEmpty() ? POD.resolve(usual) : Path.of(CoreModule.path(scope, said)).normalize();
    if (!Files.isReadable(file)) {
      throw ConfigException.at(d, "\"" + file + "\" cannot be read")
          .withHelp("it is the " + usual + " for the API server");
    }
    return file;
  }

  private static @Nullable Path authorities(Directive d, @Nullable Path file) {
    if (file != null) {
      try {
        HttpCalls.trusting(file);
      } catch (IOException e) {
        throw ConfigException.at(d, String.valueOf(e.getMessage()));
      }
    }
    return file;
  }

  @Override
  public String dialect() {
    return "kubernetes";
  }

  @Override
  public String label() {
    return namespace + "/" + service + " of " + HttpCalls.where(api);
  }

  @Override
  public Source open(Places places) {
    return new KubernetesSource(this, places);
  }

  @Override
  public PeerSpec onto(PeerSpec present, PeerSpec said) {
    return present.withDown(said.down()).withDrain(said.drain() || present.drain());
  }

  @Override
  public boolean newOnesFirst() {
    return false;
  }

  /// The address of a pod that is gone may be another's soon.
  @Override
  public boolean emptyMeansDown() {
    return true;
  }

  @Override
  public long retryMillis() {
    return 0;
  }
}
