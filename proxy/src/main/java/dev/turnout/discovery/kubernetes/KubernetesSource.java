package dev.turnout.discovery.kubernetes;

import dev.turnout.discovery.Source;
import dev.turnout.discovery.SourceSpec.Places;
import dev.turnout.discovery.kubernetes.Slices.State;
import dev.turnout.json.Json;
import dev.turnout.net.calls.CallException;
import dev.turnout.net.calls.HttpCalls;
import dev.turnout.net.calls.HttpCalls.Reply;
import dev.turnout.net.calls.HttpCalls.Stream;
import dev.turnout.upstream.PeerAddress;
import dev.turnout.upstream.PeerSpec;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/// Lists the slices of a service, then watches them from the version of that list on. A version
/// that the server has forgotten (410) means to list again; bookmarks keep it fresh. A watch ends
/// after about a minute, and one that is longer without a word is given up, so that a server that
/// went away silently is noticed.
final class KubernetesSource implements Source {
  private static final long CALL_MILLIS = 10_000;
  private static final int WATCH_SECONDS = 60;
  private static final int PAGE = 500;
  private static final int GONE = 410;

  private final KubernetesSpec spec;
  private final Places places;
  private final Slices slices = new Slices();
  private String version = ""; // of the slices; empty: they are to be listed
  private @Nullable Stream watch;
  private boolean again;

  KubernetesSource(KubernetesSpec spec, Places places) {
    this.spec = spec;
    this.places = places;
  }

  @Override
  public Answer next() throws Failure, InterruptedException {
    try {
      if (version.isEmpty()) {
        list();
        return answer();
      }
      if (again) {
        again = false;
        return answer();
      }
      while (!watched()) {
        if (version.isEmpty()) {
          list();
          return answer();
        }
      }
      return answer();
    } catch (CallException e) {
      endWatch();
      throw new Failure(e.text(), e);
    }
  }

  /// Waits for an event; true if it changed a slice.
  private boolean watched() throws CallException, Failure, InterruptedException {
    Stream there = watch;
    if (there == null) {
      int seconds = WATCH_SECONDS + ThreadLocalRandom.current().nextInt(WATCH_SECONDS / 4);
      there =
          calls()
              .open(
                  "GET",
                  uri(
                      "&watch=1&allowWatchBookmarks=true&timeoutSeconds="
                          + seconds
                          + "&resourceVersion="
                          + encoded(version)),
                  fields(),
                  new byte[0],
                  CALL_MILLIS);
      watch = there;
      if (there.status() == GONE) {
        relist();
        return false;
      }
      if (there.status() != 200) {
        endWatch();
        throw refused(there.status(), "");
      }
    }
    String line = there.lines().next((WATCH_SECONDS * 5L / 4 + 20) * 1000);
    if (line == null) {
      endWatch(); // its time is over: on from the same version
      return false;
    }
    return event(line);
  }

  private boolean event(String line) throws Failure {
    Json event;
    try {
      event = Json.parse(line);
    } catch (IOException e) {
      relist();
      throw new Failure(where() + " told of an event in what is " + e.getMessage(), e);
    }
    Json object = event.get("object");
    String at = object.get("metadata").get("resourceVersion").text();
    switch (event.get("type").text()) {
      case "ADDED", "MODIFIED" -> slices.put(object);
      case "DELETED" -> slices.remove(object);
      case "BOOKMARK" -> {
        version = at.isEmpty() ? version : at;
        return false;
      }
      default -> {
        boolean gone = object.get("code").number(0) == GONE;
        relist();
        if (!gone) {
          throw new Failure(where() + " ended the watch: " + object.get("message").text());
        }
        return false;
      }
    }
    version = at.isEmpty() ? version : at;
    return true;
  }

  private void list() throws CallException, Failure, InterruptedException {
    slices.clear();
    String next = "";
    String at;
    do {
      Reply reply =
          calls()
              .get(
                  uri("&limit=" + PAGE + (next.isEmpty() ? "" : "&continue=" + encoded(next))),
                  fields(),
                  CALL_MILLIS);
      if (reply.status() != 200) {
        throw refused(reply.status(), message(reply));
      }
      Json list;
      try {
        list = reply.json();
      } catch (IOException e) {
        throw new Failure(where() + " answered with what is " + e.getMessage(), e);
      }
      if (!list.get("kind").text().equals("EndpointSliceList")) {
        throw new Failure(where() + " answered with something that is no list of EndpointSlices");
      }
      list.get("items").elements().forEach(slices::put);
      at = list.get("metadata").get("resourceVersion").text();
      next = list.get("metadata").get("continue").text();
    } while (!next.isEmpty());
    version = at;
  }

  private void relist() {
    endWatch();
    version = "";
  }

  private static String message(Reply reply) {
    try {
      return reply.json().get("message").text();
    } catch (IOException _) {
      return reply.excerpt();
    }
  }

  private Failure refused(int status, String message) {
    String help =
        switch (status) {
          case 401 -> ": it does not know the token in \"" + spec.tokenFile() + "\"";
          case 403 ->
              ": the service account needs the verbs list and watch for endpointslices of"
                  + " discovery.k8s.io in namespace \""
                  + spec.namespace()
                  + "\"";
          case 404 -> ": it is no API server, or one before Kubernetes 1.21";
          default -> "";
        };
    if (status == GONE) {
      relist();
    }
    return new Failure(
        where()
            + " answered with status "
            + status
            + (message.isEmpty() ? "" : " (" + message + ")")
            + help);
  }

  private Answer answer() throws Failure {
    Map<String, State> endpoints;
    try {
      endpoints = slices.endpoints(spec.port());
    } catch (Slices.Unclear e) {
      throw new Failure(String.valueOf(e.getMessage()), e);
    }
    List<PeerSpec> servers = new ArrayList<>();
    for (Map.Entry<String, State> one : endpoints.entrySet()) {
      for (PeerAddress address : places.of(one.getKey())) {
        servers.add(
            PeerSpec.of(one.getKey(), address)
                .withDrain(one.getValue() == State.DRAINING)
                .withDown(one.getValue() == State.DOWN));
      }
    }
    return new Answer(servers, "version " + version, List.of());
  }

  private HttpCalls calls() throws Failure {
    Path authorities = spec.authorities();
    try {
      return authorities == null ? HttpCalls.usual() : HttpCalls.trusting(authorities);
    } catch (IOException e) {
      throw new Failure(String.valueOf(e.getMessage()), e);
    }
  }

  /// The token is read for each question: it is replaced from time to time.
  private Map<String, String> fields() throws Failure {
    Path file = spec.tokenFile();
    if (file == null) {
      return Map.of("Accept", "application/json");
    }
    try {
      String token = Files.readString(file).strip();
      return Map.of("Accept", "application/json", "Authorization", "Bearer " + token);
    } catch (IOException e) {
      throw new Failure("the token in \"" + file + "\" cannot be read", e);
    }
  }

  private URI uri(String query) {
    return URI.create(
        spec.api()
            + "/apis/discovery.k8s.io/v1/namespaces/"
            + spec.namespace()
            + "/endpointslices?labelSelector="
            + encoded("kubernetes.io/service-name=" + spec.service())
            + query);
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private String where() {
    return HttpCalls.where(spec.api());
  }

  private void endWatch() {
    Stream there = watch;
    watch = null;
    if (there != null) {
      there.lines().close();
    }
  }

  @Override
  public void again() {
    again = true;
  }

  @Override
  public void close() {
    endWatch();
  }
}
