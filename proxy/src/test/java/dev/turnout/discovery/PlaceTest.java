package dev.turnout.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What registries may name as the place of a server.
class PlaceTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "127.0.0.1:80",
        "10.255.0.1:65535",
        "[::1]:8080",
        "[2001:db8::1]:1",
        "app.example.com:80",
        "app_1:80",
        "localhost:1"
      })
  void addressesAndNamesWithAPortAreTaken(String text) {
    assertThat(Place.of(text)).contains(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "127.0.0.1",
        ":80",
        "127.0.0.1:0",
        "127.0.0.1:65536",
        "127.0.0.1:+80",
        "127.0.0.1:8 0",
        "127.1:80",
        "0177.0.0.1:80",
        "2130706433:80",
        "256.0.0.1:80",
        "::1:80",
        "[::1%lo]:80",
        "[::g]:80",
        "[]:80",
        "a b:80",
        "a;b:80",
        "a{:80",
        "$host:80",
        "-a:80",
        ".a:80",
        "unix:/tmp/x:80",
        "a/b:80"
      })
  void whatWouldReadOtherwiseInAServerLineIsNot(String text) {
    assertThat(Place.of(text)).isEmpty();
  }

  @Test
  void anAddressOfItsOwnGetsItsBrackets() {
    assertThat(Place.of("::1", 80)).contains("[::1]:80");
    assertThat(Place.of("10.0.0.1", 80)).contains("10.0.0.1:80");
    assertThat(Place.of("10.0.0.1", 0)).isEmpty();
  }
}
