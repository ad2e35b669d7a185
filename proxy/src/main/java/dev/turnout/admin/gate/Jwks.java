package dev.turnout.admin.gate;

import dev.turnout.json.Json;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.security.spec.RSAPublicKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/// The keys of a file (RFC 7517) that tokens may be signed with. Each is good for one algorithm
/// (RFC 7518, RFC 8725 section 3.1): secrets for HS256, RSA for RS256, P-256 for ES256. What else
/// the file has is passed over.
final class Jwks {
  private static final int LEAST_RSA_BITS = 2048;
  private static final int LEAST_SECRET_BYTES = 32;

  /// A key.
  ///
  /// @param id its `kid`; empty: none
  record Key(String id, Checker checker) {}

  /// What a signature is checked by.
  sealed interface Checker {
    String algorithm();

    boolean isRight(byte[] signed, byte[] signature) throws GeneralSecurityException;
  }

  private record Secret(SecretKeySpec key) implements Checker {
    @Override
    public String algorithm() {
      return "HS256";
    }

    @Override
    public boolean isRight(byte[] signed, byte[] signature) throws GeneralSecurityException {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(key);
      return MessageDigest.isEqual(mac.doFinal(signed), signature);
    }
  }

  private record Public(String algorithm, String signing, PublicKey key) implements Checker {
    @Override
    public boolean isRight(byte[] signed, byte[] signature) throws GeneralSecurityException {
      Signature check = Signature.getInstance(signing);
      check.initVerify(key);
      check.update(signed);
      return check.verify(signature);
    }
  }

  private final List<Key> keys;

  private Jwks(List<Key> keys) {
    this.keys = List.copyOf(keys);
  }

  /// Reads a file.
  ///
  /// @throws IOException if it cannot be read, or others than its owner may write it
  /// @throws IllegalArgumentException with what is wrong with it
  static Jwks read(Path file) throws IOException {
    Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file);
    if (permissions.contains(PosixFilePermission.GROUP_WRITE)
        || permissions.contains(PosixFilePermission.OTHERS_WRITE)) {
      throw new IOException("\"" + file + "\" can be written by others than its owner");
    }
    try {
      return parse(Files.readString(file, StandardCharsets.ISO_8859_1));
    } catch (Json.Malformed e) {
      throw new IllegalArgumentException("\"" + file + "\" is " + e.getMessage(), e);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("\"" + file + "\": " + e.getMessage(), e);
    }
  }

  static Jwks parse(String text) throws Json.Malformed {
    if (!(Json.parseBytes(text) instanceof Json.Members(Map<String, Json> whole))
        || !(whole.get("keys") instanceof Json.Elements(List<Json> values))) {
      throw new IllegalArgumentException("an object with a list of \"keys\" is wanted");
    }
    List<Key> keys = new ArrayList<>();
    for (int i = 0; i < values.size(); i++) {
      if (!(values.get(i) instanceof Json.Members(Map<String, Json> members))) {
        throw new IllegalArgumentException("key " + i + " is no object");
      }
      try {
        Checker checker = checker(members);
        if (checker != null) {
          keys.add(new Key(text(members, "kid"), checker));
        }
      } catch (GeneralSecurityException | IllegalArgumentException e) {
        throw new IllegalArgumentException("key " + i + ": " + e.getMessage(), e);
      }
    }
    if (keys.isEmpty()) {
      throw new IllegalArgumentException("no key for HS256, RS256 or ES256");
    }
    return new Jwks(keys);
  }

  private static @Nullable Checker checker(Map<String, Json> members)
      throws GeneralSecurityException {
    String use = text(members, "use");
    if (!use.isEmpty() && !use.equals("sig")) {
      return null;
    }
    Checker checker =
        switch (text(members, "kty")) {
          case "oct" -> secret(Base64Url.bytes(text(members, "k")));
          case "RSA" -> rsa(number(members, "n"), number(members, "e"));
          case "EC" ->
              text(members, "crv").equals("P-256")
                  ? curve(number(members, "x"), number(members, "y"))
                  : null;
          default -> null;
        };
    String algorithm = text(members, "alg");
    return checker != null && !algorithm.isEmpty() && !algorithm.equals(checker.algorithm())
        ? null
        : checker;
  }

  private static Checker secret(byte[] bytes) {
    if (bytes.length < LEAST_SECRET_BYTES) {
      throw new IllegalArgumentException("a secret has at least 32 bytes (RFC 7518, 3.2)");
    }
    return new Secret(new SecretKeySpec(bytes, "HmacSHA256"));
  }

  private static Checker rsa(BigInteger modulus, BigInteger exponent)
      throws GeneralSecurityException {
    PublicKey key =
        KeyFactory.getInstance("RSA").generatePublic(new RSAPublicKeySpec(modulus, exponent));
    if (((RSAPublicKey) key).getModulus().bitLength() < LEAST_RSA_BITS) {
      throw new IllegalArgumentException("an RSA key has at least 2048 bits (RFC 7518, 3.3)");
    }
    return new Public("RS256", "SHA256withRSA", key);
  }

  private static Checker curve(BigInteger x, BigInteger y) throws GeneralSecurityException {
    AlgorithmParameters curve = AlgorithmParameters.getInstance("EC");
    curve.init(new ECGenParameterSpec("secp256r1"));
    ECParameterSpec parameters = curve.getParameterSpec(ECParameterSpec.class);
    PublicKey key =
        KeyFactory.getInstance("EC")
            .generatePublic(new ECPublicKeySpec(new ECPoint(x, y), parameters));
    return new Public("ES256", "SHA256withECDSAinP1363Format", key);
  }

  private static BigInteger number(Map<String, Json> members, String name) {
    return new BigInteger(1, Base64Url.bytes(text(members, name)));
  }

  private static String text(Map<String, Json> members, String name) {
    return members.get(name) instanceof Json.Text(String value) ? value : "";
  }

  /// The keys that may have signed a token which says this of its key.
  ///
  /// @param id empty: it does not say which
  List<Key> candidates(String algorithm, String id) {
    return keys.stream()
        .filter(key -> key.checker.algorithm().equals(algorithm))
        .filter(key -> id.isEmpty() || key.id.equals(id))
        .toList();
  }

  /// Base64 as tokens have it.
  static final class Base64Url {
    private Base64Url() {}

    /// @throws IllegalArgumentException if it is none, or is padded
    static byte[] bytes(String text) {
      if (text.isEmpty() || text.indexOf('=') >= 0) {
        throw new IllegalArgumentException("not base64url");
      }
      return Base64.getUrlDecoder().decode(text);
    }
  }
}
