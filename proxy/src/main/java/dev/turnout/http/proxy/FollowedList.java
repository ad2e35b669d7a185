package dev.turnout.http.proxy;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What a module says of an `upstream` block whose servers it finds out by itself: the block may be
/// empty, and what it names counts only until the servers have been found out once.
@FunctionalInterface
public interface FollowedList {
  /// Servers as `server` lines.
  ///
  /// @param name how the text is called in errors
  record Lines(String name, String text) {}

  Setting<@Nullable FollowedList> SETTING = Setting.local("followed list", null);

  /// The servers to begin with where none are remembered; empty: those that the block names. Asked
  /// once all of the block is read. May wait.
  ///
  /// @throws ConfigException if the group may not begin without
  Optional<Lines> beginning(Scope upstream);
}
