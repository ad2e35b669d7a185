package dev.turnout.lua;

import java.util.Random;

/// Programs as nobody should write them: errors of all kinds, endless recursion, huge strings,
/// waiting where nothing may wait, each wrapped in others.
final class BadPrograms {
  private static final String[] STATEMENTS = {
    "error()",
    "error(nil)",
    "error({})",
    "error(setmetatable({}, { __tostring = function() error('again') end }))",
    "error(setmetatable({}, { __tostring = function() return 1 end }))",
    "error('x', 99)",
    "local function f() return 1 + f() end f()",
    "local function f(...) return f(1, ...) end f()",
    "local function f() return pcall(f) end f()",
    "local function f() return xpcall(f, f) end f()",
    "local function f() return (('a'):gsub('a', f)) end f()",
    "local function f() table.sort({ 1, 2, 3 }, f) end f()",
    "local function f() return coroutine.wrap(f)() end f()",
    "local t = setmetatable({}, {}) getmetatable(t).__index = function(s, k) return s[k] end"
        + " local x = t.y",
    "local t = setmetatable({}, { __tostring = function(s) return tostring(s) end }) tostring(t)",
    "local s = ('x'):rep(1e10)",
    "local s = ('x'):rep(1e7) for i = 1, 3 do s = s .. s end",
    "setmetatable({}, { __gc = function() error('gc') end })",
    "local p = newproxy(true) getmetatable(p).__gc = function() error('gc') end p = nil"
        + " collectgarbage()",
    "local p = newproxy(true) getmetatable(p).__gc = function() ngx.sleep(0) end p = nil"
        + " collectgarbage()",
    "local p = newproxy(true) getmetatable(p).__gc = function() coroutine.yield() end p = nil"
        + " collectgarbage()",
    "coroutine.yield(1, 2, 3)",
    "coroutine.wrap(function() coroutine.yield() end)()",
    "local c = coroutine.create(function() error({}) end) coroutine.resume(c)"
        + " coroutine.resume(c)",
    "coroutine.resume(coroutine.running() or coroutine.create(print))",
    "table.sort({ 3, 2, 1 }, function() ngx.sleep(0) end)",
    "table.sort({ 3, 2, 1 }, function() coroutine.yield() end)",
    "load(function() ngx.sleep(0) end)",
    "load(function() coroutine.yield() end)",
    "for _ in function() ngx.sleep(0) end do end",
    "local t = setmetatable({}, { __add = function() ngx.sleep(0) return 1 end }) local x = t + t",
    "ngx.sleep(0)",
    "ngx.sleep(-1)",
    "ngx.sleep('x')",
    "ngx.sleep(0.001)",
    "ngx.exit(500)",
    "ngx.exit(444)",
    "ngx.exit(-1)",
    "ngx.exit(1e9)",
    "ngx.exit()",
    "ngx.exec('/sub')",
    "ngx.exec('@no')",
    "ngx.exec('/../x')",
    "ngx.redirect('/x')",
    "ngx.redirect('a\\nb')",
    "ngx.say(function() end)",
    "ngx.say({ a = 1 })",
    "local t = {} t[1] = t ngx.say(t)",
    "ngx.say(('x'):rep(1e6))",
    "ngx.print() ngx.eof() ngx.say('x')",
    "ngx.flush(true)",
    "ngx.header['a\\r\\nb'] = 'c\\r\\nd'",
    "ngx.header.content_length = 'x'",
    "ngx.header.x = { 1, {}, nil }",
    "ngx.header[nil] = 1",
    "ngx.status = 'x'",
    "ngx.status = 99",
    "ngx.status = 1e12",
    "ngx.var[1e9] = 1",
    "ngx.var.host = 'x'",
    "local x = ngx.var[{}]",
    "ngx.ctx = nil",
    "ngx.ctx = 1 ngx.ctx.x = 1",
    "ngx.req.set_uri('/sub', true)",
    "ngx.req.set_uri('')",
    "ngx.req.set_header(nil, nil)",
    "ngx.req.set_body_data(('x'):rep(1e6))",
    "ngx.req.get_uri_args(-1e9)",
    "ngx.decode_args('a=%', 1e9)",
    "ngx.encode_args({ [1] = 2 })",
    "ngx.escape_uri('x', 99)",
    "ngx.decode_base64('%%%')",
    "ngx.log(99, 'x')",
    "ngx.log(ngx.ERR, {})",
    "ngx.log(ngx.ERR, setmetatable({}, { __tostring = function() error('x') end }))",
    "ngx.location.capture('/sub')",
    "ngx.location.capture('/no', { method = 99 })",
    "ngx.location.capture_multi({ { '/sub' }, { '/sub' }, 1 })",
    "ngx.thread.spawn(function() error('x') end)",
    "ngx.thread.wait(ngx.thread.spawn(function() ngx.sleep(0) error({}) end))",
    "ngx.thread.kill(ngx.thread.spawn(function() ngx.sleep(1) end))",
    "for i = 1, 100 do ngx.thread.spawn(function() ngx.sleep(0) end) end",
    "ngx.thread.spawn(function() ngx.exit(200) end) ngx.sleep(1)",
    "ngx.timer.at(0, function() error('x') end)",
    "ngx.timer.at(0, function() ngx.say('x') end)",
    "ngx.timer.at(-1, print)",
    "require('ngx.semaphore').new(-1)",
    "require('ngx.semaphore').new():wait(0.001)",
    "ngx.shared.d:set({}, function() end)",
    "ngx.shared.d:set('k', ('x'):rep(1e7))",
    "ngx.shared.d.set(nil)",
    "ngx.re.match('a', '(')",
    "ngx.re.gsub('aaa', 'a*', function() error('x') end)",
    "ngx.re.gsub('aaa', 'a', function() ngx.sleep(0) return 'b' end)",
    "os.exit(1)",
    "os.exit = nil os.exit()",
    "debug.sethook(function() error('hook') end, '', 1)",
    "jit.flush() jit.off() jit.on()",
    "loadstring('\\27LJ\\2')()",
    "string.dump(print)",
    "collectgarbage() collectgarbage('stop') collectgarbage('restart')",
    "setfenv(1, {}) x = 1",
    "string.format('%d', 'x')",
    "('x'):rep(100):match(('x*'):rep(3) .. 'y')",
    "local t = {} for i = 1, 1e6 do t[i] = i end",
    "unpack({}, 1, 1e8)",
    "select(-1e9, 1)",
    "package.loaded.ngx = nil require('ngx')",
    "require('no.such.module')",
    "ngx.on_abort(function() end)",
    "ngx.req.socket and ngx.req.socket(1)",
    "for k, v in pairs(ngx) do tostring(v) end",
    "for k, v in pairs(_G) do pcall(tostring, v) end",
  };

  private static final String[] WRAPPERS = {
    "%s",
    "pcall(function() %s end)",
    "xpcall(function() %s end, function(e) error(e) end)",
    "coroutine.wrap(function() %s end)()",
    "coroutine.resume(coroutine.create(function() %s end))",
    "for i = 1, 3 do %s end",
    "local t = setmetatable({}, { __index = function() %s end }) local x = t.y",
    "local t = setmetatable({}, { __call = function() %s end }) t()",
    "table.sort({ 2, 1 }, function() %s end)",
    "(('ab'):gsub('.', function() %s end))",
    "ngx.thread.wait(ngx.thread.spawn(function() %s end))",
    "ngx.timer.at(0, function() %s end)",
    "local ok, e = pcall(function() %s end) if not ok then error(e, 0) end",
    "load(function() %s end)",
    "tostring(setmetatable({}, { __tostring = function() %s end }))",
  };

  private BadPrograms() {}

  static String next(Random random) {
    StringBuilder body = new StringBuilder();
    for (int i = random.nextInt(3); i >= 0; i--) {
      body.append("do ").append(STATEMENTS[random.nextInt(STATEMENTS.length)]).append(" end ");
    }
    String program = body.toString();
    for (int depth = random.nextInt(4); depth > 0; depth--) {
      String wrapper = WRAPPERS[random.nextInt(WRAPPERS.length)];
      String wrapped = wrapper.replace("%s", program);
      program = wrapped.startsWith("(") ? "local _ = " + wrapped : wrapped;
    }
    return program;
  }
}
