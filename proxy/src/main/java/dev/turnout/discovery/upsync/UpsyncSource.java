package dev.turnout.discovery.upsync;

import dev.turnout.discovery.Source;
import dev.turnout.discovery.SourceSpec.Places;
import dev.turnout.json.Json;
import dev.turnout.net.calls.CallException;
import dev.turnout.net.calls.HttpCalls;
import dev.turnout.net.calls.HttpCalls.Reply;
import dev.turnout.upstream.PeerAddress;
import dev.turnout.upstream.PeerSpec;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Asks a registry as nginx-upsync-module does: with the index of the last answer, so that the
/// registry answers when there is news.
///
/// Beyond the module it keeps the rules of Consul's blocking queries: an index that goes backwards,
/// or is 0, begins anew. A question is held for a minute at most, so that a registry that went away
/// without a word is noticed.
final class UpsyncSource implements Source {
  /// How long a registry is asked to hold a question.
  private static final long HOLD_SECONDS = 50;

  /// Consul adds up to a sixteenth to it.
  private static final long HELD_MILLIS = (HOLD_SECONDS + HOLD_SECONDS / 16 + 10) * 1000;

  private static final Map<String, String> FIELDS = Map.of("Accept", "*/*");

  private final UpsyncSpec spec;
  private final Places places;
  private final String prefix;
  private long index; // 0: the whole list is to be asked for
  private boolean asked;

  UpsyncSource(UpsyncSpec spec, Places places) {
    this.spec = spec;
    this.places = places;
    this.prefix = prefix(spec);
  }

  /// What Consul's keys are below: the path as it is configured, without what the API adds.
  private static String prefix(UpsyncSpec spec) {
    String path = spec.at().getPath();
    int at = path.indexOf(Registry.CONSUL.path());
    if (spec.registry() != Registry.CONSUL || at < 0) {
      return "";
    }
    String prefix = path.substring(at + Registry.CONSUL.path().length());
    return prefix.endsWith("/") ? prefix.substring(0, prefix.length() - 1) : prefix;
  }

  @Override
  public Answer next() throws Failure, InterruptedException {
    while (true) {
      if (asked) {
        TimeUnit.MILLISECONDS.sleep(spec.intervalMillis());
      }
      asked = true;
      try {
        Answer answer = spec.registry() == Registry.ETCD ? askEtcd() : askConsul();
        if (answer != null) {
          return answer;
        }
      } catch (CallException e) {
        index = 0;
        throw new Failure(e.text(), e);
      } catch (Failure e) {
        index = 0; // what could not be used is asked for again
        throw e;
      }
    }
  }

  @Override
  public void again() {
    index = 0;
  }

  @Override
  public void close() {
    // a question that is under way ends with the thread that waits for it
  }

  private @Nullable Answer askConsul() throws CallException, Failure, InterruptedException {
    String query = "recurse&index=" + index + (index == 0 ? "" : "&wait=" + HOLD_SECONDS + "s");
    Reply reply = ask(query);
    boolean none = reply.status() == 404 && spec.registry() == Registry.CONSUL;
    if (reply.status() != 200 && !none) {
      throw refused(reply);
    }
    long at = reply.number("X-Consul-Index", 0);
    if (at == index && index != 0) {
      return null; // held for as long as it may be, and nothing new
    }
    boolean reset = at < index;
    index = reset ? 0 : at;
    if (none) {
      return new Answer(List.of(), "index " + at, List.of());
    }
    Json body = read(reply);
    if (!body.isList()) {
      throw new Failure(where() + " answered with something that is no list of Consul's");
    }
    return answer(
        switch (spec.registry()) {
          case CONSUL -> Listing.ofConsulKeys(body, prefix);
          case CONSUL_SERVICES -> Listing.ofConsulServices(body);
          case CONSUL_HEALTH -> Listing.ofConsulHealth(body);
          case ETCD -> throw new IllegalStateException("not Consul");
        },
        "index " + at);
  }

  private @Nullable Answer askEtcd() throws CallException, Failure, InterruptedException {
    if (index != 0) {
      Reply news;
      try {
        news = ask("wait=true&recursive=true&waitIndex=" + index);
      } catch (CallException e) {
        if (e.isTimeout()) {
          index = 0; // no news, or nobody there: the whole list says which
          return null;
        }
        throw e;
      }
      if (news.status() == 200 && news.isEmpty()) {
        return null;
      }
      // Whatever happened, an index that is too old (401) included: the whole list says it.
      if (news.status() != 200 && news.status() != 400) {
        throw refused(news);
      }
    }
    Reply reply = ask("");
    Json body = read(reply);
    long code = body.get("errorCode").number(0);
    boolean none = reply.status() == 404 && code == 100;
    if (reply.status() != 200 && !none) {
      throw refused(reply);
    }
    if (!none && !body.get("node").isObject()) {
      throw new Failure(where() + " answered with something that is no directory of etcd's v2 API");
    }
    long at = reply.number("X-Etcd-Index", 0);
    index = at + 1;
    return none
        ? new Answer(List.of(), "index " + at, List.of())
        : answer(Listing.ofEtcdNodes(body), "index " + at);
  }

  private Reply ask(String query) throws CallException, InterruptedException {
    String said = spec.at().toString();
    char joint = spec.at().getRawQuery() == null ? '?' : '&';
    long limit = Math.min(spec.timeoutMillis(), HELD_MILLIS);
    return HttpCalls.usual().get(URI.create(said + joint + query), FIELDS, limit);
  }

  private Json read(Reply reply) throws Failure {
    try {
      return reply.json();
    } catch (IOException e) {
      throw reply.status() == 200
          ? new Failure(where() + " answered with what is " + e.getMessage(), e)
          : refused(reply);
    }
  }

  private Failure refused(Reply reply) {
    String help =
        switch (reply.status()) {
          case 401, 403 -> ": it wants a token, or another one (?token= in the address)";
          case 404 ->
              ": check the path, which for "
                  + spec.registry().word()
                  + " begins with "
                  + spec.registry().path();
          case 500, 503 -> ": it may be without a leader";
          default -> "";
        };
    return new Failure(where() + " answered with status " + reply.status() + help);
  }

  private String where() {
    return HttpCalls.where(spec.at());
  }

  private Answer answer(Listing listing, String version) throws Failure {
    List<PeerSpec> servers = new ArrayList<>();
    List<String> troubles = new ArrayList<>(listing.troubles());
    for (Entry entry : listing.entries()) {
      List<PeerAddress> addresses;
      try {
        addresses = places.of(entry.place());
      } catch (Failure e) {
        troubles.add(e.getMessage() + ", it is left out");
        continue;
      }
      for (PeerAddress address : addresses) {
        servers.add(
            PeerSpec.of(entry.place(), address)
                .withWeight(entry.weight())
                .withFailures(entry.maxFails(), entry.failTimeoutMillis())
                .withDown(entry.down())
                .withBackup(entry.backup()));
      }
    }
    if (servers.isEmpty() && !listing.entries().isEmpty()) {
      throw new Failure("none of the names of servers can be looked up now");
    }
    return new Answer(servers, version, troubles);
  }

  /// One whole list, asked for once.
  static Answer once(UpsyncSpec spec, Places places) throws Failure, InterruptedException {
    return new UpsyncSource(spec, places).next();
  }
}
