package dev.turnout.http.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.http.access.RangeTable.Added;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GeoTableTest {
  private static byte[] bytes(String address) {
    return Objects.requireNonNull(Network.address(address), address);
  }

  private static int number(String address) {
    byte[] b = bytes(address);
    return (b[0] << 24) | ((b[1] & 0xff) << 16) | ((b[2] & 0xff) << 8) | (b[3] & 0xff);
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.0, a",
    "10.1.2.3, a",
    "10.1.0.1, b",
    "10.1.0.129, c",
    "10.1.0.128, d",
    "11.0.0.0, "
  })
  void anAddressHasTheValueOfTheSmallestNetworkAroundIt(String address, String value) {
    var table = new AddressTable();
    table.put(Network.parse("10.1.0.128/25"), "c");
    table.put(Network.parse("10.0.0.0/8"), "a");
    table.put(Network.parse("10.1.0.128"), "d");
    table.put(Network.parse("10.1.0.0/24"), "b");

    assertThat(table.find(bytes(address))).isEqualTo(value);
  }

  @Test
  void aNetworkThatIsTakenAwayLeavesThoseAroundAndInside() {
    var table = new AddressTable();
    table.put(Network.parse("2001:db8::/32"), "around");
    table.put(Network.parse("2001:db8:1::/48"), "it");
    table.put(Network.parse("2001:db8:1:2::/64"), "inside");

    assertThat(table.remove(Network.parse("2001:db8:1::/48"))).isEqualTo("it");
    assertThat(table.remove(Network.parse("2001:db8:1::/48"))).isNull();
    assertThat(table.remove(Network.parse("2001:db9::/48"))).isNull();

    assertThat(table.find(bytes("2001:db8:1::1"))).isEqualTo("around");
    assertThat(table.find(bytes("2001:db8:1:2::1"))).isEqualTo("inside");
  }

  @Test
  void aSecondValueReplacesTheFirstAndNamesIt() {
    var table = new AddressTable();

    assertThat(table.put(Network.parse("0.0.0.0/0"), "one")).isNull();
    assertThat(table.put(Network.parse("0.0.0.0/0"), "two")).isEqualTo("one");
    assertThat(table.find(bytes("255.255.255.255"))).isEqualTo("two");
  }

  @Test
  void rangesInsideOthersCutThemUp() {
    var table = new RangeTable();
    table.add(number("10.0.0.0"), number("10.2.255.255"), "a");

    assertThat(table.add(number("10.1.0.0"), number("10.1.0.9"), "start"))
        .isEqualTo(new Added.New());
    assertThat(table.add(number("10.1.0.20"), number("10.1.0.29"), "middle"))
        .isEqualTo(new Added.New());
    assertThat(table.add(number("10.1.255.250"), number("10.1.255.255"), "end"))
        .isEqualTo(new Added.New());

    assertThat(table.find(number("10.0.255.255"))).isEqualTo("a");
    assertThat(table.find(number("10.1.0.9"))).isEqualTo("start");
    assertThat(table.find(number("10.1.0.10"))).isEqualTo("a");
    assertThat(table.find(number("10.1.0.20"))).isEqualTo("middle");
    assertThat(table.find(number("10.1.0.30"))).isEqualTo("a");
    assertThat(table.find(number("10.1.255.255"))).isEqualTo("end");
    assertThat(table.find(number("10.2.0.0"))).isEqualTo("a");
    assertThat(table.find(number("10.3.0.0"))).isNull();
  }

  @Test
  void rangesAboveTheMiddleOfTheAddressesAreFound() {
    var table = new RangeTable();
    table.add(number("127.255.0.0"), number("128.1.0.0"), "a");
    table.add(number("255.255.255.255"), number("255.255.255.255"), "last");

    assertThat(table.find(number("128.0.7.7"))).isEqualTo("a");
    assertThat(table.find(number("128.1.0.1"))).isNull();
    assertThat(table.find(number("255.255.255.255"))).isEqualTo("last");
  }

  @Test
  void rangesThatOverlapAreRefusedAndEqualOnesReplaced() {
    var table = new RangeTable();
    table.add(number("10.0.0.10"), number("10.0.0.20"), "a");

    assertThat(table.add(number("10.0.0.5"), number("10.0.0.15"), "b"))
        .isEqualTo(new Added.Overlaps("10.0.0.10-10.0.0.20"));
    assertThat(table.add(number("10.0.0.10"), number("10.0.0.20"), "c"))
        .isEqualTo(new Added.Replaced("a"));
    assertThat(table.remove(number("10.0.0.10"), number("10.0.0.19"))).isFalse();
    assertThat(table.remove(number("10.0.0.10"), number("10.0.0.20"))).isTrue();
    assertThat(table.find(number("10.0.0.15"))).isNull();
  }
}
