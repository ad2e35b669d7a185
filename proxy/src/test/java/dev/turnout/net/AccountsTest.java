package dev.turnout.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AccountsTest {
  @TempDir Path directory;

  @BeforeEach
  void writeFiles() throws IOException {
    Files.writeString(
        directory.resolve("passwd"),
        """
        # a comment
        root:x:0:0:root:/root:/bin/bash
        +nis
        www:x:33:34::/var/www:/usr/sbin/nologin
        nobody:x:4294967294:4294967294::/:/bin/false
        """);
    Files.writeString(
        directory.resolve("group"),
        """
        root:x:0:
        web:x:34:other
        log:x:4:syslog,www
        ssl:x:9:www
        wwwx:x:10:wwwx
        """);
  }

  @Test
  void aUserHasItsNumbers() throws IOException {
    assertThat(accounts().user("www")).contains(new Accounts.User("www", 33, 34));
    assertThat(accounts().user("ww")).isEmpty();
  }

  @Test
  void numbersUseAll32Bits() throws IOException {
    assertThat(accounts().user("nobody")).contains(new Accounts.User("nobody", -2, -2));
  }

  @Test
  void aGroupIsFoundByItsName() throws IOException {
    assertThat(accounts().group("ssl")).contains(9);
    assertThat(accounts().group("none")).isEmpty();
  }

  @Test
  void aUsersGroupsAreItsOwnAndThoseThatListIt() throws IOException {
    assertThat(accounts().groupsOf("www", 34)).containsExactly(34, 4, 9);
  }

  private Accounts accounts() {
    return new Accounts(directory.resolve("passwd"), directory.resolve("group"));
  }
}
