package dev.turnout.http;

import java.util.ArrayList;
import java.util.List;

/// The subrequests of one exchange that are under way. Confined to its loop.
final class Subrequests {
  private final List<Subrequest> live = new ArrayList<>(4);
  private int background;
  private int family;

  void add(Subrequest subrequest) {
    live.add(subrequest);
    if (subrequest.isBackground()) {
      background++;
    }
  }

  /// True if it was among them.
  boolean remove(Subrequest subrequest) {
    boolean there = live.remove(subrequest);
    if (there && subrequest.isBackground()) {
      background--;
    }
    return there;
  }

  int count() {
    return live.size();
  }

  boolean isHoldingOpen() {
    return background > 0;
  }

  /// Of the client's request: how many there are of it, of its subrequests, and so on.
  int family() {
    return family;
  }

  void family(int change) {
    family += change;
  }

  /// The exchange is over, and so are they.
  void cancel() {
    while (!live.isEmpty()) {
      live.removeLast().cancel();
    }
    background = 0;
  }
}
