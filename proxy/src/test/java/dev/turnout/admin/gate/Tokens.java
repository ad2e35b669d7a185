package dev.turnout.admin.gate;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/// Signs tokens, and publishes the keys.
final class Tokens {
  static final byte[] SECRET = "a secret of no less than 32 bytes".getBytes(UTF_8);

  private final KeyPair rsa;
  private final KeyPair curve;
  private final KeyPair edwards;

  Tokens() throws GeneralSecurityException {
    KeyPairGenerator rsaKeys = KeyPairGenerator.getInstance("RSA");
    rsaKeys.initialize(2048);
    rsa = rsaKeys.generateKeyPair();
    KeyPairGenerator curveKeys = KeyPairGenerator.getInstance("EC");
    curveKeys.initialize(new ECGenParameterSpec("secp256r1"));
    curve = curveKeys.generateKeyPair();
    edwards = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
  }

  static String base64(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  private static String base64(BigInteger number, int length) {
    byte[] bytes = number.toByteArray();
    byte[] fixed = new byte[length];
    int skip = Math.max(0, bytes.length - length);
    System.arraycopy(bytes, skip, fixed, length - (bytes.length - skip), bytes.length - skip);
    return base64(fixed);
  }

  /// All four, with these ids: `s`, `r`, `e`, `d`, and one for something else.
  String keys() {
    RSAPublicKey r = (RSAPublicKey) rsa.getPublic();
    ECPublicKey e = (ECPublicKey) curve.getPublic();
    return """
    {"keys":[
      {"kty":"oct","kid":"s","k":"%s"},
      {"kty":"RSA","kid":"r","use":"sig","alg":"RS256","n":"%s","e":"AQAB"},
      {"kty":"EC","kid":"e","crv":"P-256","x":"%s","y":"%s"},
      {"kty":"OKP","kid":"d","crv":"Ed25519","x":"%s"},
      {"kty":"OKP","kid":"o","crv":"X25519","x":"AA"}]}
    """
        .formatted(
            base64(SECRET),
            base64(r.getModulus(), 256),
            base64(e.getW().getAffineX(), 32),
            base64(e.getW().getAffineY(), 32),
            base64(edwardsBytes()));
  }

  /// The key as RFC 8032 has it: what X.509 puts a prefix before.
  private byte[] edwardsBytes() {
    byte[] encoded = edwards.getPublic().getEncoded();
    return Arrays.copyOfRange(encoded, encoded.length - 32, encoded.length);
  }

  /// The public key's bytes, as one would try to pass them off as a secret.
  byte[] publicBytes() {
    return rsa.getPublic().getEncoded();
  }

  String hs256(String head, String claims) throws GeneralSecurityException {
    return hs256(SECRET, head, claims);
  }

  static String hs256(byte[] secret, String head, String claims) throws GeneralSecurityException {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(secret, "HmacSHA256"));
    String signed = signed(head, claims);
    return signed + "." + base64(mac.doFinal(signed.getBytes(UTF_8)));
  }

  String rs256(String head, String claims) throws GeneralSecurityException {
    return signed("SHA256withRSA", rsa, head, claims);
  }

  String es256(String head, String claims) throws GeneralSecurityException {
    return signed("SHA256withECDSAinP1363Format", curve, head, claims);
  }

  String edDsa(String head, String claims) throws GeneralSecurityException {
    return signed("Ed25519", edwards, head, claims);
  }

  private static String signed(String algorithm, KeyPair key, String head, String claims)
      throws GeneralSecurityException {
    String signed = signed(head, claims);
    Signature signature = Signature.getInstance(algorithm);
    signature.initSign(key.getPrivate());
    signature.update(signed.getBytes(UTF_8));
    return signed + "." + base64(signature.sign());
  }

  static String signed(String head, String claims) {
    return base64(head.getBytes(UTF_8)) + "." + base64(claims.getBytes(UTF_8));
  }
}
