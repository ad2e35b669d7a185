package dev.turnout.net;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// The users and groups of `/etc/passwd` and `/etc/group`. Other sources of accounts are not asked.
public record Accounts(Path passwd, Path group) {
  private static final int PASSWD_COLUMNS = 7;
  private static final int GROUP_COLUMNS = 4;

  /// A user as `getpwnam` would return it.
  public record User(String name, int uid, int gid) {}

  /// The machine's accounts.
  public static Accounts ofSystem() {
    return new Accounts(Path.of("/etc/passwd"), Path.of("/etc/group"));
  }

  public Optional<User> user(String name) throws IOException {
    for (String[] row : rows(passwd, PASSWD_COLUMNS)) {
      if (row[0].equals(name)) {
        return Optional.of(new User(name, id(row[2]), id(row[3])));
      }
    }
    return Optional.empty();
  }

  /// The number of the group called `name`.
  public Optional<Integer> group(String name) throws IOException {
    for (String[] row : rows(group, GROUP_COLUMNS)) {
      if (row[0].equals(name)) {
        return Optional.of(id(row[2]));
      }
    }
    return Optional.empty();
  }

  /// `gid` and every group that lists `user` as a member: what `initgroups` would set.
  public List<Integer> groupsOf(String user, int gid) throws IOException {
    Set<Integer> gids = new LinkedHashSet<>();
    gids.add(gid);
    for (String[] row : rows(group, GROUP_COLUMNS)) {
      if (List.of(row[3].split(",")).contains(user)) {
        gids.add(id(row[2]));
      }
    }
    return List.copyOf(gids);
  }

  private static int id(String column) {
    return Integer.parseUnsignedInt(column);
  }

  private static List<String[]> rows(Path file, int columns) throws IOException {
    return Files.readAllLines(file, ISO_8859_1).stream()
        .filter(line -> !line.startsWith("#"))
        .map(line -> line.split(":", -1))
        .filter(row -> row.length >= columns)
        .toList();
  }
}
