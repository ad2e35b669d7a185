package dev.turnout.http.proxy;

import dev.turnout.http.CoreVariables;
import dev.turnout.http.Exchange;
import dev.turnout.http.FieldName;
import dev.turnout.http.Fields;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.ResponseHead;
import dev.turnout.http.Variable;
import dev.turnout.net.ListenAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// `$proxy_…` and `$upstream_…`.
final class ProxyVariables {
  private ProxyVariables() {}

  static void register(HttpRegistry http) {
    http.variable("proxy_host", exchange -> of(exchange, p -> p.target().host(), ProbeView::host));
    http.variable("proxy_port", exchange -> of(exchange, p -> p.target().port(), ProbeView::port));
    http.variable("proxy_add_x_forwarded_for", ProxyVariables::forwardedFor);
    http.variable(
        "upstream_addr",
        orProbe(each(a -> a.peer().address().text(), Proxying::upstreamName), ProbeView::address));
    http.variable(
        "upstream_status",
        orProbe(each(a -> a.status() == 0 ? "-" : "" + a.status(), _ -> "502"), ProbeView::status));
    http.variable("upstream_connect_time", each(a -> seconds(a.connectMillis()), _ -> "-"));
    http.variable(
        "upstream_queue_time",
        each(a -> seconds(a.queuedMillis()), p -> seconds(p.waitedMillis())));
    http.variable("upstream_header_time", each(a -> seconds(a.headMillis()), _ -> "-"));
    http.variable("upstream_response_time", each(a -> seconds(a.endMillis()), _ -> "0.000"));
    http.variable("upstream_response_length", each(a -> "" + a.responseLength(), _ -> "0"));
    http.variable("upstream_bytes_sent", each(a -> "" + a.bytesSent(), _ -> "0"));
    http.variable("upstream_bytes_received", each(a -> "" + a.bytesReceived(), _ -> "0"));
    http.variable("turnout_revision", ProxyVariables::revision);
    http.variables("upstream_http_", ProxyVariables::field);
    http.variables("upstream_cookie_", ProxyVariables::cookie);
    http.variables("upstream_trailer_", ProxyVariables::trailer);
  }

  private static @Nullable Proxying proxying(Exchange exchange) {
    return exchange.upstreaming() instanceof Proxying proxying ? proxying : null;
  }

  private static @Nullable String of(
      Exchange exchange, Function<Proxying, String> what, Function<ProbeView, String> ofProbe) {
    return switch (exchange.upstreaming()) {
      case Proxying proxying -> what.apply(proxying);
      case ProbeView probe -> ofProbe.apply(probe);
      case null, default -> null;
    };
  }

  /// The head that came from the upstream, to a request or to a probe.
  private static @Nullable ResponseHead responseHead(Exchange exchange) {
    return switch (exchange.upstreaming()) {
      case Proxying proxying -> proxying.responseHead();
      case ProbeView probe -> probe.responseHead();
      case null, default -> null;
    };
  }

  private static Variable orProbe(Variable ofRequest, Function<ProbeView, String> ofProbe) {
    return exchange ->
        exchange.upstreaming() instanceof ProbeView probe
            ? ofProbe.apply(probe)
            : ofRequest.value(exchange);
  }

  /// The revision that the list of servers had when one was chosen from it.
  private static @Nullable String revision(Exchange exchange) {
    Proxying proxying = proxying(exchange);
    long revision = proxying == null ? -1 : proxying.tries().revision();
    return revision < 0 ? null : Long.toString(revision);
  }

  private static String seconds(long millis) {
    return millis < 0 ? "-" : String.format(Locale.ROOT, "%d.%03d", millis / 1000, millis % 1000);
  }

  /// A value of each attempt: `, ` between those at one upstream, ` : ` between upstreams.
  private static Variable each(
      Function<Attempt, String> value, Function<Proxying, String> withoutPeer) {
    return exchange -> {
      Proxying last = proxying(exchange);
      if (last == null) {
        return null;
      }
      List<Proxying> ways = new ArrayList<>();
      for (Proxying way = last; way != null; way = way.before()) {
        ways.addFirst(way);
      }
      StringBuilder out = new StringBuilder();
      for (Proxying way : ways) {
        if (!out.isEmpty()) {
          out.append(" : ");
        }
        int start = out.length();
        for (Attempt attempt : way.attempts()) {
          if (out.length() > start) {
            out.append(", ");
          }
          out.append(value.apply(attempt));
        }
        if (way.hasNoPeer()) {
          if (out.length() > start) {
            out.append(", ");
          }
          out.append(withoutPeer.apply(way));
        }
      }
      return out.isEmpty() ? null : out.toString();
    };
  }

  private static Variable field(String name) {
    FieldName wanted = FieldName.of(name.replace('_', '-'));
    return exchange -> {
      ResponseHead head = responseHead(exchange);
      return head == null ? null : joined(head.fields(), wanted);
    };
  }

  private static @Nullable String joined(Fields fields, FieldName name) {
    String value = null;
    for (int i = 0; i < fields.count(); i++) {
      if (fields.nameIs(i, name)) {
        value = value == null ? fields.value(i) : value + ", " + fields.value(i);
      }
    }
    return value;
  }

  private static Variable trailer(String name) {
    FieldName wanted = FieldName.of(name.replace('_', '-'));
    return exchange -> {
      Proxying proxying = proxying(exchange);
      Fields trailers = proxying == null ? null : proxying.framing().trailers();
      return trailers == null ? null : joined(trailers, wanted);
    };
  }

  private static Variable cookie(String name) {
    return exchange -> {
      ResponseHead head = responseHead(exchange);
      if (head == null) {
        return null;
      }
      Fields fields = head.fields();
      for (int i = fields.find(FieldName.SET_COOKIE);
          i >= 0;
          i = fields.findAfter(i, FieldName.SET_COOKIE)) {
        String value = CoreVariables.cookieSet(fields.value(i), name);
        if (value != null) {
          return value;
        }
      }
      return null;
    };
  }

  private static String forwardedFor(Exchange exchange) {
    String client =
        exchange.remoteAddress() instanceof InetSocketAddress inet && inet.getAddress() != null
            ? ListenAddress.numeric(inet.getAddress())
            : "unix:";
    Fields fields = exchange.request().fields();
    StringBuilder out = new StringBuilder();
    for (int i = fields.find(FieldName.X_FORWARDED_FOR);
        i >= 0;
        i = fields.findAfter(i, FieldName.X_FORWARDED_FOR)) {
      out.append(fields.value(i)).append(", ");
    }
    return out.append(client).toString();
  }
}
