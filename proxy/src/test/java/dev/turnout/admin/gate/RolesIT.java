package dev.turnout.admin.gate;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a role may do.
class RolesIT {
  @TempDir
  @SuppressWarnings("NullAway.Init")
  private Path directory;

  private SwitchSite site(String role) throws IOException {
    Path keys = SwitchSite.keys(directory, "me:" + role);
    return SwitchSite.with("management_keys " + keys + ";");
  }

  private static int switched(SwitchSite site, String host, String target) throws IOException {
    return site.get("/switch?host=" + host + "&ups=" + target, SwitchSite.bearer("me")).status();
  }

  @Test
  void aViewerLooksAndChangesNothing() throws IOException {
    try (var site = site("viewer")) {
      assertThat(site.get("/switch", SwitchSite.bearer("me")).status()).isEqualTo(200);
      SwitchSite.Answer change = site.get("/switch?ups=green", SwitchSite.bearer("me"));
      assertThat(change.status()).isEqualTo(403);
      assertThat(change.body()).contains("takes the role operator, this is viewer");
      assertThat(site.post("/switch", "ups=green", SwitchSite.bearer("me")).status())
          .isEqualTo(403);
      assertThat(site.which("a.test")).isEqualTo("blue");
    }
  }

  @Test
  void anOperatorSwitchesToGroupsAndNotToAddresses() throws IOException {
    try (var site = site("operator")) {
      assertThat(switched(site, "a.test", "green")).isEqualTo(200);
      assertThat(switched(site, "a.test", "10.1.2.3:80")).isEqualTo(403);
      assertThat(site.which("a.test")).isEqualTo("green");
    }
  }

  @Test
  void anAdminSwitchesToAddressesThatAreOpen() throws IOException {
    try (var site = site("admin")) {
      assertThat(switched(site, "a.test", "10.1.2.3:80")).isEqualTo(200);
      assertThat(switched(site, "a.test", "11.1.2.3:80")).isEqualTo(403);
      assertThat(switched(site, "a.test", "169.254.169.254:80")).isEqualTo(403);
      assertThat(site.which("a.test")).isEqualTo("10.1.2.3:80");
    }
  }

  @Test
  void aRoleForSomeHostsSwitchesThese() throws IOException {
    try (var site = site("operator:host=*.example.com")) {
      assertThat(switched(site, "x.example.com", "green")).isEqualTo(200);
      assertThat(switched(site, "X.Y.Example.Com", "green")).isEqualTo(200);
      assertThat(switched(site, "a.test", "green")).isEqualTo(403);
      assertThat(switched(site, "example.com", "green")).isEqualTo(403);
      assertThat(switched(site, "x.example.com.evil.test", "green")).isEqualTo(403);
      assertThat(site.get("/switch?ups=green", SwitchSite.bearer("me")).status()).isEqualTo(403);
      assertThat(site.which("a.test")).isEqualTo("blue");
    }
  }

  @Test
  void aRoleForSomeUpstreamsSwitchesToThese() throws IOException {
    try (var site = site("operator:upstream=web-*,upstream=gr?en,upstream=blue")) {
      assertThat(switched(site, "a.test", "web-1")).isEqualTo(200);
      assertThat(switched(site, "a.test", "WEB-1")).isEqualTo(200);
      assertThat(switched(site, "a.test", "green")).isEqualTo(403);
      assertThat(switched(site, "a.test", "blue")).isEqualTo(200);
    }
  }

  @Test
  void bothKindsOfPatternsMustMatch() throws IOException {
    try (var site = site("operator:upstream=web-*,host=a.*")) {
      assertThat(switched(site, "a.test", "web-1")).isEqualTo(200);
      assertThat(switched(site, "a.test", "green")).isEqualTo(403);
      assertThat(switched(site, "b.test", "web-1")).isEqualTo(403);
    }
  }

  @Test
  void anAdminForSomeHostsIsNoneForOthers() throws IOException {
    try (var site = site("admin:host=*.example.com")) {
      assertThat(switched(site, "x.example.com", "10.1.2.3:80")).isEqualTo(200);
      assertThat(switched(site, "a.test", "10.1.2.3:80")).isEqualTo(403);
    }
  }

  @Test
  void whatDoesNotExistIsToldApartFromWhatIsNotAllowed() throws IOException {
    try (var site = site("operator")) {
      assertThat(switched(site, "a.test", "gren")).isEqualTo(404);
      assertThat(switched(site, "a.test", "0x7f.1:80")).isEqualTo(400);
    }
  }
}
