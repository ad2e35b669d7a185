package dev.turnout.lua;

import java.lang.invoke.MethodHandles;
import java.nio.charset.StandardCharsets;
import java.security.InvalidKeyException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.zip.CRC32;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/// Encodings and digests.
final class TextCalls implements LuaPart {
  private static final char[] HEX = "0123456789ABCDEF".toCharArray();

  /// What `ngx.escape_uri` encodes by type, as bits of the bytes from 0 on; OpenResty's tables.
  private static final int[][] ESCAPED = {
    {-1, 0x80000029, 0, 0x80000000, -1, -1, -1, -1}, // a URI
    {-1, 0x80000829, 0, 0x80000000, -1, -1, -1, -1}, // arguments
    {-1, 0xfc00987d, 0x78000001, 0xb8000001, -1, -1, -1, -1}, // a component
    {-1, 0x000000ad, 0, 0x80000000, -1, -1, -1, -1}, // HTML
    {-1, 0x00000085, 0, 0x80000000, -1, -1, -1, -1}, // Refresh
    {-1, 0x00000021, 0, 0, 0, 0, 0, 0}, // memcached
    {-1, 0x00000021, 0, 0, 0, 0, 0, 0}, // mail
  };

  /// What the name of a field cannot have.
  private static final int[] NOT_IN_NAMES = {
    -1, 0xfc009305, 0x38000001, 0xa8000000, -1, -1, -1, -1
  };

  @Override
  public String script() {
    return "text.lua";
  }

  @Override
  public void functions(LuaFunctions functions) {
    functions.addAll(
        MethodHandles.lookup(),
        "escape",
        "int(int, const char *, int, int)",
        "unescape",
        "int(int, const char *, int)",
        "encode_base64",
        "int(int, const char *, int, int)",
        "decode_base64",
        "int(int, const char *, int, int)",
        "digest",
        "int(int, int, const char *, int)",
        "hmac",
        "int(int, const char *, int, const char *, int)",
        "crc32",
        "double(int, const char *, int)");
  }

  static int escape(LuaVm vm, long text, int length, int type) {
    return vm.answer(escape(vm.text(text, length), ESCAPED[type]));
  }

  /// A name that can be one of a field: what cannot be in it is encoded.
  static String fieldName(String name) {
    return escape(name, NOT_IN_NAMES);
  }

  private static String escape(String in, int[] escaped) {
    StringBuilder out = null;
    for (int i = 0; i < in.length(); i++) {
      int c = in.charAt(i);
      if ((escaped[c >> 5] & 1 << (c & 31)) != 0) {
        if (out == null) {
          out = new StringBuilder(in.length() + 16).append(in, 0, i);
        }
        out.append('%').append(HEX[c >> 4]).append(HEX[c & 15]);
      } else if (out != null) {
        out.append((char) c);
      }
    }
    return out == null ? in : out.toString();
  }

  static int unescape(LuaVm vm, long text, int length) {
    return vm.answer(unescape(vm.text(text, length)));
  }

  /// A component of a URI decoded: `+` is a space, and a `%` without two digits stays.
  static String unescape(String in) {
    StringBuilder out = new StringBuilder(in.length());
    for (int i = 0; i < in.length(); i++) {
      char c = in.charAt(i);
      if (c == '+') {
        out.append(' ');
      } else if (c == '%' && i + 2 < in.length() && hex(in, i + 1) >= 0 && hex(in, i + 2) >= 0) {
        out.append((char) (hex(in, i + 1) << 4 | hex(in, i + 2)));
        i += 2;
      } else {
        out.append(c);
      }
    }
    return out.toString();
  }

  private static int hex(String text, int i) {
    char c = text.charAt(i);
    return c < 0x80 ? Character.digit(c, 16) : -1;
  }

  /// Kinds: 0 as usual, 1 without padding, 2 for URLs, without padding.
  static int encodeBase64(LuaVm vm, long text, int length, int kind) {
    Base64.Encoder encoder = kind == 2 ? Base64.getUrlEncoder() : Base64.getEncoder();
    return vm.answer(
        (kind == 0 ? encoder : encoder.withoutPadding()).encode(vm.bytes(text, length)));
  }

  /// Kinds: 0 as usual, 1 for URLs, 2 where line ends and other bytes are passed over.
  static int decodeBase64(LuaVm vm, long text, int length, int kind) {
    byte[] in = vm.bytes(text, length);
    if (kind == 2) {
      return vm.answer(Base64.getMimeDecoder().decode(in));
    }
    try {
      int end = length;
      while (end > 0 && in[end - 1] == '=') {
        end--; // too many, or too few, do not matter to nginx
      }
      byte[] plain = Arrays.copyOf(in, end);
      if (kind == 0) {
        for (int i = 0; i < end; i++) {
          plain[i] = plain[i] == '-' || plain[i] == '_' ? (byte) '!' : plain[i];
        }
        return vm.answer(Base64.getDecoder().decode(plain));
      }
      return vm.answer(Base64.getUrlDecoder().decode(plain));
    } catch (IllegalArgumentException _) {
      return LuaVm.NONE;
    }
  }

  /// 0 md5 in hexadecimal, 1 md5, 2 sha1.
  static int digest(LuaVm vm, int kind, long text, int length) throws NoSuchAlgorithmException {
    MessageDigest digest = MessageDigest.getInstance(kind == 2 ? "SHA-1" : "MD5");
    byte[] value = digest.digest(vm.bytes(text, length));
    return kind == 0
        ? vm.answer(java.util.HexFormat.of().formatHex(value).getBytes(StandardCharsets.ISO_8859_1))
        : vm.answer(value);
  }

  static int hmac(LuaVm vm, long key, int keyLength, long text, int length)
      throws NoSuchAlgorithmException, InvalidKeyException {
    Mac mac = Mac.getInstance("HmacSHA1");
    byte[] secret = vm.bytes(key, keyLength);
    mac.init(new SecretKeySpec(secret.length == 0 ? new byte[1] : secret, "HmacSHA1"));
    return vm.answer(mac.doFinal(vm.bytes(text, length)));
  }

  static double crc32(LuaVm vm, long text, int length) {
    CRC32 crc = new CRC32();
    crc.update(vm.bytes(text, length));
    return crc.getValue();
  }
}
