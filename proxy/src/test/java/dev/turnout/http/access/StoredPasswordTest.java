package dev.turnout.http.access;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StoredPasswordTest {
  /// Made by openssl passwd -apr1 and, for the others, by other programs' SHA-1 and Base64.
  @ParameterizedTest
  @CsvSource({
    "open sesame, $apr1$k3Gq9zXw$bPM1LOnd4/0758AdN4ZZt.",
    "a, $apr1$ab$MW8Wizufu9hz465GKNNrn.",
    "a password of more than sixteen bytes, $apr1$longsalt$U5A42oV2q66p/Yk.10kxO/",
    "open sesame, {SHA}W8r/fyL/UzygmbNAjq2HbA67qac=",
    "open sesame, {SSHA}Z0Nu9uwKR8y+WgtjJ6MtIqFQb8NzYWx0eQ==",
    "open sesame, {PLAIN}open sesame"
  })
  void aPasswordMatchesWhatBecameOfItAndNoOtherDoes(String password, String stored) {
    assertThat(StoredPassword.isKnown(stored)).isTrue();
    assertThat(StoredPassword.matches(password, stored)).isTrue();
    assertThat(StoredPassword.matches(password + "x", stored)).isFalse();
    assertThat(StoredPassword.matches("", stored)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"$apr1$", "$apr1$salt", "{SHA}", "{SHA}!", "{SSHA}", "{SSHA}!", "{SSHA}Zm9v"})
  void whatIsBrokenMatchesNothing(String stored) {
    assertThat(StoredPassword.matches("", stored)).isFalse();
    assertThat(StoredPassword.matches("a", stored)).isFalse();
  }

  @Test
  void theFormsOfTheLibraryAreNotKnown() {
    assertThat(StoredPassword.isKnown("$6$salt$hash")).isFalse();
    assertThat(StoredPassword.isKnown("$2y$05$hash")).isFalse();
    assertThat(StoredPassword.isKnown("saKkUcOTyoy1c")).isFalse();
  }

  @Test
  void credentialsAreANameAndAPassword() {
    assertThat(BasicCredentials.parse("basic  YTpiOmM="))
        .isEqualTo(new BasicCredentials("a", "b:c"));
    assertThat(BasicCredentials.parse("Basic YTo=")).isEqualTo(new BasicCredentials("a", ""));
    assertThat(BasicCredentials.parse("Basic OmI=")).isNull();
    assertThat(BasicCredentials.parse("Basic YQ==")).isNull();
    assertThat(BasicCredentials.parse("Basic !")).isNull();
    assertThat(BasicCredentials.parse("Bearer YTpi")).isNull();
  }
}
