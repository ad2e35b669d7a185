package dev.turnout.discovery.upsync;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.turnout.http.ContentHandler;
import dev.turnout.http.Exchange;
import dev.turnout.http.Upstreams;
import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.Upstream;
import dev.turnout.upstream.UpstreamSpec;
import java.util.Collection;

/// `upstream_show`: the servers of one group, or of all, in the module's text.
final class UpstreamShow implements ContentHandler {
  private final Upstreams upstreams;

  UpstreamShow(Upstreams upstreams) {
    this.upstreams = upstreams;
  }

  @Override
  public void handle(Exchange exchange) {
    String method = exchange.method();
    if (!method.equals("GET") && !method.equals("HEAD")) {
      exchange.finish(405);
      return;
    }
    String name = exchange.args();
    String text = name == null || name.isEmpty() ? all() : one(name);
    exchange.respond(200, "text/plain", text.getBytes(ISO_8859_1));
  }

  private String all() {
    Collection<Upstream> all = upstreams.all();
    if (all.isEmpty()) {
      return "No upstreams defined";
    }
    StringBuilder text = new StringBuilder();
    for (Upstream upstream : all) {
      show(text, upstream.current().spec());
      text.append('\n');
    }
    return text.toString();
  }

  private String one(String name) {
    Upstream upstream = upstreams.find(name);
    if (upstream == null) {
      return "The upstream you requested does not exist. Please double-check the name";
    }
    StringBuilder text = new StringBuilder();
    show(text, upstream.current().spec());
    return text.toString();
  }

  private static void show(StringBuilder text, UpstreamSpec spec) {
    text.append("Upstream name: ").append(spec.name());
    text.append("; Backend server count: ").append(spec.servers().size()).append('\n');
    for (PeerSpec server : spec.servers()) {
      text.append("        server ").append(ServerText.of(server));
      text.append(server.backup() ? " backup" : "");
      text.append(server.down() ? " down" : "").append(";\n");
    }
  }
}
