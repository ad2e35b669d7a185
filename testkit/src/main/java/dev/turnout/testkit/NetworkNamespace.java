package dev.turnout.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Assumptions;

/// A network of this machine's own, in which a server can run, with several links to it that can
/// fail each for itself: what is sent is lost in either direction, without a word to anybody, or
/// connections are reset. Needs the rights of root; a test is skipped without them.
public final class NetworkNamespace implements AutoCloseable {
  private static final String NOBODY = "02:00:00:00:00:99"; // no link has this hardware address

  private final String name;
  private final int network;
  private final int links;

  private NetworkNamespace(String name, int network, int links) {
    this.name = name;
    this.network = network;
    this.links = links;
  }

  /// Makes one, with links numbered from 0.
  public static NetworkNamespace create(int links) {
    Installed.need("ip", "iproute2");
    Installed.need("ss", "iproute2");
    int number = ThreadLocalRandom.current().nextInt(1, 250);
    NetworkNamespace made = new NetworkNamespace("turnout-" + number, number, links);
    try {
      run("ip", "netns", "add", made.name);
    } catch (IllegalStateException e) {
      Assumptions.abort("network namespaces cannot be made here: " + e.getMessage());
    }
    try {
      for (int i = 0; i < links; i++) {
        made.link(i);
      }
      return made;
    } catch (RuntimeException e) {
      made.close();
      Assumptions.abort("links of network namespaces cannot be made here: " + e.getMessage());
      throw e;
    }
  }

  private void link(int i) {
    run("ip", "link", "add", near(i), "type", "veth", "peer", "name", far(i));
    run("ip", "link", "set", far(i), "netns", name);
    run("ip", "addr", "add", nearAddress(i) + "/30", "dev", near(i));
    run("ip", "link", "set", near(i), "up");
    run("ip", "-n", name, "addr", "add", address(i) + "/30", "dev", far(i));
    run("ip", "-n", name, "link", "set", far(i), "up");
    heal(i);
  }

  private String near(int i) {
    return "tn" + network + "n" + i;
  }

  private String far(int i) {
    return "tn" + network + "f" + i;
  }

  private String nearAddress(int i) {
    return "10.213.%d.%d".formatted(network, i * 4 + 1);
  }

  /// Of a server in it, by one of the links.
  public String address(int link) {
    return "10.213.%d.%d".formatted(network, link * 4 + 2);
  }

  /// What to write before a command so that it runs in it.
  List<String> prefix() {
    return List.of("ip", "netns", "exec", name);
  }

  /// What is sent to the server by this link is lost.
  public void loseRequests(int link) {
    neighbour(link, NOBODY);
  }

  /// What the server sends by this link is lost.
  public void loseAnswers(int link) {
    farNeighbour(link, NOBODY);
  }

  /// Connections by this link are reset.
  public void reset(int link) {
    run("ss", "-K", "dst", address(link));
  }

  /// Nothing is lost any more.
  public void heal(int link) {
    neighbour(link, hardware("ip", "-n", name, "-o", "link", "show", far(link)));
    farNeighbour(link, hardware("ip", "-o", "link", "show", near(link)));
  }

  private void neighbour(int i, String at) {
    run("ip", "neigh", "replace", address(i), "lladdr", at, "dev", near(i), "nud", "permanent");
  }

  private void farNeighbour(int i, String at) {
    String dev = far(i);
    run(
        "ip",
        "-n",
        name,
        "neigh",
        "replace",
        nearAddress(i),
        "lladdr",
        at,
        "dev",
        dev,
        "nud",
        "permanent");
  }

  private static String hardware(String... show) {
    String said = run(show);
    int at = said.indexOf("link/ether ") + "link/ether ".length();
    return said.substring(at, at + NOBODY.length());
  }

  private static String run(String... command) {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      process.getOutputStream().close();
      String said =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1).strip();
      if (process.waitFor() != 0) {
        throw new IllegalStateException(String.join(" ", command) + ": " + said);
      }
      return said;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    List<RuntimeException> troubles = new ArrayList<>();
    for (int i = 0; i < links; i++) {
      try {
        run("ip", "link", "del", near(i));
      } catch (RuntimeException e) {
        troubles.add(e);
      }
    }
    run("ip", "netns", "del", name);
    if (!troubles.isEmpty()) {
      throw troubles.getFirst();
    }
  }
}
