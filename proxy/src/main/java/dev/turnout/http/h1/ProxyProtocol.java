package dev.turnout.http.h1;

import dev.turnout.http.ProxyHeader;
import dev.turnout.log.Level;
import dev.turnout.net.ListenAddress;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.AttributeKey;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/// Takes the PROXY protocol's header, version 1 or 2, off the front of a connection; then it goes
/// out of the way. A header that is malformed or too long ends the connection. Confined to the
/// connection's loop.
public final class ProxyProtocol extends ChannelInboundHandlerAdapter {
  /// What the header said; not set if it said nothing of the client.
  public static final AttributeKey<ProxyHeader> HEADER = AttributeKey.valueOf("proxy protocol");

  private static final byte[] TEXT = "PROXY ".getBytes(StandardCharsets.ISO_8859_1);
  private static final byte[] SIGNATURE = HexFormat.of().parseHex("0d0a0d0a000d0a515549540a");
  private static final int LONGEST_TEXT = 107;
  private static final int LONGEST = 4096;
  private static final int FIXED = 16;
  private static final int V4_ADDRESSES = 12;
  private static final int V6_ADDRESSES = 36;

  private final ListenPoint point;
  private @Nullable ByteBuf seen;

  /// For a connection that came in through `point`.
  public ProxyProtocol(ListenPoint point) {
    this.point = point;
  }

  /// A header that is no header.
  private static final class Malformed extends Exception {
    private static final long serialVersionUID = 1L;

    Malformed(String what) {
      super(what, null, false, false);
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf in = (ByteBuf) message;
    ByteBuf before = seen;
    ByteBuf all = in;
    if (before != null) {
      seen = null;
      all = ctx.alloc().buffer(before.readableBytes() + in.readableBytes());
      all.writeBytes(before).writeBytes(in);
      before.release();
      in.release();
    }
    int start = all.readerIndex();
    try {
      if (!take(ctx, all)) {
        all.readerIndex(start);
        seen = all;
        return;
      }
    } catch (Malformed e) {
      refuse(ctx, all.readerIndex(start), String.valueOf(e.getMessage()));
      return;
    }
    ctx.pipeline().remove(this);
    if (all.isReadable()) {
      ctx.fireChannelRead(all);
    } else {
      all.release();
    }
  }

  private void refuse(ChannelHandlerContext ctx, ByteBuf all, String what) {
    int shown = Math.min(all.readableBytes(), LONGEST_TEXT);
    String text = all.toString(all.readerIndex(), shown, StandardCharsets.ISO_8859_1);
    int line = text.indexOf('\r');
    all.release();
    point
        .serving()
        .settings()
        .servers()
        .defaultServer()
        .base()
        .core()
        .errorLog()
        .log(
            Level.ERROR,
            what
                + ": \""
                + (line < 0 ? text : text.substring(0, line)).replaceAll("[^ -~]", ".")
                + "\" while reading PROXY protocol, client: "
                + ListenAddress.text(ctx.channel().remoteAddress())
                + ", server: "
                + ListenAddress.text(ctx.channel().localAddress()));
    ctx.close();
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    ByteBuf held = seen;
    if (held != null) {
      seen = null;
      held.release();
    }
  }

  /// Reads the header; false if there is more to come.
  private static boolean take(ChannelHandlerContext ctx, ByteBuf in) throws Malformed {
    if (startsWith(in, SIGNATURE)) {
      return in.readableBytes() >= FIXED && takeBinary(ctx, in);
    }
    if (startsWith(in, TEXT)) {
      return in.readableBytes() >= TEXT.length && takeText(ctx, in);
    }
    throw new Malformed("broken header");
  }

  /// True if it begins as `expected` does, as far as it goes.
  private static boolean startsWith(ByteBuf in, byte[] expected) {
    int n = Math.min(in.readableBytes(), expected.length);
    for (int i = 0; i < n; i++) {
      if (in.getByte(in.readerIndex() + i) != expected[i]) {
        return false;
      }
    }
    return true;
  }

  private static boolean takeText(ChannelHandlerContext ctx, ByteBuf in) throws Malformed {
    int limit = Math.min(in.readableBytes(), LONGEST_TEXT);
    int end = in.indexOf(in.readerIndex(), in.readerIndex() + limit, (byte) '\n');
    if (end < 0) {
      if (limit == LONGEST_TEXT) {
        throw new Malformed("broken header");
      }
      return false;
    }
    int length = end - in.readerIndex();
    String line = in.toString(in.readerIndex(), length, StandardCharsets.ISO_8859_1);
    in.readerIndex(end + 1);
    if (!line.endsWith("\r")) {
      throw new Malformed("broken header");
    }
    String[] words = line.substring(0, line.length() - 1).split(" ", -1);
    if (words[1].equals("UNKNOWN")) {
      return true;
    }
    boolean v4 = words[1].equals("TCP4");
    if (words.length != 6 || !(v4 || words[1].equals("TCP6"))) {
      throw new Malformed("broken header");
    }
    InetSocketAddress source = socket(words[2], words[4], v4);
    InetSocketAddress destination = socket(words[3], words[5], v4);
    ctx.channel().attr(HEADER).set(new ProxyHeader(source, destination, ""));
    return true;
  }

  private static InetSocketAddress socket(String address, String port, boolean v4)
      throws Malformed {
    boolean valid =
        v4
            ? NetUtil.isValidIpV4Address(address)
            : address.indexOf('%') < 0 && NetUtil.isValidIpV6Address(address);
    int number = -1;
    if (!port.isEmpty() && port.length() <= 5 && port.chars().allMatch(c -> c >= '0' && c <= '9')) {
      number = Integer.parseInt(port);
    }
    if (!valid || number < 0 || number > 65535) {
      throw new Malformed("broken header");
    }
    return socket(NetUtil.createByteArrayFromIpAddressString(address), number);
  }

  private static InetSocketAddress socket(byte[] address, int port) throws Malformed {
    try {
      return new InetSocketAddress(InetAddress.getByAddress(address), port);
    } catch (UnknownHostException _) {
      throw new Malformed("broken header");
    }
  }

  private static boolean takeBinary(ChannelHandlerContext ctx, ByteBuf in) throws Malformed {
    int start = in.readerIndex();
    int versionAndCommand = in.getUnsignedByte(start + 12);
    int familyAndTransport = in.getUnsignedByte(start + 13);
    int length = in.getUnsignedShort(start + 14);
    if (versionAndCommand >>> 4 != 2) {
      throw new Malformed("unknown PROXY protocol version");
    }
    if (FIXED + length > LONGEST) {
      throw new Malformed("header is too large");
    }
    if (in.readableBytes() < FIXED + length) {
      return false;
    }
    in.skipBytes(FIXED);
    ByteBuf rest = in.readSlice(length);
    boolean known = (versionAndCommand & 15) == 1 && (familyAndTransport & 15) == 1;
    int size =
        switch (familyAndTransport >>> 4) {
          case 1 -> V4_ADDRESSES;
          case 2 -> V6_ADDRESSES;
          default -> 0;
        };
    if (!known || size == 0) {
      return true; // of a connection of the proxy's own, or one that says nothing to us
    }
    if (length < size) {
      throw new Malformed("broken header");
    }
    byte[] source = new byte[(size - 4) / 2];
    byte[] destination = new byte[source.length];
    rest.readBytes(source).readBytes(destination);
    InetSocketAddress from = socket(source, rest.readUnsignedShort());
    InetSocketAddress to = socket(destination, rest.readUnsignedShort());
    String extensions = rest.toString(StandardCharsets.ISO_8859_1);
    ctx.channel().attr(HEADER).set(new ProxyHeader(from, to, extensions));
    return true;
  }
}
