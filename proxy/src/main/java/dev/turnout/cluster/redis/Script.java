package dev.turnout.cluster.redis;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// What runs inside of Redis, where nothing comes between.
///
/// The first line of each makes Redis refuse a script as a whole when it has no memory left, rather
/// than in its midst.
enum Script {
  /// Makes a transaction. The first key counts revisions; a conflict is counted, too, so that what
  /// was read with it can be told from what was read before. All keys are touched before one is
  /// written: a member of a cluster that gives its slot away has some of them no more.
  COMMIT(
      """
      #!lua
      local at = redis.call('INCR', KEYS[1])
      local expected = tonumber(ARGV[1])
      local same = true
      local present = {}
      local i = 2
      for n = 1, expected do
        local there = redis.pcall('GET', ARGV[i])
        if type(there) == 'table' then
          if not string.find(there.err, '^WRONGTYPE') then
            return there
          end
          there = '!' .. tostring(there.err)
        elseif there then
          there = '=' .. there
        else
          there = ''
        end
        present[n] = there
        same = same and there == ARGV[i + 1]
        i = i + 2
      end
      if not same then
        return {at, present}
      end
      for n = i, #ARGV, 3 do
        redis.call('EXISTS', ARGV[n + 1])
      end
      while ARGV[i] do
        if ARGV[i] == 'set' then
          redis.call('SET', ARGV[i + 1], ARGV[i + 2])
        else
          redis.call('DEL', ARGV[i + 1])
        end
        i = i + 3
      end
      return {at}
      """),

  /// Reads keys, at a revision. Something that is no string is told as such, not as absent. What
  /// cannot be read at all is an error.
  READ(
      """
      #!lua flags=no-writes
      local at = redis.call('GET', KEYS[1])
      local values = {}
      for n = 1, #ARGV do
        local there = redis.pcall('GET', ARGV[n])
        if type(there) == 'table' then
          if not string.find(there.err, '^WRONGTYPE') then
            return there
          end
          values[n] = '!' .. tostring(there.err)
        elseif there then
          values[n] = '=' .. there
        else
          values[n] = ''
        end
      end
      return {tonumber(at or 0), values}
      """),

  /// Names a node, and keeps what it says for a time.
  ANNOUNCE(
      """
      #!lua
      redis.call('SADD', KEYS[1], ARGV[1])
      redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
      return 1
      """),

  /// Forgets a node.
  WITHDRAW(
      """
      #!lua
      redis.call('SREM', KEYS[1], ARGV[1])
      redis.call('DEL', KEYS[2])
      return 1
      """),

  /// Sets marks for a time, of which the larger value stays, and says something on a channel:
  /// channel, message, milliseconds, then name, value, … The order is that of bytes, which is not
  /// Lua's own.
  SAY(
      """
      #!lua
      local function larger(a, b)
        for i = 1, math.min(#a, #b) do
          local x, y = a:byte(i), b:byte(i)
          if x ~= y then
            return x > y
          end
        end
        return #a > #b
      end
      for i = 3, #ARGV, 2 do
        local there = redis.pcall('GET', ARGV[i])
        local value = ARGV[i + 1]
        if type(there) == 'string' and there ~= value and larger(there, value) then
          redis.call('PEXPIRE', ARGV[i], ARGV[2])
        else
          redis.call('SET', ARGV[i], value, 'PX', ARGV[2])
        end
      end
      return {redis.call('PUBLISH', KEYS[1], ARGV[1])}
      """),

  /// Values of keys and how long they last: value, milliseconds, value, milliseconds, … Of one that
  /// is not there, or lasts for ever, the latter is negative.
  MARKS(
      """
      #!lua flags=no-writes
      local found = {}
      for i = 1, #ARGV do
        local there = redis.pcall('GET', ARGV[i])
        found[#found + 1] = type(there) == 'string' and there or ''
        found[#found + 1] = redis.call('PTTL', ARGV[i])
      end
      return found
      """),

  /// The nodes whose time is not over: name, text, name, text, …
  NODES(
      """
      #!lua
      local live = {}
      for _, name in ipairs(redis.call('SMEMBERS', KEYS[1])) do
        local text = redis.call('GET', KEYS[2] .. name)
        if text then
          live[#live + 1] = name
          live[#live + 1] = text
        else
          redis.call('SREM', KEYS[1], name)
        end
      end
      return live
      """);

  final String text;
  final String digest;

  Script(String text) {
    this.text = text;
    try {
      byte[] sha1 =
          MessageDigest.getInstance("SHA-1").digest(text.getBytes(StandardCharsets.US_ASCII));
      this.digest = HexFormat.of().formatHex(sha1); // how Redis names scripts
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
