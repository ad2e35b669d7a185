-- ngx.socket.udp: datagrams.

local T = ...
local ngx, fn, VM, io_ = T.ngx, T.fn, T.vm, T.io
local text, check, await = T.text, T.check, T.await
local YIELDABLE = T.phases.YIELDABLE
local type, tostring, tonumber, error, setmetatable = type, tostring, tonumber, error, setmetatable
local select, floor, concat = select, math.floor, table.concat
local OK, REFUSED = 0, -2

local udp = {}
local udp_mt = { __index = udp }

-- A socket stays with the request that has named its peer.
local function number_of(self)
  if (self[1] or self.connecting) and self.run ~= io_.run then T.fail('bad request') end
  return self[1] or -1
end

local function peer(host, port, from)
  return fn.udp_peer(VM, host, #host, port, from, from and #from or 0)
end
local function bind(address) return fn.sock_bind(VM, address, #address) end
local function close(number) return fn.udp_close(VM, number) end

function udp.setpeername(self, host, port)
  check(YIELDABLE)
  if type(host) ~= 'string' then host = tostring(host) end
  if host:sub(1, 5) == 'unix:' then
    return nil, 'datagrams to unix sockets are not available yet'
  end
  local p = tonumber(port)
  if not p then
    error("bad argument #2 to 'setpeername' (number expected, got "
      .. (port == nil and 'nil' or type(port)) .. ')', 2)
  end
  p = floor(p)
  if p < 0 or p > 65535 then return nil, 'bad port number: ' .. p end
  local before = number_of(self)
  if before >= 0 then close(before) self[1] = nil end
  T.owned(self)
  self.connecting = T.current()
  local rc = await(peer(host, p, self.from))
  self.connecting = nil
  if rc == REFUSED then return nil, text() end
  self[1] = io_.m
  return 1
end

function udp.bind(...)
  local n = select('#', ...)
  if n ~= 2 then error('expecting 2 arguments, but got ' .. n, 2) end
  local self, address = ...
  check(YIELDABLE)
  address = tostring(address)
  if bind(address) == REFUSED then return nil, text() end
  self.from = address
  return 1
end

local function flatten(v, out, n)
  if type(v) == 'table' then
    for i = 1, #v do n = flatten(v[i], out, n) end
    return n
  end
  local kind = type(v)
  if kind ~= 'string' and kind ~= 'number' and kind ~= 'boolean' and kind ~= 'nil' then
    T.fail("bad argument #1 to 'send' (string, number, boolean, nil, or array table expected, got "
      .. kind .. ')')
  end
  out[n + 1] = tostring(v)
  return n + 1
end

local function send(number, data) return fn.udp_send(VM, number, data, #data) end
function udp.send(self, data)
  local number = number_of(self)
  if type(data) ~= 'string' then
    local out = {}
    local n = flatten(data, out, 0)
    data = concat(out, '', 1, n)
  end
  if send(number, data) == REFUSED then return nil, text() end
  return 1
end

local function receive(number, size, timeout) return fn.udp_receive(VM, number, size, timeout) end
function udp.receive(self, size)
  local number = number_of(self)
  size = size and tonumber(size) or 65536
  if size < 1 then size = 1 end
  local rc = await(receive(number, floor(size), self.ms or 0))
  if rc == REFUSED then return nil, text() end
  return text()
end

function udp.settimeout(self, ms)
  ms = tonumber(ms)
  if not ms or ms < 0 or ms > 2147483647 then error('bad timeout value', 2) end
  self.ms = floor(ms)
end

function udp.close(self)
  if close(number_of(self)) == REFUSED then return nil, text() end
  self[1] = nil
  return 1
end

ngx.socket.udp = function(...)
  check(YIELDABLE)
  if select('#', ...) ~= 0 then
    error('expecting zero arguments, but got ' .. select('#', ...), 2)
  end
  return setmetatable({}, udp_mt)
end
