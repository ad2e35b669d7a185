-- The table ngx itself: its constants, the log, what is known of the process, ngx.ctx, packages.

local T = ...
local ngx, fn, VM, io_, phases = T.ngx, T.fn, T.vm, T.io, T.phases
local text = T.text
local type, tostring, error, select, rawget, rawset = type, tostring, error, select, rawget, rawset
local getmetatable, setmetatable, getinfo = getmetatable, setmetatable, debug.getinfo
local tconcat = table.concat
local ffi = T.ffi

ngx.null = T.null
local null = ngx.null

for name, value in pairs {
  OK = 0, ERROR = -1, AGAIN = -2, DONE = -4, DECLINED = -5,
  STDERR = 0, EMERG = 1, ALERT = 2, CRIT = 3, ERR = 4, WARN = 5, NOTICE = 6, INFO = 7, DEBUG = 8,
  HTTP_GET = 0x2, HTTP_HEAD = 0x4, HTTP_POST = 0x8, HTTP_PUT = 0x10, HTTP_DELETE = 0x20,
  HTTP_MKCOL = 0x40, HTTP_COPY = 0x80, HTTP_MOVE = 0x100, HTTP_OPTIONS = 0x200,
  HTTP_PROPFIND = 0x400, HTTP_PROPPATCH = 0x800, HTTP_LOCK = 0x1000, HTTP_UNLOCK = 0x2000,
  HTTP_PATCH = 0x4000, HTTP_TRACE = 0x8000, HTTP_CONNECT = 0x10000,
  HTTP_CONTINUE = 100, HTTP_SWITCHING_PROTOCOLS = 101,
  HTTP_OK = 200, HTTP_CREATED = 201, HTTP_ACCEPTED = 202, HTTP_NO_CONTENT = 204,
  HTTP_PARTIAL_CONTENT = 206, HTTP_SPECIAL_RESPONSE = 300, HTTP_MOVED_PERMANENTLY = 301,
  HTTP_MOVED_TEMPORARILY = 302, HTTP_SEE_OTHER = 303, HTTP_NOT_MODIFIED = 304,
  HTTP_TEMPORARY_REDIRECT = 307, HTTP_PERMANENT_REDIRECT = 308, HTTP_BAD_REQUEST = 400,
  HTTP_UNAUTHORIZED = 401, HTTP_PAYMENT_REQUIRED = 402, HTTP_FORBIDDEN = 403,
  HTTP_NOT_FOUND = 404, HTTP_NOT_ALLOWED = 405, HTTP_NOT_ACCEPTABLE = 406,
  HTTP_REQUEST_TIMEOUT = 408, HTTP_CONFLICT = 409, HTTP_GONE = 410, HTTP_UPGRADE_REQUIRED = 426,
  HTTP_TOO_MANY_REQUESTS = 429, HTTP_CLOSE = 444, HTTP_ILLEGAL = 451,
  HTTP_INTERNAL_SERVER_ERROR = 500, HTTP_NOT_IMPLEMENTED = 501,
  HTTP_METHOD_NOT_IMPLEMENTED = 501, HTTP_BAD_GATEWAY = 502, HTTP_SERVICE_UNAVAILABLE = 503,
  HTTP_GATEWAY_TIMEOUT = 504, HTTP_VERSION_NOT_SUPPORTED = 505, HTTP_INSUFFICIENT_STORAGE = 507,
} do ngx[name] = value end

-- The log ---------------------------------------------------------------------------------------

local function log_line(out, n, ...)
  for i = 1, n do
    local v = select(i, ...)
    local t = type(v)
    if t == 'string' then
      out[#out + 1] = v
    elseif t == 'number' or t == 'boolean' or t == 'nil' then
      out[#out + 1] = tostring(v)
    elseif t == 'table' then
      local meta = getmetatable(v)
      if type(meta) ~= 'table' or not meta.__tostring then
        error("bad argument #" .. (i + (out.shift or 0)) .. " to '" .. out.name
          .. "' (expected table to have __tostring metamethod)", 4)
      end
      out[#out + 1] = tostring(v)
    elseif v == null then
      out[#out + 1] = 'null'
    elseif t ~= 'userdata' and t ~= 'cdata' then
      error("bad argument #" .. (i + (out.shift or 0)) .. " to '" .. out.name
        .. "' (string, number, boolean, or nil expected, got " .. t .. ')', 4)
    end
  end
end

local function write_log(level, shift, name, n, ...)
  if fn.logged(VM, level) == 0 then return end
  local ar = getinfo(3, 'nSl')
  local out = { '[lua] ', shift = shift, name = name }
  if ar then
    local file = ar.short_src:match('[^/]*$')
    out[2] = file .. ':' .. (ar.currentline > 0 and ar.currentline or ar.linedefined) .. ': '
    if ar.namewhat ~= '' and ar.what == 'Lua' then out[3] = ar.name .. '(): ' end
  end
  log_line(out, n, ...)
  local line = tconcat(out)
  fn.log(VM, level, line, #line)
end

ngx.log = function(level, ...)
  if type(level) ~= 'number' then
    local number = tonumber(level)
    if not number then
      T.bad_argument(1, 'number expected, got ' .. (level == nil and 'no value' or type(level)))
    end
    level = number
  end
  if level < 0 or level > 8 then
    T.bad_argument(1, 'bad log level: ' .. level)
  end
  write_log(level, 1, 'log', select('#', ...), ...)
end

print = function(...)
  write_log(6, 0, 'print', select('#', ...), ...)
end

-- The process -------------------------------------------------------------------------------------

ngx.worker = {
  pid = function() return (fn.process(VM, 0)) end,
  pids = function() return { fn.process(VM, 0) } end,
  count = function() return (fn.process(VM, 1)) end,
  id = function()
    local id = fn.process(VM, 2)
    if id < 0 then return nil end
    return id
  end,
  exiting = function() return fn.process(VM, 3) ~= 0 end,
}

ngx.config = {
  subsystem = 'http',
  debug = false,
  nginx_version = T.config.nginx_version,
  ngx_lua_version = T.config.ngx_lua_version,
  prefix = function() return T.config.prefix end,
  nginx_configure = function() return T.config.configure end,
  is_console = false,
}

-- Phases --------------------------------------------------------------------------------------------

local phase_words = {
  [0x1] = 'set', [0x2] = 'rewrite', [0x4] = 'access', [0x8] = 'content', [0x10] = 'log',
  [0x20] = 'header_filter', [0x40] = 'body_filter', [0x80] = 'timer', [0x100] = 'init_worker',
  [0x200] = 'balancer', [0x2000] = 'exit_worker', [0x8000] = 'server_rewrite',
  [0x20000] = 'precontent', [0x1000000] = 'init',
}
ngx.get_phase = function() return phase_words[io_.phase] end

-- Raises an error unless there is a request.
local function need_request()
  local phase = io_.phase
  if phase == 0x80 or phase == 0x100 or phase == 0x2000 then
    T.fail('API disabled in the current context')
  elseif phase == 0x1000000 then
    T.fail('no request found')
  end
end
T.need_request = need_request

-- ngx.ctx, and what is computed when it is asked for --------------------------------------------------

local ctxs = T.ctxs
local function ctx_get()
  local run = io_.run
  local ctx = ctxs[run]
  if not ctx then
    if io_.phase == 0x1000000 then error('no request ctx found', 3) end
    ctx = {}
    ctxs[run] = ctx
    io_.made = 1
  end
  return ctx
end
local function ctx_set(value)
  if io_.phase == 0x1000000 then error('no request ctx found', 3) end
  ctxs[io_.run] = value
  io_.made = 1
end

local getters = { ctx = ctx_get }
local setters = { ctx = ctx_set }
T.getters, T.setters = getters, setters

setmetatable(ngx, {
  __index = function(_, key)
    local getter = getters[key]
    if getter then
      local v = getter()
      return v
    end
  end,
  __newindex = function(t, key, value)
    local setter = setters[key]
    if setter then
      setter(value)
    else
      rawset(t, key, value)
    end
  end,
})

-- Packages ----------------------------------------------------------------------------------------------

local function path_with_default(path, default)
  if not path then return default end
  return (path:gsub(';;', ';\1;'):gsub('\1', function() return default end))
end
-- Behind LuaJIT's own places those where distributions keep modules, as in their builds of it.
local path, cpath = package.path, package.cpath
if jit.os == 'Linux' then
  path = path .. ';/usr/share/lua/5.1/?.lua;/usr/share/lua/5.1/?/init.lua'
  local machine = ({ x64 = 'x86_64', arm64 = 'aarch64' })[jit.arch]
  if machine then cpath = cpath .. ';/usr/lib/' .. machine .. '-linux-gnu/lua/5.1/?.so' end
  cpath = cpath .. ';/usr/lib64/lua/5.1/?.so;/usr/lib/lua/5.1/?.so'
end
package.path = path_with_default(T.config.package_path, path)
package.cpath = path_with_default(T.config.package_cpath, cpath)

-- What OpenResty's LuaJIT keeps with a thread: the request, as something to tell requests apart by.
exdata = function() return ffi.cast('void *', 0x10000 + io_.run) end
local exdata = exdata
package.preload['thread.exdata'] = function() return exdata end

_G.ngx = ngx
package.loaded.ngx = ngx
