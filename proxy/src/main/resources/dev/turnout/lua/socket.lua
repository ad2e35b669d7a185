-- ngx.socket: connections of scripts.

local T = ...
local ngx, fn, VM, io_ = T.ngx, T.fn, T.vm, T.io
local text, list, check, await = T.text, T.list, T.check, T.await
local YIELDABLE = T.phases.YIELDABLE
local type, tostring, tonumber, error, setmetatable = type, tostring, tonumber, error, setmetatable
local select, floor, concat = select, math.floor, table.concat

local OK, REFUSED, FAILED, ENDED = 0, -2, 3, 4

local tcp = {}
local tcp_mt = { __index = tcp }

-- The runs that have made a socket and are not over.
local open_runs = {}
T.on_free(function(run) open_runs[run] = nil end)
local function owned(self)
  local run = io_.run
  self.run = run
  open_runs[run] = true
  io_.made = 1
end

-- The number of the socket's connection, or -1; a socket is of the request that made it.
local function number_of(self)
  if (self[1] or self.connecting) and self.run ~= io_.run then
    if open_runs[self.run] then T.fail('bad request') end
    self[1] = nil                       -- it went with its request
    return -1
  end
  return self[1] or -1
end
T.owned = owned

-- True while another thread, which has not been killed meanwhile, connects it.
local function is_connecting(self)
  local thread = self.connecting
  return thread and not thread.dead
end

local function flatten(v, out, n, nested)
  local kind = type(v)
  if kind == 'table' then
    local length = 0
    for k in pairs(v) do
      if type(k) ~= 'number' or k < 1 or k ~= floor(k) then
        error("bad argument #1 to 'send' (non-array table found)", 4)
      end
      if k > length then length = k end
    end
    for i = 1, length do n = flatten(v[i], out, n, true) end
    return n
  end
  if nested and kind ~= 'string' and kind ~= 'number' then
    T.fail("bad argument #1 to 'send' (bad data type " .. kind .. ' found)')
  end
  if kind == 'nil' then v = 'nil'
  elseif kind == 'number' or kind == 'boolean' then v = tostring(v)
  elseif kind ~= 'string' then
    error("bad argument #1 to 'send' (string, number, boolean, nil, or array table expected, got "
      .. kind .. ')', 4)
  end
  out[n + 1] = v
  return n + 1
end

local function connect(host, port, key, size, backlog, timeout, from, from_port)
  return fn.sock_connect(VM, host, #host, port, key, #key, size, backlog, timeout,
    from, from and #from or 0, from_port or 0)
end

local function bind(address) return fn.sock_bind(VM, address, #address) end
function tcp.bind(...)
  local n = select('#', ...)
  if n ~= 2 and n ~= 3 then error('expecting 2 or 3 arguments, but got ' .. n, 2) end
  local self, address, port = ...
  check(YIELDABLE)
  if n == 3 then
    local p = tonumber(port)
    if not p then return nil, 'expecting port to be a number but got type: ' .. type(port) end
    if p < 0 or p > 65535 then return nil, 'bad port number: ' .. p end
    port = floor(p)
  end
  address = tostring(address)
  if bind(address) == REFUSED then return nil, text() end
  self.from, self.from_port = address, port
  return 1
end

function tcp.connect(...)
  local n = select('#', ...)
  if n < 2 or n > 4 then
    error('ngx.socket connect: expecting 2, 3, or 4 arguments (including the object), but seen '
      .. n, 2)
  end
  local self, host, port, opts = ...
  check(YIELDABLE)
  if type(self) ~= 'table' then
    error("bad argument #1 to 'connect' (table expected, got " .. type(self) .. ')', 2)
  end
  if type(host) ~= 'string' then
    if type(host) ~= 'number' then
      error("bad argument #1 to 'connect' (string expected, got " ..
        (host == nil and 'nil' or type(host)) .. ')', 2)
    end
    host = tostring(host)
  end
  local key
  if host:sub(1, 5) == 'unix:' then
    if type(port) == 'table' then opts = port end
    port, key = 0, host
  else
    if type(port) == 'table' or port == nil then
      return nil, 'missing the port number'
    end
    local p = tonumber(port)
    if not p then
      error("bad argument #2 to 'connect' (number expected, got " .. type(port) .. ')', 2)
    end
    p = floor(p)
    if p < 0 or p > 65535 then return nil, 'bad port number: ' .. p end
    port = p
    key = host .. ':' .. port
  end
  local size, backlog = -1, -1
  if opts ~= nil then
    if type(opts) ~= 'table' then
      error("bad argument #3 to 'connect' (table expected, got " .. type(opts) .. ')', 2)
    end
    if opts.pool ~= nil then
      if type(opts.pool) ~= 'string' and type(opts.pool) ~= 'number' then
        local m = 'bad "pool" option type: ' .. type(opts.pool)
        error("bad argument #3 to 'connect' (" .. m .. ')', 2)
      end
      key = tostring(opts.pool)
    end
    if opts.pool_size ~= nil then
      size = tonumber(opts.pool_size)
      if not size then
        error("bad argument #3 to 'connect' (bad \"pool_size\" option type: "
          .. type(opts.pool_size) .. ')', 2)
      end
      if size <= 0 then
        error("bad argument #3 to 'connect' (bad \"pool_size\" option value: "
          .. tostring(opts.pool_size) .. ')', 2)
      end
    end
    if opts.backlog ~= nil then
      backlog = tonumber(opts.backlog)
      if not backlog then
        error("bad argument #3 to 'connect' (bad \"backlog\" option type: "
          .. type(opts.backlog) .. ')', 2)
      end
      if backlog < 0 then
        error("bad argument #3 to 'connect' (bad \"backlog\" option value: "
          .. tostring(opts.backlog) .. ')', 2)
      end
    end
  end
  if self[1] then
    local before = number_of(self)
    local rc = fn.sock_close(VM, before)
    if rc == REFUSED then
      local why = text()
      if why ~= 'closed' then return nil, why end
    end
    self[1] = nil
  end
  if is_connecting(self) then return nil, 'socket busy connecting' end
  owned(self)
  self.key, self.connecting = key, T.current()
  local rc = await(connect(host, port, key, floor(size), floor(backlog), self.connect_ms or 0,
    self.from, self.from_port))
  self.connecting = nil
  if rc == REFUSED then return nil, text() end
  self[1] = io_.m
  return 1
end

local function send(number, data, timeout)
  return fn.sock_send(VM, number, data, #data, timeout)
end

function tcp.send(self, ...)
  if select('#', ...) ~= 1 then
    error('expecting 2 arguments (including the object), but got ' .. (1 + select('#', ...)), 2)
  end
  if is_connecting(self) then return nil, 'socket busy connecting' end
  local data = ...
  local number = number_of(self)
  if type(data) ~= 'string' then
    local out = {}
    local n = flatten(data, out, 0)
    data = concat(out, '', 1, n)
  end
  local rc = await(send(number, data, self.send_ms or 0))
  if rc == REFUSED then return nil, text() end
  return io_.num
end

-- What a read came to: the data, or nil, why, and what there was.
local function got(rc)
  if rc == OK then return text() end
  if rc == REFUSED then return nil, text() end
  if rc == ENDED then return nil, nil, nil end
  local l = list()
  return nil, l[1], l[2]
end

local function receive(number, size, how, timeout)
  return fn.sock_receive_some(VM, number, size, how, timeout)
end

function tcp.receive(self, ...)
  local n = select('#', ...)
  if n > 1 then
    error('expecting 1 or 2 arguments (including the object), but got ' .. (n + 1), 2)
  end
  if is_connecting(self) then return nil, 'socket busy connecting' end
  local what = ...
  local number = number_of(self)
  local size = -1
  if what ~= nil then
    local kind = type(what)
    if kind == 'number' or (kind == 'string' and tonumber(what)) then
      size = floor(tonumber(what))
      if size < 0 then
        error("bad argument #1 to 'receive' (bad pattern argument: negative number)", 2)
      end
    elseif kind == 'string' then
      if what == '*l' then size = -1
      elseif what == '*a' then size = -2
      else
        error("bad argument #1 to 'receive' (bad pattern argument: " .. what .. ')', 2)
      end
    else
      error("bad argument #1 to 'receive' (bad pattern argument: " .. kind .. ')', 2)
    end
  end
  if size == 0 and self[1] then return '' end
  local rc = await(receive(number, size, 1, self.read_ms or 0))
  local data, err, partial = got(rc)
  if data then return data end
  if partial == nil then return nil, err end
  return nil, err, partial
end

function tcp.receiveany(self, ...)
  if select('#', ...) ~= 1 then
    error('expecting 2 arguments (including the object), but got ' .. (1 + select('#', ...)), 2)
  end
  if is_connecting(self) then return nil, 'socket busy connecting' end
  local most = tonumber((...))
  if not most then error("bad argument #1 to 'receiveany' (bad max argument)", 2) end
  if most <= 0 then error("bad argument #1 to 'receiveany' (bad max argument)", 2) end
  local number = number_of(self)
  local rc = await(receive(number, floor(most), 2, self.read_ms or 0))
  local data, err, partial = got(rc)
  if data then return data end
  if partial == nil then return nil, err end
  return nil, err, partial
end

local function until_new(number, pattern, inclusive)
  return fn.sock_until(VM, number, pattern, #pattern, inclusive)
end
local function receive_until(number, pattern, size, timeout)
  return fn.sock_receive_until(VM, number, pattern, size, timeout)
end

function tcp.receiveuntil(self, ...)
  local n = select('#', ...)
  if n < 1 or n > 2 then
    error('expecting 2 or 3 arguments (including the object), but got ' .. (n + 1), 2)
  end
  local pattern, opts = ...
  if type(pattern) == 'number' then pattern = tostring(pattern) end
  if type(pattern) ~= 'string' then
    error("bad argument #2 to 'receiveuntil' (string expected, got " .. type(pattern) .. ')', 2)
  end
  local inclusive = 0
  if opts ~= nil then
    if type(opts) ~= 'table' then
      error("bad argument #3 to 'receiveuntil' (table expected, got " .. type(opts) .. ')', 2)
    end
    local v = opts.inclusive
    if v ~= nil and type(v) ~= 'boolean' then
      error("bad argument #3 to 'receiveuntil' (bad \"inclusive\" option value type: "
        .. type(v) .. ')', 2)
    end
    if v then inclusive = 1 end
  end
  if #pattern == 0 then return nil, 'pattern is empty' end
  local number = number_of(self)
  local mine, handle
  return function(size)
    local now = number_of(self)
    if size ~= nil then
      size = tonumber(size)
      if not size then error("bad argument #1 to '?' (number expected)", 2) end
      if size < 0 then size = 0 end
    end
    if mine ~= now then
      if until_new(now, pattern, inclusive) == REFUSED then return nil, text(), '' end
      mine, handle = now, io_.m
    end
    local rc = await(receive_until(now, handle, floor(size or 0), self.read_ms or 0))
    if rc == ENDED then return nil, nil, nil end
    local data, err, partial = got(rc)
    if data then return data end
    if partial == nil then return nil, err end
    return nil, err, partial
  end
end

local function milliseconds(v, name)
  local ms = tonumber(v)
  if not ms then
    error("bad argument #1 to '" .. name .. "' (number expected, got " ..
      (v == nil and 'nil' or type(v)) .. ')', 3)
  end
  ms = floor(ms)
  if ms < 0 or ms > 2147483647 then error('bad timeout value', 3) end
  return ms
end

function tcp.settimeout(...)
  local n = select('#', ...)
  if n ~= 2 then
    error('ngx.socket settimeout: expecting 2 arguments (including the object) but seen ' .. n, 2)
  end
  local self, ms = ...
  ms = milliseconds(ms, 'settimeout')
  self.connect_ms, self.send_ms, self.read_ms = ms, ms, ms
end

function tcp.settimeouts(...)
  local n = select('#', ...)
  if n ~= 4 then
    error('ngx.socket settimeouts: expecting 4 arguments (including the object) but seen ' .. n, 2)
  end
  local self, c, s, r = ...
  self.connect_ms = milliseconds(c, 'settimeouts')
  self.send_ms = milliseconds(s, 'settimeouts')
  self.read_ms = milliseconds(r, 'settimeouts')
end

local function keep(number, timeout, size) return fn.sock_keep(VM, number, timeout, size) end

function tcp.setkeepalive(self, timeout, size)
  if is_connecting(self) then return nil, 'socket busy connecting' end
  local number = number_of(self)
  local ms = -1
  if timeout ~= nil then
    ms = tonumber(timeout)
    if not ms then
      error("bad argument #1 to 'setkeepalive' (number expected, got " .. type(timeout) .. ')', 2)
    end
    if ms < 0 then
      error("bad argument #1 to 'setkeepalive' (bad timeout value)", 2)
    end
  end
  local most = 0
  if size ~= nil then
    most = tonumber(size)
    if not most or most <= 0 then
      error("bad argument #3 to '?' (bad \"pool_size\" option value: "
        .. tostring(size) .. ')', 2)
    end
  end
  if keep(number, floor(ms), floor(most)) == REFUSED then return nil, text() end
  self[1] = nil
  return 1
end

local function reused(number) return fn.sock_reused(VM, number) end
function tcp.getreusedtimes(self)
  if is_connecting(self) then return 0 end
  if reused(number_of(self)) == REFUSED then return nil, text() end
  return io_.num
end

local function close(number) return fn.sock_close(VM, number) end
function tcp.close(self)
  if is_connecting(self) then return nil, 'socket busy connecting' end
  if close(number_of(self)) == REFUSED then return nil, text() end
  self[1] = nil
  return 1
end

local options = { keepalive = true, reuseaddr = true, ['tcp-nodelay'] = true, sndbuf = true,
  rcvbuf = true }
function tcp.setoption(self, option, value)
  if not self[1] then return nil, 'closed' end
  if option == nil then return nil, 'missing the "option" argument' end
  if value == nil then return nil, 'missing the "value" argument' end
  if not options[option] then return nil, 'unsupported option ' .. tostring(option) end
  self.options = self.options or {}
  self.options[option] = value
  return true
end
function tcp.getoption(self, option)
  if not self[1] then return nil, 'closed' end
  if not options[option] then return nil, 'unsupported option ' .. tostring(option) end
  return self.options and self.options[option] or (option == 'tcp-nodelay' and 1 or 0)
end

function tcp.sslhandshake()
  return nil, 'TLS is not available to scripts yet'
end
function tcp.setclientcert()
  return nil, 'TLS is not available to scripts yet'
end

local socket = {}
function socket.tcp(...)
  check(YIELDABLE)
  if select('#', ...) ~= 0 then
    error('expecting zero arguments, but got ' .. select('#', ...), 2)
  end
  return setmetatable({}, tcp_mt)
end
socket.stream = socket.tcp
function socket.connect(...)
  check(YIELDABLE)
  local sock = setmetatable({}, tcp_mt)
  local ok, err = tcp.connect(sock, ...)
  if not ok then return nil, err end
  return sock
end
ngx.socket = socket
T.tcp_mt = tcp_mt

-- The body of the request.

local body_mt = { __index = { receive = tcp.receive, receiveany = tcp.receiveany,
  receiveuntil = tcp.receiveuntil, settimeout = tcp.settimeout, settimeouts = tcp.settimeouts } }
local raw_mt = { __index = { receive = tcp.receive, receiveany = tcp.receiveany,
  receiveuntil = tcp.receiveuntil, send = tcp.send, settimeout = tcp.settimeout,
  settimeouts = tcp.settimeouts } }
local function body() return fn.sock_body(VM) end
local function connection() return fn.sock_raw(VM) end
ngx.req.socket = function(...)
  local n = select('#', ...)
  if n > 1 then error('expecting zero arguments, but got ' .. n, 2) end
  local raw = ...
  check(T.phases.ANSWERING)
  local rc
  if raw then rc = await(connection()) else rc = body() end
  if rc == REFUSED then return nil, text() end
  if rc ~= OK then T.raise(1) end
  local sock = setmetatable({ io_.m }, raw and raw_mt or body_mt)
  owned(sock)
  return sock
end
