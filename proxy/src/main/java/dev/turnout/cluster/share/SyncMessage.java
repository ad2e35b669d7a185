package dev.turnout.cluster.share;

import dev.turnout.cluster.share.SyncedZone.Entry;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a node tells the others of a zone at a time, and how that is written: a byte for the form,
/// then big-endian numbers, and texts with their lengths before them.
///
/// @param sender who tells: sixteen bytes by chance, others after each start
/// @param number of the message, among those of the sender: larger than that of any before
/// @param zone of which it tells
/// @param entries at most [#MOST]
public record SyncMessage(String sender, long number, String zone, List<Entry> entries) {
  /// How many entries a message may have.
  public static final int MOST = 1000;

  /// How many bytes a sender and a key have.
  public static final int ID = 16;

  private static final byte FORM = 1;
  private static final int LONGEST_TEXT = 1024;
  private static final int HEAD = 1 + ID + Long.BYTES + Short.BYTES + Short.BYTES;
  private static final int ENTRY = ID + Long.BYTES + Integer.BYTES + Short.BYTES;

  public SyncMessage {
    entries = List.copyOf(entries);
  }

  /// True if an entry can be told at all.
  public static boolean canTell(Entry entry) {
    return entry.text().length() <= LONGEST_TEXT;
  }

  /// As it is sent: bytes, one char each.
  public String text() {
    int size = HEAD + zone.length();
    for (Entry entry : entries) {
      size += ENTRY + entry.text().length();
    }
    ByteBuffer out = ByteBuffer.allocate(size);
    out.put(FORM).put(bytes(sender)).putLong(number);
    put(out, zone);
    out.putShort((short) entries.size());
    for (Entry entry : entries) {
      out.put(bytes(entry.key()))
          .putLong(entry.number())
          .putInt(Math.clamp(entry.ageMillis(), 0, Integer.MAX_VALUE));
      put(out, entry.text());
    }
    return new String(out.array(), StandardCharsets.ISO_8859_1);
  }

  /// What was sent; null if it is none, or of a form that this program does not know.
  public static @Nullable SyncMessage parse(String text) {
    ByteBuffer in = ByteBuffer.wrap(bytes(text));
    try {
      if (in.get() != FORM) {
        return null;
      }
      String sender = text(in, ID);
      long number = in.getLong();
      String zone = text(in, length(in));
      int count = Short.toUnsignedInt(in.getShort());
      if (count > MOST) {
        return null;
      }
      List<Entry> entries = new ArrayList<>(count);
      for (int i = 0; i < count; i++) {
        String key = text(in, ID);
        long amount = in.getLong();
        int age = in.getInt();
        String belongs = text(in, length(in));
        if (amount < 0 || age < 0) {
          return null;
        }
        entries.add(new Entry(key, amount, belongs, age));
      }
      return in.hasRemaining() ? null : new SyncMessage(sender, number, zone, entries);
    } catch (BufferUnderflowException _) {
      return null;
    }
  }

  private static int length(ByteBuffer in) {
    int length = Short.toUnsignedInt(in.getShort());
    if (length > LONGEST_TEXT) {
      throw new BufferUnderflowException(); // nobody sends that
    }
    return length;
  }

  private static String text(ByteBuffer in, int length) {
    byte[] bytes = new byte[length];
    in.get(bytes);
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  private static void put(ByteBuffer out, String text) {
    out.putShort((short) text.length()).put(bytes(text));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }
}
