-- Light threads, timers, semaphores.

local T = ...
local ngx, fn, VM, io_, phases = T.ngx, T.fn, T.vm, T.io, T.phases
local check, await, text = T.check, T.await, T.text
local type, error, select, setmetatable, unpack, tonumber, pairs, pcall =
  type, error, select, setmetatable, unpack, tonumber, pairs, pcall
local recs, current = T.recs, T.current

-- ngx.thread --------------------------------------------------------------------------------------

local function thread_argument(co, i, name)
  if type(co) ~= 'thread' then
    T.fail('bad argument #' .. i .. " to '" .. name .. "' (lua thread expected)")
  end
end

local thread = {}
ngx.thread = thread

thread.spawn = function(f, ...)
  if type(f) ~= 'function' then
    T.bad_argument(1, 'Lua function expected')
  end
  check(phases.YIELDABLE)
  local co = T.spawn(f, ...)
  return co
end

local function collect(me, rec)
  local values = rec.zombie
  rec.zombie, rec.collected = nil, true
  me.children[rec] = nil
  me.group.alive = me.group.alive - 1
  return values
end

thread.wait = function(...)
  check(phases.YIELDABLE)
  local n = select('#', ...)
  if n == 0 then T.fail('at least one coroutine should be specified') end
  local me, waits = current(), {}
  for i = 1, n do
    local co = select(i, ...)
    thread_argument(co, i, 'wait')
    local rec = recs[co]
    if not rec then T.fail('attempt to wait on a coroutine that is not a user thread') end
    if rec.by ~= me.id then T.fail('only the parent coroutine can wait on the thread') end
    if rec.zombie then
      local values = collect(me, rec)
      for k = 1, #waits do waits[k].waited = nil end
      return unpack(values, 1, values.n)
    end
    if rec.collected or rec.dead then
      if i == n and #waits == 0 then return nil, 'already waited or killed' end
    else
      waits[#waits + 1] = rec
      rec.waited = waits
    end
  end
  T.wait_for_threads()
  local values = me.outcome
  me.outcome = nil
  return unpack(values, 1, values.n)
end

thread.kill = function(co)
  check(phases.YIELDABLE)
  thread_argument(co, 1, 'kill')
  local me, rec = current(), recs[co]
  if not rec then return nil, 'not user thread' end
  if rec.by ~= me.id then return nil, 'killer not parent' end
  if rec.zombie then
    collect(me, rec)
    return nil, 'already terminated'
  end
  if rec.collected or rec.dead then return nil, 'already waited or killed' end
  if fn.capturing(VM, rec.id) ~= 0 then return nil, 'pending subrequests' end
  rec.dead, rec.collected = true, true
  me.group.alive = me.group.alive - 1
  me.children[rec] = nil
  T.threads[rec.id] = nil
  fn.drop_waits(VM, rec.id)
  T.orphan_children(rec)
  T.let_go(rec)
  return 1
end

ngx.on_abort = function(f)
  if io_.phase == phases.INIT then T.fail('no request found') end
  if type(f) ~= 'function' then
    T.bad_argument(1, 'Lua function expected')
  end
  check(phases.REQUEST)
  local rc = fn.on_abort(VM)
  if rc < 0 then return nil, text() end
  T.aborts[io_.run] = f
  io_.made = 1
  return 1
end
T.on_free(function(run) T.aborts[run] = nil end)

-- ngx.timer -----------------------------------------------------------------------------------------

local timers, last_timer = T.timers, 0
local function timer(every, name, ...)
  local n = select('#', ...)
  if n < 2 then T.fail('expecting at least 2 arguments but got ' .. n) end
  local delay, f = ...
  delay = tonumber(delay)
  if not delay then
    error("bad argument #1 to '" .. name .. "' (number expected, got "
      .. type((...)) .. ')', 3)
  end
  if every and delay == 0 then T.fail('delay cannot be zero') end
  if type(f) ~= 'function' then
    T.fail("bad argument #2 to '" .. name .. "' (Lua function expected)")
  end
  if io_.phase == phases.INIT then T.fail('no request') end
  if io_.phase == phases.EXIT_WORKER then
    T.fail('API disabled in the context of exit_worker_by_lua*')
  end
  last_timer = last_timer < 2000000000 and last_timer + 1 or 1
  timers[last_timer] = { f = f, n = n - 2, every = every, select(3, ...) }
  local rc = fn.timer(VM, last_timer, delay, every and 1 or 0)
  if rc == 0 then return 1 end
  timers[last_timer] = nil
  if rc == T.THREW then T.fail(text()) end
  return nil, text()
end
ngx.timer = {
  at = function(...)
    local ok, err = timer(false, 'at', ...)
    return ok, err
  end,
  every = function(...)
    local ok, err = timer(true, 'every', ...)
    return ok, err
  end,
  running_count = function() return fn.timer_count(VM, 0) end,
  pending_count = function() return fn.timer_count(VM, 1) end,
}

-- ngx.semaphore ---------------------------------------------------------------------------------------

local semaphore = {}
semaphore.__index = semaphore

function semaphore.new(n)
  n = n and tonumber(n) or 0
  if n < 0 then T.fail('no negative number') end
  return setmetatable({ resources = n, first = 1, last = 0, waiting = 0 }, semaphore)
end

local function is_semaphore(s) return type(s) == 'table' and s.resources and s.waiting end

function semaphore:wait(timeout)
  if not is_semaphore(self) then T.fail('not a semaphore instance') end
  timeout = tonumber(timeout) or 0
  if timeout < 0 then timeout = 0 end
  check(phases.YIELDABLE)
  if self.resources > 0 and self.waiting == 0 then
    self.resources = self.resources - 1
    return true
  end
  if timeout == 0 then return nil, 'timeout' end
  self.last = self.last + 1
  local place = self.last
  self.waiting = self.waiting + 1
  local rc = fn.park(VM, timeout)
  if rc == T.AGAIN then
    self[place] = io_.serial
    rc = await(rc)
  end
  if self[place] then                    -- nobody has posted for us
    self[place] = nil
    self.waiting = self.waiting - 1
  end
  if rc == 0 then return true end
  return nil, 'timeout'
end

function semaphore:post(n)
  if not is_semaphore(self) then T.fail('not a semaphore instance') end
  n = n and tonumber(n) or 1
  if n < 1 then T.fail('no negative number') end
  self.resources = self.resources + n
  while self.resources > 0 and self.waiting > 0 do
    local serial = self[self.first]
    self[self.first] = nil
    self.first = self.first + 1
    if serial then
      self.waiting = self.waiting - 1
      if fn.unpark(VM, serial) == 0 then self.resources = self.resources - 1 end
    end
  end
  return true
end

function semaphore:count()
  if not is_semaphore(self) then T.fail('not a semaphore instance') end
  return self.resources - self.waiting
end

package.preload['ngx.semaphore'] = function() return semaphore end

-- ngx.run_worker_thread -------------------------------------------------------------------------------

local has_buffer, buffer = pcall(require, 'string.buffer')
local DEPTH = 98                         -- what LuaJIT packs, less the table around it

local kinds = { ['function'] = 'LUA_TFUNCTION', userdata = 'LUA_TUSERDATA', thread = 'LUA_TTHREAD',
  cdata = 'LUA_TCDATA' }

-- What is wrong with a value that is to go to another Lua, or nil.
local function unfit(v, depth)
  local kind = type(v)
  if kind == 'table' then
    if depth > DEPTH then
      return 'suspicious circular references, table depth exceed max depth: 100'
    end
    for key, value in pairs(v) do
      local e = unfit(key, depth + 1) or unfit(value, depth + 1)
      if e then return e end
    end
  elseif kinds[kind] and v ~= T.null then
    return 'unsupported Lua type: ' .. kinds[kind]
  end
end

local function packed(where, n, ...)
  local values = { n = n, ... }
  for i = 1, n do
    local e = unfit(values[i], 1)
    if e then return nil, e .. ' in the ' .. where end
  end
  return buffer.encode(values)
end

local function returned(ok, ...)
  if not ok then
    local e = ...
    return false, type(e) == 'string' and T.placeless(e) or T.safe(e)
  end
  local s, e = packed('return value', select('#', ...), ...)
  if not s then return false, e end
  return true, s
end

T.on_work(function(s)
  local work = buffer.decode(s)
  return returned(pcall(function()
    local module = require(work[1])
    local f = type(module) == 'table' and module[work[2]]
    if type(f) ~= 'function' then
      error("module '" .. work[1] .. "' has no function '" .. work[2] .. "'", 0)
    end
    return f(unpack(work, 3, work.n))
  end))
end)

local function unpacked(s)
  local values = buffer.decode(s)
  return true, unpack(values, 1, values.n)
end

ngx.run_worker_thread = function(...)
  check(phases.YIELDABLE)
  local n = select('#', ...)
  if n < 3 then return false, 'expecting at least 3 arguments' end
  local pool, module, name = ...
  if type(pool) ~= 'string' then return false, 'threadpool should be a string' end
  if type(module) ~= 'string' then return false, 'module name should be a string' end
  if type(name) ~= 'string' then return false, 'function name should be a string' end
  if not has_buffer then return false, 'this LuaJIT has no string.buffer' end
  local s, e = packed('argument', n - 1, select(2, ...))
  if not s then return false, e end
  if await(fn.work(VM, pool, #pool, s, #s)) ~= 0 then return false, text() end
  return unpacked(text())
end
