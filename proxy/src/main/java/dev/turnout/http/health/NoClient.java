package dev.turnout.http.health;

import dev.turnout.http.Downstream;
import dev.turnout.http.Exchange;
import dev.turnout.http.FilePart;
import dev.turnout.http.ProxyHeader;
import dev.turnout.http.ResponseHeaders;
import dev.turnout.http.Tunnel;
import dev.turnout.net.Worker;
import io.netty.buffer.ByteBuf;
import io.netty.channel.unix.DomainSocketAddress;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/// The client's side of an exchange that has no client: a probe's. Nothing is ever answered on it.
final class NoClient implements Downstream {
  private static final SocketAddress NOWHERE = new DomainSocketAddress("");

  private final Worker worker;

  NoClient(Worker worker) {
    this.worker = worker;
  }

  private static IllegalStateException nobody() {
    return new IllegalStateException("a probe has no client");
  }

  @Override
  public Worker worker() {
    return worker;
  }

  @Override
  public long connectionNumber() {
    return 0;
  }

  @Override
  public long requestNumber() {
    return 0;
  }

  @Override
  public SocketAddress remoteAddress() {
    return NOWHERE;
  }

  @Override
  public SocketAddress localAddress() {
    return NOWHERE;
  }

  @Override
  public void settled(Exchange exchange) {
    throw nobody();
  }

  @Override
  public @Nullable ProxyHeader proxyHeader() {
    return null;
  }

  @Override
  public long openedNanos() {
    return worker.nowNanos();
  }

  @Override
  public void writeHead(Exchange exchange, boolean last) {
    throw nobody();
  }

  @Override
  public void writeBody(Exchange exchange, ByteBuf body, boolean last) {
    body.release();
    throw nobody();
  }

  @Override
  public void writeFile(Exchange exchange, FilePart file, boolean last) {
    throw nobody();
  }

  @Override
  public void writeEnd(Exchange exchange) {
    throw nobody();
  }

  @Override
  public void writeInformational(Exchange exchange, int status, ResponseHeaders fields) {
    throw nobody();
  }

  @Override
  public void flush() {
    throw nobody();
  }

  @Override
  public boolean isWritable() {
    return false;
  }

  @Override
  public long bytesSent() {
    return 0;
  }

  @Override
  public void becomeTunnel(Exchange exchange, Tunnel tunnel) {
    throw nobody();
  }

  @Override
  public void writeTunnel(ByteBuf bytes) {
    bytes.release();
    throw nobody();
  }

  @Override
  public void flushTunnel() {
    throw nobody();
  }

  @Override
  public void closeTunnel() {
    throw nobody();
  }

  @Override
  public void readTunnel(boolean read) {
    throw nobody();
  }

  @Override
  public void abort(Exchange exchange) {
    throw nobody();
  }

  @Override
  public void readBody(Exchange exchange) {
    throw nobody();
  }

  @Override
  public int discardBody(Exchange exchange) {
    return 0;
  }

  @Override
  public void pauseBody(boolean pause) {
    throw nobody();
  }
}
