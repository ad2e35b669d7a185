-- The heart of a VM: coroutines, light threads, and the one function that Java enters Lua by.
--
-- A function that touches ffi is called from an ordinary Lua function by an ordinary, non-tail call:
-- what is entered from pcall, a metamethod or a coroutine directly is never compiled.

local P = ...
local ffi, bit = require 'ffi', require 'bit'
local io_, fn, VM = P.io, P.fn, P.vm
local fstr, band = ffi.string, bit.band
local type, tostring, tonumber, error, select, pcall, xpcall =
  type, tostring, tonumber, error, select, pcall, xpcall
local next = next
local getinfo, getlocal, tconcat, unpack, setmetatable =
  debug.getinfo, debug.getlocal, table.concat, unpack, setmetatable
local raw_create, raw_resume, raw_yield = coroutine.create, coroutine.resume, coroutine.yield
local raw_status, running = coroutine.status, coroutine.running
local isyieldable = coroutine.isyieldable

-- what functions of Java return, and what the dispatcher answers
local OK, AGAIN, THREW = 0, 1, -1
local DONE, WAITS, ABORTED, FAILED = 0, 1, 2, 3

local function text() return fstr(io_.p, io_.n) end

-- Phases --------------------------------------------------------------------------------------

local phases = {
  SET = 0x1, REWRITE = 0x2, ACCESS = 0x4, CONTENT = 0x8, LOG = 0x10, HEADER_FILTER = 0x20,
  BODY_FILTER = 0x40, TIMER = 0x80, INIT_WORKER = 0x100, BALANCER = 0x200, EXIT_WORKER = 0x2000,
  SERVER_REWRITE = 0x8000, PRECONTENT = 0x20000, INIT = 0x1000000,
}
-- where a thread may wait
phases.YIELDABLE = phases.REWRITE + phases.SERVER_REWRITE + phases.ACCESS + phases.PRECONTENT
  + phases.CONTENT + phases.TIMER
-- where there is a request that can be answered
phases.ANSWERING = phases.REWRITE + phases.SERVER_REWRITE + phases.ACCESS + phases.PRECONTENT
  + phases.CONTENT
-- where there is a request at all
phases.REQUEST = phases.ANSWERING + phases.SET + phases.LOG + phases.HEADER_FILTER
  + phases.BODY_FILTER + phases.BALANCER

local phase_names = {
  [0x1] = 'set_by_lua*', [0x2] = 'rewrite_by_lua*', [0x4] = 'access_by_lua*',
  [0x8] = 'content_by_lua*', [0x10] = 'log_by_lua*', [0x20] = 'header_filter_by_lua*',
  [0x40] = 'body_filter_by_lua*', [0x80] = 'ngx.timer', [0x100] = 'init_worker_by_lua*',
  [0x200] = 'balancer_by_lua*', [0x2000] = 'exit_worker_by_lua*',
  [0x8000] = 'server_rewrite_by_lua*', [0x20000] = 'precontent_by_lua*',
}

-- Raises an error where the script is, however deep in our own functions this is called.
local function fail(message)
  local level = 2
  while true do
    local ar = getinfo(level, 'S')
    if not ar or ar.source:sub(1, 9) ~= '=turnout:' then break end
    level = level + 1
  end
  error(message, level)
end

-- Raises an error unless the phase is one of these.
local function check(mask)
  local phase = io_.phase
  if band(phase, mask) == 0 then
    local name = phase_names[phase]
    if not name then fail('no request found') end
    fail('API disabled in the context of ' .. name)
  end
end

-- Threads -------------------------------------------------------------------------------------

local ASYNC = {}                        -- yielded with by us only: user yields can never collide
local ENDED = {}
local action                            -- why a thread has yielded with ASYNC
local depth, DEPTH_MAX = 0, 128         -- each nested resume takes native stack, unchecked by LuaJIT
local cur                               -- the light thread that runs; nil where nothing may wait
local threads = {}                      -- those that wait for something outside, by id
local last_id = 0
local recs = setmetatable({}, { __mode = 'k' })   -- light threads by their coroutines
local aborts = {}                       -- what ngx.on_abort was given, by run
local pool, pooled, POOL_MAX = {}, 0, 1024
local queue, head, tail = {}, 1, 0      -- those of this request that can go on
local now                               -- the one that goes on before them

local failed_co, failed_error           -- the coroutine in which the error that passes arose

local nested = false                    -- it is a coroutine of the thread that waits
local co_step
local function co_resume(co, ...)
  local d = depth
  if d >= DEPTH_MAX then return false, 'C stack overflow (coroutines nested too deeply)' end
  depth = d + 1
  return co_step(d, co, raw_resume(co, ...))
end
co_step = function(d, co, ok, ...)
  depth = d
  local tag = ...
  if tag == ASYNC then                  -- not for the one who resumed: up, then down again
    nested = true
    raw_yield(ASYNC)
    depth = d + 1
    return co_step(d, co, raw_resume(co))
  end
  if not ok and tag == 'cannot resume running coroutine' and raw_status(co) == 'normal' then
    return false, 'cannot resume normal coroutine'
  end
  return ok, ...
end

local function wrapped(co, ok, ...)
  if ok then return ... end
  local e = ...
  if failed_error ~= e or type(e) ~= 'string' then failed_co, failed_error = {}, e end
  failed_co[#failed_co + 1] = co
  if not cur and type(e) == 'string' then fail(e) end   -- where nothing waits it is LuaJIT's own
  error(e, 0)
end

local function function_wanted(f, name)
  if type(f) ~= 'function' then
    error("bad argument #1 to '" .. name .. "' (function expected)", 3)
  end
end

coroutine.create = function(f)
  function_wanted(f, 'create')
  return raw_create(f)
end
coroutine.resume = function(co, ...)
  if type(co) ~= 'thread' then
    error("bad argument #1 to 'resume' (coroutine expected)", 2)
  end
  return co_resume(co, ...)
end
coroutine.wrap = function(f)
  function_wanted(f, 'wrap')
  local co = raw_create(f)
  return function(...) return wrapped(co, co_resume(co, ...)) end
end

coroutine.status = function(co)
  local rec = type(co) == 'thread' and recs[co]
  if not rec then return raw_status(co) end
  if rec.zombie then return 'zombie' end
  if rec.ended or rec.dead then return 'dead' end
  return rec.nested and 'normal' or 'running'
end

-- Waits until Java resumes the thread with the serial number of this wait.
local function suspend()
  if not cur or not isyieldable() then
    error('attempt to yield across C-call boundary', 0)
  end
  cur.serial = io_.serial
  threads[cur.id] = cur
  action = WAITS
  raw_yield(ASYNC)
end

-- What a function of Java returned: if it was AGAIN, waits, and then what it came to.
local function await(rc)
  if rc == AGAIN then
    suspend()
    return io_.rc
  end
  return rc
end

-- Whatever the thread does, it does not go on from here; what becomes of the request Java knows.
local function abort()
  if not cur or not isyieldable() then
    error('attempt to yield across C-call boundary', 0)
  end
  action = ABORTED
  raw_yield(ASYNC)
end

-- Tracebacks, as OpenResty writes them ----------------------------------------------------------

local FRAMES, COROUTINES = 22, 5

local function frames(out, co, level)
  local n, ours, pending = 0, nil, nil   -- `pending`: a function in C, shown unless we called it
  local function show(s)
    n = n + 1
    out[#out + 1] = n > FRAMES and '\n\t...' or s
    return n > FRAMES
  end
  while true do
    local ar
    if co then ar = getinfo(co, level, 'Snl') else ar = getinfo(level, 'Snl') end
    if not ar then
      if pending then show(pending) end
      return
    end
    level = level + 1
    if ar.source:sub(1, 9) == '=turnout:' then
      pending = nil
      ours = ar.namewhat ~= '' and ar.name or ours   -- to the script it is a function in C
    else
      if pending and show(pending) then return end
      pending = nil
      if ours then
        if ar.what ~= 'C' and show("\n\t[C]: in function '" .. ours .. "'") then return end
        ours = nil
      end
      local line = ar.currentline > 0 and ar.currentline .. ':' or ''
      local what
      if ar.what == 'main' then what = ' in main chunk'
      elseif ar.namewhat ~= '' then what = " in function '" .. ar.name .. "'"
      elseif ar.what == 'C' then what = ' ?'
      else what = ' in function <' .. ar.short_src .. ':' .. ar.linedefined .. '>' end
      local s = '\n\t' .. ar.short_src .. ':' .. line .. what
      if ar.what == 'C' then pending = s elseif show(s) then return end
    end
  end
end

local function safe(e)
  local ok, s = pcall(tostring, e)
  return ok and type(s) == 'string' and s or '(error object that cannot be shown)'
end

-- Of the thread `rec`, and of those that it came from.
local function thread_trace(rec, e)
  local out = { 'stack traceback:' }
  local n = 0
  if failed_error == e and failed_co then
    for i = 1, #failed_co do
      if n == COROUTINES then break end
      out[#out + 1] = '\ncoroutine ' .. n .. ':'
      frames(out, failed_co[i], 0)
      n = n + 1
    end
  end
  failed_co, failed_error = nil, nil
  while rec and rec.co and n < COROUTINES do
    out[#out + 1] = '\ncoroutine ' .. n .. ':'
    frames(out, rec.co, 0)
    n = n + 1
    rec = rec.parent
  end
  return tconcat(out)
end

-- For xpcall: the error with its traceback, if it is a text.
local function handler(e)
  if type(e) ~= 'string' and type(e) ~= 'number' then return e end
  local out = { e, '\nstack traceback:' }
  frames(out, nil, 2)
  return tconcat(out)
end

-- A level that is above the script is ours, and has no place.
local function placeless(e)
  if type(e) == 'string' and e:sub(1, 8) == 'turnout:' then return (e:gsub('^turnout:%w+:%d+: ', '')) end
  return e
end

-- Our functions are functions in C here, too.
debug.traceback = function(...)
  local co, message, level = ...
  if type(co) ~= 'thread' then co, message, level = nil, co, message end
  if message ~= nil and type(message) ~= 'string' and type(message) ~= 'number' then return message end
  level = tonumber(level) or (co and 0 or 1)
  local out = { message and message .. '\n' or '', 'stack traceback:' }
  frames(out, co, co and level or level + 2)
  return tconcat(out)
end

local function report(what, e, trace)
  local s = type(e) == 'string' and e or type(e) == 'number' and tostring(e) or 'unknown reason'
  s = what .. ' aborted: runtime error: ' .. s .. '\n' .. trace
  fn.log(VM, 4, s, #s)
end

-- The scheduler ---------------------------------------------------------------------------------

-- What is called by an expression has no name in tracebacks, as what C calls has none.
local function nameless(f) return f end

local function trampoline(f) nameless(f)() end
local function entry(f)
  while true do
    trampoline(f)
    f = raw_yield(ENDED)
  end
end

local function post(rec)
  tail = tail + 1
  queue[tail] = rec
end

local function entry_thread()
  local rec
  if pooled > 0 then
    rec = pool[pooled]
    pool[pooled] = nil
    pooled = pooled - 1
  else
    rec = { co = raw_create(entry) }
  end
  last_id = last_id + 1
  if last_id > 2000000000 then last_id = 1 end
  rec.id = last_id
  return rec
end

-- A light thread will not run again. What is known of it is found by its coroutine, and must then not
-- hold on to that: a table with weak keys keeps a key that its value refers to.
local function let_go(rec)
  rec.group.members[rec] = nil
  rec.co, rec.parent, rec.top, rec.group = nil, nil, nil, nil
  rec.args, rec.children, rec.waited = nil, nil, nil
end

-- A thread is over: nobody can ask for what its children came to any more.
local function orphan_children(rec)
  local children = rec.children
  if not children then return end
  local group = rec.group
  for child in next, children do
    if child.zombie then
      child.zombie, child.collected = nil, true
      group.alive = group.alive - 1
    end
  end
  rec.children = nil
end

-- A light thread is over; whoever waits for it learns what it came to.
local function user_ended(rec, ok, ...)
  local group = rec.group
  threads[rec.id] = nil
  rec.ended = true
  local parent = rec.parent
  local waits = rec.waited
  if parent.ended or parent.dead then
    group.alive = group.alive - 1
  elseif waits then
    group.alive = group.alive - 1
    rec.collected = true
    parent.children[rec] = nil
    parent.outcome = { n = select('#', ...) + 1, ok, ... }
    for i = 1, #waits do waits[i].waited = nil end
    if now then post(now) end
    now = parent
  else
    rec.zombie = { n = select('#', ...) + 1, ok, ... }
  end
  orphan_children(rec)
  let_go(rec)
end

local function entry_ended(rec)
  local group = rec.group
  threads[rec.id] = nil
  if not group then
    if pooled < POOL_MAX then
      pooled = pooled + 1
      pool[pooled] = rec
    end
    return DONE
  end
  rec.ended = true
  orphan_children(rec)
  threads[rec.id] = rec                  -- by which the others are found until they are over
  return WAITS
end

-- What a light thread that failed is told to have come to: as in the original first what the function
-- in C that raised the error still has on its stack, such as the argument of `error`.
local function user_failed(rec, raised, e)
  local values, n = {}, 0
  local co = rec.co
  local ar = getinfo(co, 0, 'S')
  if ar and ar.what == 'C' and type(e) == 'string' then
    while true do
      local name, v = getlocal(co, 0, n + 1)
      if not name then break end
      n = n + 1
      values[n] = v
    end
  end
  if n == 0 or values[n] ~= raised then n = n + 1 end
  values[n] = e
  user_ended(rec, false, unpack(values, 1, n))
end

local function settle(rec, ok, ...)
  local tag = ...
  if tag == ASYNC then
    rec.nested, nested = nested, false
    return action
  end
  if tag == ENDED then
    return entry_ended(rec)
  end
  if not ok then
    tag = placeless(tag)
    local trace = thread_trace(rec, ...)
    if rec.user then
      report('lua user thread', tag, trace)
      user_failed(rec, (...), tag)
      return WAITS
    end
    report('lua entry thread', tag, trace)
    threads[rec.id] = nil
    return FAILED
  end
  if rec.user and raw_status(rec.co) == 'dead' then
    user_ended(rec, true, ...)
    return WAITS
  end
  if tail >= head then post(rec) else now = rec end    -- yielded by the script itself
  return WAITS
end

local function drive(rec, ...)
  cur = rec
  io_.thread = rec.id
  depth = 1
  return settle(rec, raw_resume(rec.co, ...))
end

local function forget(rec)
  rec.dead = true
  threads[rec.id] = nil
  local group = rec.group
  if group then
    for one in next, group.members do
      one.dead = true
      threads[one.id] = nil
      one.co, one.parent, one.top, one.group = nil, nil, nil, nil
      one.args, one.children, one.waited = nil, nil, nil
    end
    rec.group, rec.children = nil, nil
  end
end

-- Runs a thread, and those that can go on because of it, until each of them waits or has ended.
local function schedule(rec, ...)
  local top = rec.top or rec
  local group
  if now or tail >= head then                -- left behind by what was cut off
    now, queue = nil, {}
  end
  head, tail = 1, 0
  local outcome = drive(rec, ...)
  while true do
    if outcome == ABORTED or outcome == FAILED then
      now, head, tail = nil, 1, 0
      queue = {}
      forget(top)
      break
    end
    local coming = now
    if coming then
      now = nil
    elseif tail >= head then
      coming = queue[head]
      queue[head] = nil
      head = head + 1
    else
      head, tail = 1, 0
      group = top.group
      if group and top.ended and group.alive == 0 then
        threads[top.id] = nil
        outcome = DONE
      elseif group then
        outcome = WAITS
      end
      break
    end
    if not coming.dead and not coming.ended then
      local args = coming.args
      if args then
        coming.args = nil
        outcome = drive(coming, unpack(args, 1, args.n))
      else
        outcome = drive(coming)
      end
    end
  end
  cur = nil
  if outcome == WAITS then threads[top.id] = top end
  io_.thread = top.id
  io_.rc = outcome
end

local function user_thread(parent, f, ...)
  local top = parent.top or parent
  local group = top.group
  if not group then
    group = { alive = 0, members = {} }
    top.group = group
  end
  last_id = last_id + 1
  local rec = {
    co = raw_create(f), id = last_id, user = true, parent = parent, by = parent.id, top = top,
    group = group, args = { n = select('#', ...), ... },
  }
  recs[rec.co] = rec
  group.alive = group.alive + 1
  group.members[rec] = true
  parent.children = parent.children or {}
  parent.children[rec] = true
  return rec
end

-- A light thread that runs at once; who spawns it goes on when it waits.
local function spawn(f, ...)
  if not cur or not isyieldable() then
    error('attempt to yield across C-call boundary', 0)
  end
  local rec = user_thread(cur, f, ...)
  local co = rec.co                      -- which it loses when it is over
  post(cur)
  now = rec
  action = WAITS
  raw_yield(ASYNC)
  return co
end

-- What Java enters by -----------------------------------------------------------------------------

local chunks = {}
local ctxs = {}
local frees = {}
local raw_load, raw_loadfile = loadstring, loadfile

local function give(v)
  if v == nil then
    io_.n = -1
  else
    fn.result(VM, v, #v)
  end
end

local function failed(e)
  if type(e) == 'number' then e = tostring(e) end
  if type(e) ~= 'string' then e = 'unknown reason' end
  fn.result(VM, e, #e)
  io_.rc = FAILED
end

local function set_arguments(i, n)
  if i > n then return end
  fn.argument(VM, i)
  return text(), set_arguments(i + 1, n)
end
local function call_plain(f) local v = f() return v end
local function call_with_arguments(f)
  local v = f(set_arguments(1, io_.n))
  return v
end

local timers = {}

local ops = {
  -- LOAD: compiles `source` as chunk number `chunk`
  function()
    local f, e = raw_load(fstr(io_.p, io_.n), fstr(io_.q, io_.m))
    if not f then return failed(e) end
    if P.interpreted then jit.off(f, true) end
    chunks[io_.chunk] = f
    io_.rc = DONE
  end,
  -- START: a thread that may wait
  function()
    local rec = entry_thread()
    schedule(rec, chunks[io_.chunk])
  end,
  -- RESUME
  function()
    local rec = threads[io_.thread]
    if not rec or rec.serial ~= io_.serial or rec.dead then
      io_.rc = -2
      return
    end
    rec.serial = nil
    io_.rc = io_.kind
    schedule(rec)
  end,
  -- CALL: a function that may not wait
  function()
    cur, depth = nil, 1
    local f = chunks[io_.chunk]
    local ok, v = xpcall(io_.n > 0 and call_with_arguments or call_plain, handler, f)
    if not ok then return failed(v) end
    if type(v) == 'number' then v = tostring(v) elseif type(v) ~= 'string' then v = nil end
    give(v)
    io_.rc = DONE
  end,
  -- KILL: the thread and those that it has spawned
  function()
    local rec = threads[io_.thread]
    if rec then forget(rec.top or rec) end
  end,
  -- FREE: what a request had
  function()
    local run = io_.run
    ctxs[run] = nil
    for i = 1, #frees do frees[i](run) end
  end,
  -- LOADFILE: compiles the file whose name is in `q`
  function()
    local f, e = raw_loadfile(fstr(io_.q, io_.m))
    if not f then return failed(e) end
    if P.interpreted then jit.off(f, true) end
    chunks[io_.chunk] = f
    io_.rc = DONE
  end,
  -- TIMER: a thread that a timer starts
  function()
    local timer = timers[io_.chunk]
    if not timer.every or io_.kind == 1 then timers[io_.chunk] = nil end
    local rec = entry_thread()
    local premature = io_.kind == 1
    schedule(rec, function() nameless(timer.f)(premature, unpack(timer, 1, timer.n)) end)
  end,
  -- FORGET: a timer that will never run; tells where its function is from
  function()
    local timer = timers[io_.chunk]
    timers[io_.chunk] = nil
    local ar = getinfo(timer.f, 'S')
    local s = ar.source .. ':' .. ar.linedefined
    fn.result(VM, s, #s)
    io_.rc = DONE
  end,
  -- RESET: hooks work again, after an error of one has come as far as to Java
  function()
    cur, now, queue, head, tail = nil, nil, {}, 1, 0
    pcall(error, '')
    io_.rc = DONE
  end,
  -- ON_ABORT: the client is gone, and the scripts want to know
  function()
    local top = threads[io_.thread]
    local f = aborts[io_.run]
    aborts[io_.run] = nil
    if not top or not f then
      io_.rc = WAITS
      return
    end
    schedule(user_thread(top, f))
  end,
  -- WORK: a function of a module, beside the loops
  function()
    cur, depth = nil, 1
    local ok, packed = P.work(fstr(io_.p, io_.n))
    if not ok then return failed(packed) end
    fn.result(VM, packed, #packed)
    io_.rc = DONE
  end,
}
local function op_now() return ops[io_.op] end

local function dispatch()
  local f = op_now()
  f()
end

-- What Lua has and a server cannot let scripts have -----------------------------------------------

-- Java arms this from another thread when a script takes too long or too much: it then raises an error
-- at every instruction, until Lua has returned.
debug.sethook(function() error('the script was stopped', 0) end, '', 1000000000)

os.exit = function() error('os.exit is not available: it would end the whole server', 2) end
debug.sethook = nil

-- string.gsub with a function or table: in Lua, so that it nests without native stack and may wait
local gsub, find, sub, byte = string.gsub, string.find, string.sub, string.byte
local function pick(r, kind, whole, first, ...)
  local v
  if first == nil then first = whole end
  if kind == 'function' then v = r(first, ...) else v = r[first] end
  if not v then return whole end
  local t = type(v)
  if t ~= 'string' and t ~= 'number' then
    error('invalid replacement value (a ' .. t .. ')', 3)
  end
  return v
end
local function piece(r, kind, s, b, e, ...)
  if not b then return nil end
  return pick(r, kind, sub(s, b, e), ...), b, e
end
string.gsub = function(s, p, r, max)
  local kind = type(r)
  if kind ~= 'function' and kind ~= 'table'
    or type(s) ~= 'string' and type(s) ~= 'number' or type(p) ~= 'string' then
    return gsub(s, p, r, max)
  end
  s = tostring(s)
  local anchored = byte(p) == 94
  local out, k, pos, n, len = {}, 0, 1, 0, #s
  max = max or len + 1
  while n < max do
    local v, b, e = piece(r, kind, s, find(s, p, pos))
    if not v then break end
    n = n + 1
    k = k + 1 out[k] = sub(s, pos, b - 1)
    k = k + 1 out[k] = v
    if e >= b then
      pos = e + 1
    elseif b <= len then
      k = k + 1 out[k] = sub(s, b, b)
      pos = b + 1
    else
      pos = b
      break
    end
    if anchored then break end
  end
  k = k + 1 out[k] = sub(s, pos)
  return tconcat(out), n
end

-- Bytecode is not checked by LuaJIT: damaged, it can do anything to the process.
local raw_loader = load
local function plain(f, e)
  if f and P.interpreted then jit.off(f, true) end
  return f, e
end
loadstring = function(s, name)
  if type(s) ~= 'string' then return raw_load(s, name) end
  return plain(raw_loader(s, name, 't'))
end
loadfile = function(name) return plain(raw_loadfile(name, 't')) end
dofile = function(name)
  local f, e = loadfile(name)
  if not f then error(e, 2) end
  return f()
end
-- A reader runs in Lua, not below load: so it may wait, and an error in it is no affair of C, which
-- would leave LuaJIT without hooks.
local function read_all(f)
  local parts, n = {}, 0
  while true do
    local s = f()
    if s == nil or s == '' then return tconcat(parts) end
    if type(s) ~= 'string' then error('reader function must return a string', 0) end
    n = n + 1
    parts[n] = s
  end
end
load = function(f, name, mode, ...)
  if type(f) == 'function' then
    local ok, s = pcall(read_all, f)
    if not ok then return nil, s end
    f, name = s, name or '=(load)'
  end
  if name == nil then name = f end
  if select('#', ...) == 0 then return plain(raw_loader(f, name, 't')) end
  return plain(raw_loader(f, name, 't', ...))
end
if P.interpreted then                    -- what is required is not compiled either
  local from_file = package.loaders[2]
  package.loaders[2] = function(name)
    local f = from_file(name)
    if type(f) == 'function' then jit.off(f, true) end
    return f
  end
end

-- What the parts build on -------------------------------------------------------------------------

-- An array of the texts that Java has packed: each its length as an int, then its bytes; a length of
-- -1 is for nil, which becomes false.
local int_p = ffi.typeof('const int32_t *')
local function list()
  local at, left, out, n = io_.p, io_.n, {}, 0
  local stop = at + left
  while at < stop do
    local size = ffi.cast(int_p, at)[0]
    at = at + 4
    n = n + 1
    if size < 0 then
      out[n] = false
    else
      out[n] = fstr(at, size)
      at = at + size
    end
  end
  return out, n
end

-- What is wrong with an argument, in the name of the function that calls this.
local function bad_argument(i, what)
  local ar = getinfo(2, 'n')
  error('bad argument #' .. i .. " to '" .. (ar and ar.name or '?') .. "' (" .. what .. ')', 3)
end

local ngx = {}

return dispatch, {
  vm = VM, io = io_, fn = fn, ngx = ngx, ffi = ffi,
  OK = OK, AGAIN = AGAIN, THREW = THREW,
  phases = phases, phase_names = phase_names, check = check,
  chunks = chunks,
  protected = function(f) return xpcall(call_plain, handler, f) end,
  bad_argument = bad_argument, fail = fail, null = P.null,
  text = text, list = list, await = await, suspend = suspend, abort = abort,
  safe = safe, placeless = placeless, handler = handler, frames = frames,
  ctxs = ctxs, on_free = function(f) frees[#frees + 1] = f end,
  timers = timers,
  current = function() return cur end,
  spawn = spawn, recs = recs, let_go = let_go,
  orphan_children = orphan_children, aborts = aborts, post = post, forget = forget, threads = threads,
  status_of = raw_status, raw_yield = raw_yield,
  on_work = function(f) P.work = f end,
  wait_for_threads = function()
    action = WAITS
    raw_yield(ASYNC)
  end,
  -- of functions that an error of Java's must not pass: raises it in the name of their caller
  raise = function(level) error(text(), (level or 1) + 2) end,
}
