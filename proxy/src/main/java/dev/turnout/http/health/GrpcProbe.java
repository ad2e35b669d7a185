package dev.turnout.http.health;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.turnout.http.proxy.ProbeTarget;
import dev.turnout.upstream.PeerAddress;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http2.DefaultHttp2Connection;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.HttpConversionUtil.ExtensionHeaderNames;
import io.netty.handler.codec.http2.HttpToHttp2ConnectionHandlerBuilder;
import io.netty.handler.codec.http2.InboundHttp2ToHttpAdapterBuilder;
import java.io.ByteArrayOutputStream;
import org.jspecify.annotations.Nullable;

/// Asks one server by a gRPC call, over HTTP/2 without TLS (RFC 9113, section 3.3), each time on a
/// connection of its own. HTTP/2 is Netty's, between the bytes of a [ProbeSocket].
final class GrpcProbe implements Probe {
  private static final int MOST_BODY = 64 * 1024;

  private final HttpCheck check;
  private final GrpcCall call;
  private final PeerAddress address;
  private String stage = "";

  /// What HTTP/2 did not like of what came, once it has ended the connection for that.
  private @Nullable String complaint;

  GrpcProbe(HttpCheck check, GrpcCall call, PeerAddress address) {
    this.check = check;
    this.call = call;
    this.address = address;
  }

  @Override
  public Found run() throws InterruptedException {
    ProbeTarget target = check.target();
    stage = "connecting to upstream";
    complaint = null;
    try (ProbeSocket socket = ProbeSocket.connect(address, target.connectTimeout())) {
      EmbeddedChannel http2 = http2();
      try {
        return ask(http2, socket, target);
      } finally {
        http2.finishAndReleaseAll();
      }
    } catch (ProbeSocket.Broken broken) {
      return Found.broken(stage, broken.text());
    }
  }

  private EmbeddedChannel http2() {
    Http2Connection connection = new DefaultHttp2Connection(false);
    connection.addListener(
        new Http2ConnectionAdapter() {
          @Override
          public void onGoAwaySent(int lastStreamId, long errorCode, ByteBuf debugData) {
            complaint = debugData.toString(UTF_8);
          }
        });
    return new EmbeddedChannel(
        new HttpToHttp2ConnectionHandlerBuilder()
            .connection(connection)
            .initialSettings(Http2Settings.defaultSettings().pushEnabled(false))
            .frameListener(
                new InboundHttp2ToHttpAdapterBuilder(connection)
                    .maxContentLength(MOST_BODY)
                    .build())
            .build());
  }

  private Found ask(EmbeddedChannel http2, ProbeSocket socket, ProbeTarget target)
      throws ProbeSocket.Broken, InterruptedException {
    stage = "sending request to upstream";
    socket.within(target.sendTimeout());
    http2.writeOneOutbound(request());
    http2.flushOutbound();
    send(http2, socket);
    stage = "reading response header from upstream";
    socket.within(target.readTimeout());
    byte[] bytes = new byte[4096];
    while (true) {
      int count = socket.receive(bytes);
      if (count < 0) {
        return Found.broken(stage, "upstream prematurely closed connection");
      }
      try {
        http2.writeInbound(Unpooled.copiedBuffer(bytes, 0, count));
      } catch (Exception e) { // what came is no HTTP/2, or ends the stream
        return Found.broken(stage, "upstream sent invalid response: " + e.getMessage());
      }
      if (complaint != null) {
        return Found.broken(stage, "upstream sent invalid response: " + complaint);
      }
      FullHttpResponse answer = http2.readInbound();
      if (answer != null) {
        try {
          return judge(answer);
        } finally {
          answer.release();
        }
      }
      send(http2, socket); // what HTTP/2 itself has to say, as that the settings were seen
    }
  }

  private FullHttpRequest request() {
    FullHttpRequest request =
        new DefaultFullHttpRequest(
            HttpVersion.HTTP_1_1,
            HttpMethod.POST,
            GrpcCall.PATH,
            Unpooled.wrappedBuffer(call.request()));
    request
        .headers()
        .set(ExtensionHeaderNames.SCHEME.text(), "http")
        .set(
            HttpHeaderNames.HOST,
            address instanceof PeerAddress.Unix ? "localhost" : address.text())
        .set(HttpHeaderNames.CONTENT_TYPE, "application/grpc")
        .set(HttpHeaderNames.TE, "trailers");
    return request;
  }

  /// Sends all that HTTP/2 has to say by now, at once: a server that ends the connection at its
  /// first words is then told from one that cannot be written to.
  private static void send(EmbeddedChannel http2, ProbeSocket socket)
      throws ProbeSocket.Broken, InterruptedException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (ByteBuf out = http2.readOutbound(); out != null; out = http2.readOutbound()) {
      try {
        bytes.writeBytes(ByteBufUtil.getBytes(out));
      } finally {
        out.release();
      }
    }
    if (bytes.size() > 0) {
      socket.send(bytes.toByteArray());
    }
  }

  private Found judge(FullHttpResponse answer) {
    if (answer.status().code() != 200) {
      return Found.mismatch("checking status code", "HTTP/2 " + answer.status().code());
    }
    String status = answer.trailingHeaders().get(GrpcCall.STATUS);
    return call.judge(
        // a server that answers without a message sends what would be trailers at once
        status == null ? text(answer.headers(), GrpcCall.STATUS) : status,
        ByteBufUtil.getBytes(answer.content()));
  }

  private static String text(HttpHeaders fields, String name) {
    String value = fields.get(name);
    return value == null ? "" : value;
  }

  @Override
  public void close() {
    // nothing is kept
  }
}
