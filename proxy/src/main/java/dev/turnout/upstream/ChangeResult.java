package dev.turnout.upstream;

/// What comes of an [UpstreamChange]: the next spec, or why there is none.
public sealed interface ChangeResult {
  /// The change holds: `spec` is the next one.
  record Changed(UpstreamSpec spec) implements ChangeResult {}

  /// The change does not apply to the spec as it is.
  sealed interface Refused extends ChangeResult {
    /// The reason, in the words of nginx's API.
    String message();
  }

  record UnknownServer(long id) implements Refused {
    @Override
    public String message() {
      return "server with ID \"" + id + "\" does not exist";
    }
  }

  record DuplicateId(long id) implements Refused {
    @Override
    public String message() {
      return "server with ID \"" + id + "\" is given twice";
    }
  }

  /// The balancing method forbids backup servers.
  record NoBackup(String upstream) implements Refused {
    @Override
    public String message() {
      return "upstream \"" + upstream + "\" has no backup";
    }
  }

  /// The balancing method cannot start a server slowly.
  record NoSlowStart() implements Refused {
    @Override
    public String message() {
      return "balancing method does not support parameter \"slow_start\"";
    }
  }

  /// A value of a patch is out of its range.
  record InvalidValue(String message) implements Refused {}
}
