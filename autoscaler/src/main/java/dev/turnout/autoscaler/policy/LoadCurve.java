package dev.turnout.autoscaler.policy;

/// How the requests at one server grow with its load, which is what makes it possible to read the
/// load off them: twice the load is more than twice the requests.
///
/// A server whose requests slow each other down does work at `n / (n + slowing)` of the speed it
/// would have with no end of them. The paper's two measured points, 10 requests at a load of 7 and
/// 32 at 14, lie on that curve; it does not change with the size of requests or the speed of the
/// machine (AutoScale, section 4.3).
///
/// @param packing requests at one server at which it does as much as it shall
/// @param slowing the number of requests at which a server is half as fast for each as for one
///   alone
public record LoadCurve(double packing, double slowing) {
  /// What the paper's machines had: `slowing` for a `packing` of 1.
  public static final double USUAL_SLOWING = 8.0 / 3;

  public LoadCurve {
    if (!(packing > 0) || !(slowing > 0)) {
      throw new IllegalArgumentException("a curve begins above 0");
    }
  }

  /// The usual curve through a packing factor.
  public static LoadCurve of(double packing) {
    return new LoadCurve(packing, packing * USUAL_SLOWING);
  }

  /// The load of a server with this many requests, in full servers.
  public double load(double requests) {
    return requests * (packing + slowing) / (packing * (requests + slowing));
  }

  /// The requests at a server with this load, where [#load] comes from; without end where the load
  /// is more than it can ever do.
  public double requests(double load) {
    double most = (packing + slowing) / packing;
    return load >= most ? Double.POSITIVE_INFINITY : slowing * load / (most - load);
  }
}
