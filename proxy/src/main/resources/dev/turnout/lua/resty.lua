-- What comes with OpenResty beside its module: what its LuaJIT has and others lack, the modules of
-- lua-resty-core, and the C functions that libraries look for.

local T = ...
local ngx, fn, VM, io_, ffi = T.ngx, T.fn, T.vm, T.io, T.ffi
local type, select, next, pairs, tonumber, setmetatable = type, select, next, pairs, tonumber, setmetatable
local pcall, error, floor = pcall, error, math.floor

local function preload(name, value)
  if not package.preload[name] then package.preload[name] = function() return value end end
end

-- Tables and threads --------------------------------------------------------------------------------

preload('table.isempty', function(t) return next(t) == nil end)
preload('table.nkeys', function(t)
  local n = 0
  for _ in pairs(t) do n = n + 1 end
  return n
end)
preload('table.isarray', function(t)
  for key in pairs(t) do
    if type(key) ~= 'number' or key < 1 or floor(key) ~= key then return false end
  end
  return true
end)
preload('table.clone', function(t)
  local copy = {}
  for key, value in pairs(t) do copy[key] = value end
  return copy
end)
local exdata2
preload('thread.exdata2', function(...)
  if select('#', ...) > 0 then exdata2 = ... else return exdata2 end
end)

-- lua-resty-core ------------------------------------------------------------------------------------
-- What it does through FFI, the table ngx does by itself: its modules are there for what scripts take
-- out of them. All of them are, since one from a file would put its functions over ours.

local version = '0.1.33'
local new_tab, clear_tab = require 'table.new', require 'table.clear'

local buffer, buffer_size, size_ptr, errmsg = nil, 4096, nil, nil
local base = {
  version = version,
  new_tab = new_tab, clear_tab = clear_tab,
  FFI_OK = 0, FFI_ERROR = -1, FFI_AGAIN = -2, FFI_BUSY = -3, FFI_DONE = -4, FFI_DECLINED = -5,
  FFI_ABORT = -6, FFI_NO_REQ_CTX = -100, FFI_BAD_CONTEXT = -101,
  get_string_buf = function(size, own)
    if size > buffer_size or own then return ffi.new('char[?]', size) end
    buffer = buffer or ffi.new('char[?]', buffer_size)
    return buffer
  end,
  get_string_buf_size = function() return buffer_size end,
  set_string_buf_size = function(size)
    if size > 0 then buffer, buffer_size = nil, math.ceil(size) end
  end,
  get_size_ptr = function()
    size_ptr = size_ptr or ffi.new('size_t[1]')
    return size_ptr
  end,
  get_errmsg_ptr = function()
    errmsg = errmsg or ffi.new('char *[1]')
    return errmsg
  end,
  get_request = function()
    if io_.phase == T.phases.INIT then return nil end
    return ffi.cast('void *', 0x10000 + io_.run)   -- something to tell requests apart by
  end,
  allows_subsystem = function(...)
    for i = 1, select('#', ...) do
      if (select(i, ...)) == 'http' then return end
    end
    T.fail('unsupported subsystem: http')
  end,
  ref_in_table = function(t, key)
    if key == nil then return -1 end
    local ref = t[0]
    if ref and ref ~= 0 then t[0] = t[ref] else ref = #t + 1 end
    t[ref] = key
    return ref
  end,
}
preload('resty.core.base', base)

local function core(name, module)
  module.version = version
  preload('resty.core' .. name, module)
end
for _, name in pairs { '.uri', '.hash', '.base64', '.regex', '.exit', '.shdict', '.var', '.phase',
  '.worker', '.ndk', '.param', '.coroutine', '.socket', '.socket.tcp' } do
  core(name, {})
end
core('.time', {
  monotonic_msec = function() return floor(fn.monotonic(VM)) end,
  monotonic_time = function() return fn.monotonic(VM) / 1000 end,
})
core('.utils', {
  str_replace_char = function(s, from, to)
    return (s:gsub('%' .. from:sub(1, 1), { [from:sub(1, 1)] = to }))
  end,
})
core('.ctx', { get_ctx_table = function() return ngx.ctx end })
core('.misc', {
  register_ngx_magic_key_getter = function(key, getter) T.getters[key] = getter end,
  register_ngx_magic_key_setter = function(key, setter) T.setters[key] = setter end,
})
local function set_request_header(name, value, override)
  if override == false then ngx.req.add_header(name, value) else ngx.req.set_header(name, value) end
end
core('.request', { set_req_header = set_request_header })
core('.response', {
  set_resp_header = function(_, name, value, keeps)
    if keeps then ngx.resp.add_header(name, value) else ngx.header[name] = value end
  end,
})
local resty_core = { version = version }
package.loaded['resty.core'] = resty_core
preload('resty.core', resty_core)

preload('ngx.req', {
  version = version,
  add_header = function(name, value) ngx.req.add_header(name, value) end,
})

local levels = 8
preload('ngx.errlog', {
  version = version,
  get_sys_filter_level = function()
    for level = levels, 1, -1 do
      if fn.logged(VM, level) ~= 0 then return level end
    end
    return 0
  end,
  raw_log = function(level, message)
    if type(level) ~= 'number' then error("bad argument #1 to 'raw_log' (must be a number)", 2) end
    if type(message) ~= 'string' then error("bad argument #2 to 'raw_log' (must be a string)", 2) end
    if level < 0 or level > levels then error('bad log level', 2) end
    if fn.logged(VM, level) ~= 0 then fn.log(VM, level, message, #message) end
  end,
  set_filter_level = function(level)
    if not level then return nil, 'missing "level" argument' end
    return nil, 'directive "lua_capture_error_log" is not set'
  end,
  get_logs = function() return nil, 'directive "lua_capture_error_log" is not set' end,
})

preload('ngx.process', {
  version = version,
  type = function() return io_.phase == T.phases.INIT and 'single' or 'worker' end,
  get_master_pid = function() return (fn.process(VM, 0)) end,
  enable_privileged_agent = function()
    if io_.phase ~= T.phases.INIT then return nil, 'API disabled in the current context' end
    return nil, 'there is no privileged agent'
  end,
  signal_graceful_exit = function() T.fail('not available: it would end the whole server') end,
})

local function absent(name, why)
  package.preload[name] = function() error("module '" .. name .. "' is not available: " .. why, 2) end
end
for _, name in pairs { 'ngx.ssl', 'ngx.ssl.session', 'ngx.ssl.clienthello', 'ngx.ssl.proxysslcert',
  'ngx.ssl.proxysslverify', 'ngx.proxyssl', 'ngx.ocsp' } do
  absent(name, 'scripts have no TLS')
end
absent('ngx.pipe', 'scripts cannot start other programs')

for _, name in pairs { 'ngx.balancer', 'ngx.base64', 'ngx.re', 'ngx.resp', 'ngx.semaphore' } do
  local make = package.preload[name]
  package.preload[name] = function()
    local module = make()
    module.version = version
    return module
  end
end

-- What C functions there are --------------------------------------------------------------------------
-- In nginx the symbols of OpenSSL are at hand, since it is linked with it, and its own: libraries such
-- as lua-resty-string call them. OpenSSL is loaded when a script first asks for ffi, if there is one.

local kept = {}
local function load_first(...)
  for i = 1, select('#', ...) do
    local ok, library = pcall(ffi.load, (select(i, ...)), true)
    if ok then
      kept[#kept + 1] = library
      return
    end
  end
end

local digits = '0123456789abcdef'
local C = setmetatable({
  ngx_hex_dump = function(to, from, size)
    to, from = ffi.cast('uint8_t *', to), ffi.cast('const uint8_t *', from)
    for i = 0, tonumber(size) - 1 do
      local high = floor(from[i] / 16)
      to[2 * i], to[2 * i + 1] = digits:byte(high + 1), digits:byte(from[i] - 16 * high + 1)
    end
    return to + 2 * size
  end,
  ngx_atoi = function(text, size)
    local s = ffi.string(text, size)
    local n = s:find('^%d+$') and tonumber(s)
    return n and n <= 0x7fffffffffffffff and n or -1
  end,
}, { __index = ffi.C, __newindex = ffi.C })

local theirs = {}
for name, value in pairs(ffi) do theirs[name] = value end
theirs.C = C
package.loaded.ffi = nil
package.preload.ffi = function()
  if ffi.os == 'OSX' then
    load_first('crypto', 'libcrypto.3.dylib')
    load_first('ssl', 'libssl.3.dylib')
  else
    load_first('libcrypto.so.3', 'libcrypto.so.1.1')
    load_first('libssl.so.3', 'libssl.so.1.1')
  end
  return theirs
end
