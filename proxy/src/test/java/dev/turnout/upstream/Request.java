package dev.turnout.upstream;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;

/// A request that asks for peers at a time the test says.
public final class Request implements PickContext {
  private final Tries tries = new Tries();
  private final List<Peer> disabled = new ArrayList<>();
  private long now;
  private byte[] clientAddress = {127, 0, 0, 1};
  private String hashKey = "";
  private RandomGenerator random = new Random(1);
  private String stickyKey = "";
  private String stickySession = "";
  private long headerMillis = -1;
  private long responseMillis = -1;
  private Runnable meanwhile = () -> {};

  public static Request at(long nowMillis) {
    Request request = new Request();
    request.now = nowMillis;
    return request;
  }

  public Request from(byte... address) {
    clientAddress = address;
    return this;
  }

  public Request withKey(String key) {
    hashKey = key;
    return this;
  }

  public Request boundBy(String key) {
    stickyKey = key;
    return this;
  }

  public Request beginning(String session) {
    stickySession = session;
    return this;
  }

  /// How long its attempt takes to the head of the response, and to its end.
  public Request taking(long header, long response) {
    headerMillis = header;
    responseMillis = response;
    return this;
  }

  public Request drawing(RandomGenerator generator) {
    random = generator;
    return this;
  }

  /// Something that happens once while the balancer is looking at the clock, before it chooses.
  public Request meanwhile(Runnable event) {
    meanwhile = event;
    return this;
  }

  public Request goingOnAt(long nowMillis) {
    now = nowMillis;
    return this;
  }

  /// The peers whose removal this request was told of.
  public List<Peer> disabled() {
    return disabled;
  }

  @Override
  public long nowMillis() {
    Runnable event = meanwhile;
    meanwhile = () -> {};
    event.run();
    return now;
  }

  @Override
  public byte[] clientAddress() {
    return clientAddress;
  }

  @Override
  public String hashKey() {
    return hashKey;
  }

  @Override
  public String stickyKey() {
    return stickyKey;
  }

  @Override
  public String stickySession() {
    return stickySession;
  }

  @Override
  public long headerMillis() {
    return headerMillis;
  }

  @Override
  public long responseMillis() {
    return responseMillis;
  }

  @Override
  public RandomGenerator random() {
    return random;
  }

  @Override
  public Tries tries() {
    return tries;
  }

  @Override
  public void temporarilyDisabled(Peer peer) {
    disabled.add(peer);
  }
}
