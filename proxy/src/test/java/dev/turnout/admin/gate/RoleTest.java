package dev.turnout.admin.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RoleTest {
  @ParameterizedTest
  @CsvSource({
    "viewer, true, false, false, false, false",
    "operator, true, true, true, false, false",
    "admin, true, true, true, true, true",
    "operator:upstream=web-*, true, true, false, false, false",
    "operator:host=*.test, true, false, true, false, false",
    "admin:upstream=web-*, true, true, false, true, false",
    "admin:host=*.test, true, false, true, false, false",
    "admin:upstream=app-*, true, false, false, false, false"
  })
  void aRoleMayDoWhatItsLevelAndItsPatternsReach(
      String role, boolean look, boolean servers, boolean key, boolean group, boolean restore) {
    Role it = Role.parse(role);

    assertThat(it.permits(Ask.read())).as("read").isEqualTo(look);
    assertThat(it.permits(Ask.servers("web-1"))).as("servers").isEqualTo(servers);
    assertThat(it.permits(Ask.key("zone", "a.test"))).as("key").isEqualTo(key);
    assertThat(it.permits(Ask.group("web-1"))).as("group").isEqualTo(group);
    assertThat(it.permits(Ask.restore(7))).as("restore").isEqualTo(restore);
    assertThat(it.permits(Ask.wholeZone("zone"))).as("clear").isEqualTo(restore);
    assertThat(it.permits(Ask.literal("x.other", "10.0.0.1:80"))).as("literal").isEqualTo(restore);
    assertThat(it).hasToString(role);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "root", "Admin", "admin:", "operator:upstream", "viewer:upstream=", "admin,x"})
  void whatIsNoRoleIsToldWhatOneIs(String text) {
    assertThatThrownBy(() -> Role.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("viewer, operator or admin");
  }

  @ParameterizedTest
  @CsvSource({
    "*, anything, true",
    "*, '', true",
    "web-*, web-, true",
    "web-*, web, false",
    "*.test, a.b.test, true",
    "*.test, test, false",
    "a*b*c, abbbc, true",
    "a*b*c, acb, false",
    "a**c, ac, true",
    "A.Test, a.tEST, true",
    "a.test, aXtest, false",
    "*a*a*a*a*a*a*b, aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, false"
  })
  void aStarStandsForAnything(String pattern, String name, boolean matches) {
    assertThat(new NamePattern(pattern).matches(name)).isEqualTo(matches);
  }

  @Test
  void aHashIsOfItsSecretAndNoOther() {
    KeyHash hash = KeyHash.parse(KeyHash.of("secret", 1000).toString());

    assertThat(hash.isOf("secret")).isTrue();
    assertThat(hash.isOf("Secret")).isFalse();
    assertThat(hash.isOf("")).isFalse();
    assertThat(KeyHash.of("secret", 1000)).asString().isNotEqualTo(hash.toString());
    assertThat(KeyHash.of("secret")).asString().startsWith("pbkdf2-sha256$600000$");
  }
}
