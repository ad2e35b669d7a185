package dev.turnout.control;

/// A range of addresses that switch targets may be in: `CIDR[:PORTS]`, with `PORTS` one port or
/// `first-last`; without, any port. An IPv6 address stands in brackets: `[fd00::]/8:8000-8999`.
public final class TargetRule {
  /// A range without an address in it.
  public static final TargetRule NOTHING =
      new TargetRule("", AddressBlock.of("255.255.255.255"), 1, 0);

  private final String text;
  private final AddressBlock block;
  private final int firstPort;
  private final int lastPort;

  private TargetRule(String text, AddressBlock block, int firstPort, int lastPort) {
    this.text = text;
    this.block = block;
    this.firstPort = firstPort;
    this.lastPort = lastPort;
  }

  /// Fails with a message for the operator, who wrote it.
  public static TargetRule parse(String text) {
    // The ports are behind the last colon that is neither in brackets nor part of the address.
    int end = Math.max(text.indexOf(']'), text.indexOf('/'));
    int colon = text.indexOf(':', Math.max(end, 0));
    AddressBlock block = AddressBlock.parse(colon < 0 ? text : text.substring(0, colon));
    if (block == null) {
      throw new IllegalArgumentException("invalid address range \"" + text + "\"");
    }
    if (colon < 0) {
      return new TargetRule(text, block, 1, 65535);
    }
    String ports = text.substring(colon + 1);
    int dash = ports.indexOf('-');
    int first = AddressLiteral.decimal(dash < 0 ? ports : ports.substring(0, dash), 65535);
    int last = dash < 0 ? first : AddressLiteral.decimal(ports.substring(dash + 1), 65535);
    if (first < 1 || last < first) {
      throw new IllegalArgumentException("invalid port range in \"" + text + "\"");
    }
    return new TargetRule(text, block, first, last);
  }

  boolean allows(byte[] address, int port) {
    return port >= firstPort && port <= lastPort && block.contains(address);
  }

  @Override
  public String toString() {
    return text;
  }
}
