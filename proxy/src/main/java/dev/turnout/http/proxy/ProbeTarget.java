package dev.turnout.http.proxy;

import dev.turnout.http.ByteSink;
import dev.turnout.http.Exchange;
import dev.turnout.http.Location;
import dev.turnout.http.ResponseHead;
import dev.turnout.upstream.Upstream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// How a location speaks to the upstream of its `proxy_pass`, for whoever asks the servers how they
/// are. Immutable.
public final class ProbeTarget {
  private static final byte[] CLOSE =
      "Connection: close\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1);

  private final ProxySettings settings;
  private final ProxyTarget.Resolved to;

  private ProbeTarget(ProxySettings settings, ProxyTarget.Resolved to) {
    this.settings = settings;
    this.to = to;
  }

  /// True if the location passes its requests on.
  public static boolean hasProxyPass(Location location) {
    return location.content() instanceof ProxyHandler;
  }

  /// The target of a location; null if it has none, or if variables name it.
  public static @Nullable ProbeTarget of(Location location) {
    return location.content() instanceof ProxyHandler handler
            && handler.settings().target() instanceof ProxyTarget.Fixed(ProxyTarget.Resolved to)
        ? new ProbeTarget(handler.settings(), to)
        : null;
  }

  public Upstream upstream() {
    return to.upstream();
  }

  /// `proxy_connect_timeout`, in milliseconds.
  public long connectTimeout() {
    return settings.connectTimeout();
  }

  /// `proxy_send_timeout`, in milliseconds.
  public long sendTimeout() {
    return settings.sendTimeout();
  }

  /// `proxy_read_timeout`, in milliseconds.
  public long readTimeout() {
    return settings.readTimeout();
  }

  /// `proxy_buffer_size`: the largest head of a response.
  public int bufferSize() {
    return settings.bufferSize();
  }

  /// What the variables of a probe say.
  ///
  /// @param head the answer, once it is there
  public ProbeView view(String address, @Nullable ResponseHead head) {
    return new ProbeView(to.host(), to.port(), address, head);
  }

  /// The head of a GET request for `uri`, with the fields that the location sets. On the exchange's
  /// loop.
  public byte[] requestHead(Exchange exchange, String uri, boolean keepAlive) {
    ByteSink out = new ByteSink(new byte[512]);
    RequestComposer composer = settings.headers();
    composer.compose(exchange, out, "GET", uri, to.host(), 0);
    if (!keepAlive && composer.isHttp11() && !composer.setsConnection()) {
      out.truncate(out.length() - 2);
      out.append(CLOSE);
    }
    return Arrays.copyOf(out.bytes(), out.length());
  }
}
