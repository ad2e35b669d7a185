package dev.turnout.lua.dict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.turnout.app.TestProxy;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The directive that declares dictionaries.
class SharedDictModuleTest {
  private static final String SERVER = "server { listen 127.0.0.1:0; }";

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "lua_shared_dict dogs 1;| invalid lua shared dict size \"1\"",
        "lua_shared_dict dogs 1x;| invalid lua shared dict size \"1x\"",
        "lua_shared_dict '' 1m;| invalid lua shared dict name \"\"",
        "lua_shared_dict dogs 1m; lua_shared_dict dogs 1m;| is already defined as \"dogs\"",
        "lua_shared_dict dogs 1m zone=x;| invalid parameter \"zone=x\"",
        "lua_shared_dict dogs 1m keyval=none;| zone \"none\" is not defined",
        "lua_shared_dict a 1m state=f; lua_shared_dict b 1m state=f;| the file of",
        "limit_conn_zone $host zone=dogs:1m; lua_shared_dict dogs 1m;| for a different use"
      })
  void whatCannotBeIsRefused(String http, String message) {
    assertThatThrownBy(() -> TestProxy.start(http + SERVER)).hasMessageContaining(message);
  }

  @Test
  void aDamagedFileKeepsNothingFromStarting(@TempDir Path directory) throws Exception {
    Files.writeString(directory.resolve("dogs"), "nonsense");

    TestProxy.startIn(directory, "lua_shared_dict dogs 1m state=dogs;" + SERVER).close();

    assertThat(directory.resolve("dogs")).as("nothing to keep yet").hasContent("nonsense");
  }
}
