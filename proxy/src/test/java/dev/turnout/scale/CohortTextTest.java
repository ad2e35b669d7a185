package dev.turnout.scale;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CohortTextTest {
  @Test
  void whatIsSaidIsHeard() {
    Standing.Figures figures = new Standing.Figures(true, 12.5, 100.25, 0.125, Set.of("a:1", "b"));

    String text =
        CohortText.of(Map.of("app", figures, "a;b=c,ü", figures, "web", Standing.Figures.UNKNOWN));

    assertThat(text).matches("[!-~]*");
    assertThat(CohortText.find(text, "app")).isEqualTo(figures);
    assertThat(CohortText.find(text, "a;b=c,ü")).isEqualTo(figures);
    assertThat(CohortText.find(text, "web")).isEqualTo(Standing.Figures.UNKNOWN);
  }

  @Test
  void whatIsNotSaidOrCannotBeReadIsUnknown() {
    for (String text :
        new String[] {"", "app", "app=", "app=1,x,2,3;", "app=1,2;", "ap=1,2,3,4;"}) {
      assertThat(CohortText.find(text, "app")).as(text).isEqualTo(Standing.Figures.UNKNOWN);
    }
    assertThat(CohortText.find(null, "app")).isEqualTo(Standing.Figures.UNKNOWN);
  }

  @Test
  void sharesOfErrorsAreWeighedByTheRate() {
    Standing.Figures sum =
        new Standing.Figures(true, 1, 90, 0, Set.of("a"))
            .plus(new Standing.Figures(true, 2, 10, 1, Set.of("b")));

    assertThat(sum).isEqualTo(new Standing.Figures(true, 3, 100, 0.1, Set.of("a", "b")));
    assertThat(sum.plus(Standing.Figures.UNKNOWN).complete()).isFalse();
  }
}
