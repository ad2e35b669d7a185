package dev.turnout.admin.plus;

import dev.turnout.admin.gate.Ask;
import dev.turnout.admin.gate.BoundedBody;
import dev.turnout.admin.gate.Decision;
import dev.turnout.admin.gate.Gate;
import dev.turnout.admin.gate.Permit;
import dev.turnout.http.ContentHandler;
import dev.turnout.http.Exchange;
import dev.turnout.http.Response;
import dev.turnout.http.UriEscape;
import dev.turnout.http.Variable;
import dev.turnout.json.JsonText;
import dev.turnout.net.ListenAddress;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.io.StringWriter;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/// Answers the API's requests in one location.
///
/// What belongs to the exchange is taken from it on its loop; the rest, which may wait for the disk
/// or a name service and may be long to write, is done by a virtual thread.
final class PlusApi implements ContentHandler {
  static final String MEDIA_TYPE = "application/json";

  private static final String REFERENCE = "https://nginx.org/en/docs/http/ngx_http_api_module.html";
  private static final int FIRST_VERSION = 4;
  private static final int LAST_VERSION = 9;

  private final @Nullable Gate gate;
  private final Resource root;
  private final Variable requestId;

  /// @param gate who may change what; null: nobody may change anything, anybody may look
  /// @param requestId `$request_id`
  PlusApi(@Nullable Gate gate, Resource root, Variable requestId) {
    this.gate = gate;
    this.root = root;
    this.requestId = requestId;
  }

  @Override
  public void handle(Exchange exchange) {
    List<String> path = segments(below(exchange.path(), exchange.location().name()));
    Method method = Method.of(exchange.method());
    Permit permit = null;
    if (gate != null) {
      switch (gate.check(exchange, method.changes() ? Ask.attempt() : Ask.read())) {
        case Decision.Granted(Permit granted) -> permit = granted;
        case Decision.Refused(int status, String text) -> {
          refuse(exchange, new Refusal(status, "Forbidden", text));
          return;
        }
      }
    }
    if (path.isEmpty()) {
      Call call = call(exchange, method, LAST_VERSION, path, permit);
      answer(exchange, call, new Versions());
      return;
    }
    int version = version(path.getFirst());
    if (version == 0) {
      refuse(exchange, new Refusal(404, "UnknownVersion", "unknown version"));
    } else if (method.changes() && gate == null) {
      refuse(exchange, Refusal.methodDisabled());
    } else {
      Call call = call(exchange, method, version, path.subList(1, path.size()), permit);
      if (method.hasBody()) {
        BoundedBody.read(
            exchange,
            (int) Math.min(exchange.core().clientBodyBufferSize(), Integer.MAX_VALUE),
            body -> answer(exchange, call.withBody(body), root),
            refused -> refuse(exchange, unread(refused)));
      } else {
        answer(exchange, call, root);
      }
    }
  }

  /// The part of the path that is the API's. A `rewrite` may have left the location's prefix.
  private static String below(String path, String prefix) {
    return path.startsWith(prefix) ? path.substring(prefix.length()) : path;
  }

  private static List<String> segments(String path) {
    List<String> segments = new ArrayList<>();
    for (String segment : path.split("/", -1)) {
      if (!segment.isEmpty()) {
        segments.add(segment);
      }
    }
    return segments;
  }

  private static int version(String text) {
    for (int version = FIRST_VERSION; version <= LAST_VERSION; version++) {
      if (text.equals(Integer.toString(version))) {
        return version;
      }
    }
    return 0;
  }

  private static Call call(
      Exchange exchange, Method method, int version, List<String> path, @Nullable Permit permit) {
    String fields = argument(exchange.args(), "fields");
    return new Call(
        method,
        version,
        path,
        fields == null ? null : names(fields),
        argument(exchange.args(), "key"),
        "",
        exchange.clientAddress(),
        address(exchange),
        permit);
  }

  private static String address(Exchange exchange) {
    return exchange.downstream().localAddress() instanceof InetSocketAddress inet
            && inet.getAddress() != null
        ? ListenAddress.numeric(inet.getAddress())
        : "unix:";
  }

  private static @Nullable String argument(@Nullable String args, String name) {
    if (args == null) {
      return null;
    }
    for (String part : args.split("&", -1)) {
      if (part.equals(name)) {
        return "";
      }
      if (part.startsWith(name + "=")) {
        return UriEscape.unescape(part.substring(name.length() + 1));
      }
    }
    return null;
  }

  private static Set<String> names(String list) {
    Set<String> names = new HashSet<>(List.of(list.split(",", -1)));
    names.remove("");
    return names;
  }

  /// Finds the resource and has it answer.
  private void answer(Exchange exchange, Call call, Resource from) {
    EventLoop loop = exchange.worker().loop();
    exchange.offLoop(
        () -> work(exchange, loop, call, from),
        (done, failure) -> finish(exchange, done, failure),
        _ -> {});
  }

  /// What is to be done on the loop.
  private sealed interface Done {}

  private record Refused(Refusal refusal) implements Done {}

  private record Delivered(Reply reply, Delivery.Outcome outcome) implements Done {}

  private static Done work(Exchange exchange, EventLoop loop, Call call, Resource from) {
    try {
      Reply reply = reply(call, from);
      Document document = reply.document();
      boolean head = call.method() == Method.HEAD;
      return new Delivered(
          reply,
          document == null
              ? new Delivery.Whole(new byte[0])
              : Delivery.write(exchange, loop, head, reply.status(), document));
    } catch (Refusal refusal) {
      return new Refused(refusal);
    }
  }

  private static Reply reply(Call call, Resource from) {
    Resource resource = from;
    for (String name : call.path()) {
      Resource child = resource.child(call, name);
      if (child == null) {
        throw Refusal.pathNotFound();
      }
      resource = child;
    }
    Set<Method> changes = resource.changes();
    if (call.method() == Method.OPTIONS) {
      return Reply.options(Method.allow(changes));
    }
    if (!call.method().changes()) {
      return resource.get(call);
    }
    if (!changes.contains(call.method())) {
      throw Refusal.methodNotSupported(Method.allow(changes));
    }
    return resource.change(call);
  }

  private void finish(Exchange exchange, @Nullable Done done, @Nullable IOException failure) {
    switch (done) {
      case null -> throw new IllegalStateException("the API met a bug", failure);
      case Refused(Refusal refusal) -> refuse(exchange, refusal);
      case Delivered(Reply reply, Delivery.Outcome outcome) -> {
        switch (outcome) {
          case Delivery.Whole(byte[] bytes) -> send(exchange, reply, bytes);
          case Delivery.Counted(long length) -> sendHead(exchange, reply, length);
          case Delivery.Sent _ -> {
            // the loop has all of it
          }
        }
      }
    }
  }

  private static void send(Exchange exchange, Reply reply, byte[] bytes) {
    if (!reply.allow().isEmpty()) {
      exchange.response().headers().add("Allow", reply.allow());
    }
    if (reply.status() == 204) {
      exchange.finish(204);
      return;
    }
    exchange.respond(reply.status(), reply.document() == null ? null : MEDIA_TYPE, bytes);
  }

  private static void sendHead(Exchange exchange, Reply reply, long length) {
    exchange.body().discard();
    Response response = exchange.response();
    response.status(reply.status());
    response.contentType(MEDIA_TYPE);
    response.contentLength(length);
    exchange.sendHead(true);
    exchange.downstream().flush();
  }

  private static Refusal unread(Decision.Refused refused) {
    return refused.status() == 413
        ? new Refusal(413, "RequestEntityTooLarge", "Request Entity Too Large")
        : new Refusal(refused.status(), "BodyReadError", refused.text());
  }

  private void refuse(Exchange exchange, Refusal refusal) {
    if (!refusal.allow().isEmpty()) {
      exchange.response().headers().add("Allow", refusal.allow());
    }
    String id = requestId.value(exchange);
    StringWriter text = new StringWriter();
    try (JsonGenerator out = JsonText.generator(text)) {
      out.writeStartObject();
      out.writeObjectPropertyStart("error");
      out.writeNumberProperty("status", refusal.status());
      out.writeStringProperty("text", refusal.text());
      out.writeStringProperty("code", refusal.code());
      out.writeEndObject();
      out.writeStringProperty("request_id", id == null ? "" : id);
      out.writeStringProperty("href", REFERENCE);
      out.writeEndObject();
    }
    exchange.respond(
        refusal.status(), MEDIA_TYPE, text.toString().getBytes(StandardCharsets.ISO_8859_1));
  }

  /// The location itself: the versions that are spoken.
  private record Versions() implements Resource {
    @Override
    public Reply get(Call call) {
      return Reply.ok(out -> {
        out.writeStartArray();
        for (int version = FIRST_VERSION; version <= LAST_VERSION; version++) {
          out.writeNumber(version);
        }
        out.writeEndArray();
      });
    }
  }
}
