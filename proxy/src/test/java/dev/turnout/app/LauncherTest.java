package dev.turnout.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The launcher as it is installed, with a `java` that only prints how it was called.
@Timeout(30)
class LauncherTest {
  private static final String VERSION =
      "nginx version: nginx/1.31.5 (turnout 0.1.0)\nconfigure arguments: --with-debug\n";

  @TempDir Path directory;

  @BeforeEach
  void install() throws IOException {
    Path root = Path.of("..").toRealPath(); // tests run in the module
    Path home = directory.resolve("turnout-0.1.0");
    Files.createDirectories(home.resolve("bin"));
    Files.createDirectories(home.resolve("lib"));
    Files.copy(root.resolve("turnout"), home.resolve("bin/turnout"));
    Files.copy(root.resolve(".launcher/find-java.sh"), home.resolve("lib/find-java.sh"));
    Files.createFile(home.resolve("lib/turnout.jar"));
    Files.writeString(home.resolve("lib/version.txt"), VERSION);
    jdk("jdk", "25.0.3");
  }

  private void jdk(String name, String version) throws IOException {
    Path java = directory.resolve(name).resolve("bin/java");
    Files.createDirectories(java.getParent());
    Files.writeString(java, "#!/bin/sh\necho \"pid $$\"\nprintf '%s\\n' \"$@\"\n");
    Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.writeString(
        directory.resolve(name).resolve("release"),
        "IMPLEMENTOR=\"Nobody\"\nJAVA_VERSION=\"" + version + "\"\n");
  }

  @Test
  void theJvmTakesTheLaunchersPlaceAndItsArguments() throws Exception {
    Process launcher = start(launch(), "-p", "a b", "-g", "", "-c", "x.conf");

    List<String> output = launcher.inputReader().readAllLines();

    assertThat(output).first().isEqualTo("pid " + launcher.pid());
    assertThat(output)
        .endsWith("dev.turnout.app.Main", "-p", "a b", "-g", "", "-c", "x.conf")
        .contains("-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED")
        .noneMatch(argument -> argument.startsWith("-XX:AOTCache"));
  }

  @Test
  void optionsOfTheEnvironmentComeLast() throws Exception {
    ProcessBuilder command = launch();
    command.environment().put("TURNOUT_HEAP", "512m");
    command.environment().put("TURNOUT_JAVA_OPTS", "-Dx=1 -Xmn32m");

    List<String> output = start(command).inputReader().readAllLines();

    assertThat(output).containsSubsequence("-Xmn8m", "-Xmx512m", "-Dx=1", "-Xmn32m", "-cp");
  }

  @Test
  void aTrainedCacheIsUsedQuietly() throws Exception {
    Files.createFile(directory.resolve("turnout-0.1.0/lib/turnout.aot"));

    List<String> output = start(launch()).inputReader().readAllLines();

    assertThat(output)
        .anyMatch(a -> a.startsWith("-XX:AOTCache=") && a.endsWith("/lib/turnout.aot"))
        .contains("-Xlog:aot*=off", "-Xlog:cds*=off");
  }

  @Test
  void versionsAreToldOnStandardErrorWithoutAJvm() throws Exception {
    Process brief = start(launch(), "-v");
    Process whole = start(launch(), "-p", "-t", "-V");

    assertThat(brief.errorReader().readAllLines())
        .containsExactly("nginx version: nginx/1.31.5 (turnout 0.1.0)");
    assertThat(whole.errorReader().readAllLines())
        .containsExactlyElementsOf(VERSION.lines().toList());
    assertThat(brief.inputReader().readAllLines()).isEmpty();
    assertThat(brief.waitFor() + whole.waitFor()).isZero();
  }

  @Test
  void aTestOfTheConfigurationGoesOnAfterTheVersion() throws Exception {
    Process launcher = start(launch(), "-V", "-t");

    assertThat(launcher.inputReader().readAllLines()).endsWith("-V", "-t");
    assertThat(launcher.errorReader().readAllLines()).hasSize(2);
  }

  @Test
  void aValueThatLooksLikeAnOptionIsAValue() throws Exception {
    Process launcher = start(launch(), "-g", "-V");

    assertThat(launcher.inputReader().readAllLines()).endsWith("-g", "-V");
  }

  @Test
  void anOldJavaIsPassedOver() throws Exception {
    jdk("old", "17.0.2");
    ProcessBuilder command = launch();
    command.environment().put("TURNOUT_JAVA_HOME", directory.resolve("old").toString());
    command.environment().put("JAVA_HOME", directory.resolve("jdk").toString());

    assertThat(start(command).inputReader().readAllLines()).first().asString().startsWith("pid ");
  }

  @Test
  void itRunsThroughASymbolicLinkAndWithClosedStreams() throws Exception {
    Path link = directory.resolve("nginx");
    Files.createSymbolicLink(link, directory.resolve("turnout-0.1.0/bin/turnout"));
    ProcessBuilder command = launch();
    command.command("sh", "-c", "exec \"$0\" -t 0<&- 2>&-", link.toString());

    assertThat(start(command).inputReader().readAllLines()).endsWith("-t");
  }

  private ProcessBuilder launch() {
    var command =
        new ProcessBuilder("bash", directory.resolve("turnout-0.1.0/bin/turnout").toString());
    command.environment().put("TURNOUT_JAVA_HOME", directory.resolve("jdk").toString());
    command.environment().remove("TURNOUT_JAVA_OPTS");
    command.environment().remove("TURNOUT_HEAP");
    return command;
  }

  private static Process start(ProcessBuilder command, String... arguments) throws IOException {
    List<String> line = new ArrayList<>(command.command());
    line.addAll(List.of(arguments));
    return command.command(line).start();
  }
}
