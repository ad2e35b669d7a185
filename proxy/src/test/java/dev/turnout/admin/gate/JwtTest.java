package dev.turnout.admin.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.turnout.json.Json;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What tokens are believed.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class JwtTest {
  private static final long NOW = 1_000_000;
  private static final String GOOD =
      "{\"sub\":\"ann\",\"exp\":1000060,\"aud\":[\"x\",\"turnout\"],\"iss\":\"us\",\"roles\":\"admin\"}";

  private Tokens tokens;
  private Jwt jwt;

  @BeforeAll
  void makeKeys() throws GeneralSecurityException, Json.Malformed {
    tokens = new Tokens();
    jwt = jwt();
  }

  private Jwt jwt() throws Json.Malformed {
    return new Jwt(Jwks.parse(tokens.keys()), "turnout", "us", "roles");
  }

  @Test
  void eachAlgorithmIsTakenWithAKeyOfItsKind() throws Exception {
    for (String token :
        List.of(
            tokens.hs256("{\"alg\":\"HS256\",\"kid\":\"s\"}", GOOD),
            tokens.rs256("{\"alg\":\"RS256\",\"kid\":\"r\",\"typ\":\"JWT\"}", GOOD),
            tokens.es256("{\"alg\":\"ES256\"}", GOOD))) {
      assertThat(jwt().verify(token, NOW)).isEqualTo(new Identity("jwt:ann", Role.ADMIN));
    }
  }

  @Test
  void aTokenThatWasRightIsKnownUntilItEnds() throws Exception {
    Jwt fresh = jwt();
    String token = tokens.es256("{\"alg\":\"ES256\"}", GOOD);
    assertThat(fresh.known(token, NOW)).isNull();

    fresh.verify(token, NOW);

    assertThat(fresh.known(token, NOW + 59)).isEqualTo(new Identity("jwt:ann", Role.ADMIN));
    assertThat(fresh.known(token, NOW + 60)).isNull();
    assertThat(fresh.known(token + "x", NOW)).isNull();
  }

  private void assertRefused(String token, String why) {
    assertThatThrownBy(() -> jwt.verify(token, NOW))
        .isInstanceOf(Jwt.Refused.class)
        .hasMessageContaining(why);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"alg":"none"}                              | not signed by a key
          {"alg":"HS512"}                             | not signed by a key
          {"alg":"hs256"}                             | not signed by a key
          {"alg":"RS256"}                             | not signed by a key
          {"alg":"HS256","kid":"r"}                   | not signed by a key
          {"alg":"HS256","kid":"nobody"}              | not signed by a key
          {"alg":"HS256","crit":["b64"],"b64":false}  | crit
          {"alg":"HS256","alg":"HS256"}               | malformed
          {"kid":"s"}                                 | not signed by a key
          []                                          | malformed
          """)
  void aHeadMayNotChooseHowItIsBelieved(String head, String why) throws Exception {
    assertRefused(tokens.hs256(head, GOOD), why);
  }

  @Test
  void aPublicKeyIsNoSecret() throws Exception {
    String forged = Tokens.hs256(tokens.publicBytes(), "{\"alg\":\"HS256\",\"kid\":\"r\"}", GOOD);

    assertRefused(forged, "not signed by a key");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"sub":"a","exp":1000000,"aud":"turnout","iss":"us","roles":"admin"} | has expired
          {"sub":"a","aud":"turnout","iss":"us","roles":"admin"}               | "exp"
          {"sub":"a","exp":"soon","aud":"turnout","iss":"us","roles":"admin"}  | "exp"
          {"sub":"a","exp":1e-999999999,"aud":"turnout","iss":"us","roles":"admin"} | expired
          {"sub":"a","exp":1e999999999,"aud":"turnout","iss":"us","roles":"admin"}  | "exp"
          {"sub":"a","exp":1000060,"nbf":1000001,"aud":"turnout","iss":"us","roles":"admin"} | not valid yet
          {"sub":"a","exp":1000060,"aud":"other","iss":"us","roles":"admin"}   | audience
          {"sub":"a","exp":1000060,"iss":"us","roles":"admin"}                 | audience
          {"sub":"a","exp":1000060,"aud":"turnout","roles":"admin"}            | issuer
          {"sub":"a","exp":1000060,"aud":"turnout","iss":"us"}                 | no role
          {"sub":"a","exp":1000060,"aud":"turnout","iss":"us","roles":["wizard"]} | no role
          {"sub":"","exp":1000060,"aud":"turnout","iss":"us","roles":"admin"}  | "sub"
          {"sub":"a b","exp":1000060,"aud":"turnout","iss":"us","roles":"admin"} | "sub"
          """)
  void aTokenThatIsNotForHereAndNowIsRefused(String claims, String why) throws Exception {
    assertRefused(tokens.hs256("{\"alg\":\"HS256\"}", claims), why);
  }

  @ParameterizedTest
  @ValueSource(strings = {"..", "a..", ".a.", "..a", "e30.e30.e30=", "e30.e30.*", "!.!.!"})
  void whatIsNoTokenIsMalformed(String text) {
    assertThatThrownBy(() -> jwt.verify(text, NOW)).isInstanceOf(Jwt.Refused.class);
  }

  @Test
  void anotherSignatureOrOtherClaimsAreNotBelieved() throws Exception {
    String good = tokens.es256("{\"alg\":\"ES256\"}", GOOD);
    String[] parts = good.split("\\.", -1);
    String admin = Tokens.base64(GOOD.replace("ann", "bob").getBytes(StandardCharsets.UTF_8));

    assertRefused(parts[0] + "." + admin + "." + parts[2], "not signed");
    assertRefused(parts[0] + "." + parts[1] + "." + Tokens.base64(new byte[64]), "not signed");
    assertRefused(parts[0] + "." + parts[1] + "." + Tokens.base64(new byte[7]), "not signed");
  }

  @Test
  void ofSeveralRolesTheHighestCounts() throws Exception {
    String claims =
        GOOD.replace("\"admin\"", "[\"viewer\",\"editor\",\"operator:upstream=web-*\"]");

    assertThat(jwt.verify(tokens.hs256("{\"alg\":\"HS256\"}", claims), NOW).role())
        .hasToString("operator:upstream=web-*");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"keys\":[]}",
        "{\"keys\":[{\"kty\":\"oct\",\"k\":\"c2hvcnQ\"}]}",
        "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}",
        "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"AA\",\"y\":\"AA\"}]}",
        "{\"keys\":[{\"kty\":\"oct\",\"use\":\"enc\",\"k\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}]}"
      })
  void keysThatAreWeakOrOfNoUseAreRefused(String file) {
    assertThatThrownBy(() -> Jwks.parse(file)).isInstanceOf(IllegalArgumentException.class);
  }
}
