package dev.turnout.loadgen.backend;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;

/// A server that says who it is, in the body and in the field `X-Backend`, after some work.
public final class Backend implements Closeable {
  /// The field that names the server.
  public static final String NAME_FIELD = "X-Backend";

  private static final int BACKLOG = 1024;

  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final String name;
  private final Work work;
  private final Semaphore slots;
  private final long started = System.nanoTime();
  private final AtomicLong answered = new AtomicLong();

  private Backend(InetSocketAddress address, String name, Work work, int limit) throws IOException {
    this.name = name;
    this.work = work;
    this.slots = new Semaphore(limit, true);
    server = HttpServer.create(address, BACKLOG);
    server.createContext("/", this::handle);
    server.setExecutor(threads);
    server.start();
  }

  /// Starts one.
  ///
  /// @param port where on this machine; 0: a free one
  /// @param limit requests that are worked for at a time; others wait
  public static Backend start(InetAddress address, int port, String name, Work work, int limit)
      throws IOException {
    // the server of the JDK would wait 40 ms for more to send, and keep 200 connections
    System.setProperty("sun.net.httpserver.nodelay", "true");
    System.setProperty("sun.net.httpserver.maxIdleConnections", "10000");
    System.setProperty("sun.net.httpserver.idleInterval", "3600");
    return new Backend(new InetSocketAddress(address, port), name, work, limit);
  }

  public int port() {
    return server.getAddress().getPort();
  }

  /// Requests that were answered.
  public long answered() {
    return answered.get();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      exchange.getRequestBody().skip(Long.MAX_VALUE);
      Work.End end = work.run(slots, started);
      if (end == Work.End.DROPPED) {
        throw new IOException("dropped, as was asked for");
      }
      exchange.getResponseHeaders().set(NAME_FIELD, name);
      exchange.getResponseHeaders().set("Content-Type", "text/plain");
      byte[] body = ("served by " + name + "\n").getBytes(StandardCharsets.UTF_8);
      boolean bodiless = exchange.getRequestMethod().equals("HEAD");
      int status = end == Work.End.WELL ? 200 : work.failStatus();
      exchange.sendResponseHeaders(status, bodiless ? -1 : body.length);
      if (!bodiless) {
        exchange.getResponseBody().write(body);
      }
      answered.incrementAndGet();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /// Stops at once: what is under way is broken off.
  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
