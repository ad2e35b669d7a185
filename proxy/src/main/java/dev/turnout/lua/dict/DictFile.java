package dev.turnout.lua.dict;

import dev.turnout.lua.dict.SharedDict.Item;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/// What a dictionary keeps on disk (`state=`): all its entries, replaced as a whole by each write,
/// so that there is the old content or the new one, never half of one. A checksum at the end tells
/// a damaged file.
final class DictFile {
  private static final byte[] MAGIC = "turnout dict 1\n".getBytes(StandardCharsets.US_ASCII);
  private static final int CHECKSUM = Long.BYTES;

  private static final int STRING = 0;
  private static final int NUMBER = 1;
  private static final int BOOLEAN = 2;
  private static final int LIST = 3;

  private final Path file;

  DictFile(Path file) {
    this.file = file;
  }

  /// The content is not what was written once.
  static final class Damaged extends IOException {
    private static final long serialVersionUID = 1L;

    Damaged(String message) {
      super(message);
    }
  }

  Path path() {
    return file;
  }

  /// The entries that were written last, in order; none if there is no file.
  ///
  /// @throws Damaged if the file is not as it was written
  List<Item> read() throws IOException {
    if (!Files.exists(file)) {
      return List.of();
    }
    byte[] all = Files.readAllBytes(file);
    int length = all.length - CHECKSUM;
    if (length < MAGIC.length
        || !java.util.Arrays.equals(all, 0, MAGIC.length, MAGIC, 0, MAGIC.length)
        || ByteBuffer.wrap(all).getLong(length) != checksum(all, length)) {
      throw new Damaged("\"" + file + "\" is damaged");
    }
    DataInputStream in =
        new DataInputStream(new ByteArrayInputStream(all, MAGIC.length, length - MAGIC.length));
    int count = in.readInt();
    List<Item> entries = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      byte[] key = bytes(in);
      int flags = in.readInt();
      long deadline = in.readLong();
      entries.add(new Item(key, value(in), flags, deadline));
    }
    return entries;
  }

  private static Object value(DataInputStream in) throws IOException {
    int kind = in.readUnsignedByte();
    return switch (kind) {
      case STRING -> bytes(in);
      case NUMBER -> in.readDouble();
      case BOOLEAN -> in.readBoolean();
      case LIST -> {
        List<Object> values = new ArrayList<>();
        for (int left = in.readInt(); left > 0; left--) {
          values.add(value(in));
        }
        yield values;
      }
      default -> throw new Damaged("an unknown kind of value: " + kind);
    };
  }

  private static byte[] bytes(DataInputStream in) throws IOException {
    return in.readNBytes(in.readInt());
  }

  /// Replaces what is there. Waits for the disk.
  void write(List<Item> entries) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    DataOutputStream data = new DataOutputStream(out);
    data.write(MAGIC);
    data.writeInt(entries.size());
    for (Item entry : entries) {
      data.writeInt(entry.key().length);
      data.write(entry.key());
      data.writeInt(entry.flags());
      data.writeLong(entry.deadline());
      write(data, entry.value());
    }
    byte[] content = out.toByteArray();
    data.writeLong(checksum(content, content.length));
    replace(ByteBuffer.wrap(out.toByteArray()));
  }

  private static void write(DataOutputStream data, Object value) throws IOException {
    switch (value) {
      case byte[] bytes -> {
        data.writeByte(STRING);
        data.writeInt(bytes.length);
        data.write(bytes);
      }
      case Double number -> {
        data.writeByte(NUMBER);
        data.writeDouble(number);
      }
      case Boolean truth -> {
        data.writeByte(BOOLEAN);
        data.writeBoolean(truth);
      }
      case List<?> values -> {
        data.writeByte(LIST);
        data.writeInt(values.size());
        for (Object each : values) {
          write(data, each);
        }
      }
      default -> throw new IllegalArgumentException("no value: " + value);
    }
  }

  private void replace(ByteBuffer content) throws IOException {
    Path aside = file.resolveSibling(file.getFileName() + ".new");
    try (FileChannel channel =
        FileChannel.open(
            aside,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      while (content.hasRemaining()) {
        channel.write(content);
      }
      channel.force(true);
    }
    Files.move(aside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /// Puts a damaged file out of the way.
  void setAside() throws IOException {
    Files.move(
        file,
        file.resolveSibling(file.getFileName() + ".damaged"),
        StandardCopyOption.REPLACE_EXISTING);
  }

  private static long checksum(byte[] content, int length) {
    CRC32C sum = new CRC32C();
    sum.update(content, 0, length);
    return sum.getValue();
  }
}
