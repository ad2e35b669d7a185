-- ngx.upstream and ngx.dyups: the live servers of upstreams.

local T = ...
local fn, VM, io_ = T.fn, T.vm, T.io
local text, list, check, await, YIELDABLE = T.text, T.list, T.check, T.await, T.phases.YIELDABLE
local type, tostring, tonumber, error = type, tostring, tonumber, error
local floor = math.floor
local NONE, REFUSED = 2, -2

local function one(...)
  if select('#', ...) ~= 1 then error('exactly one argument expected', 3) end
  local name = ...
  if type(name) ~= 'string' then name = tostring(name) end
  return name
end

local function outcome(rc)
  if rc == REFUSED then return nil, text() end
  return true
end

local M = {}

local function names() fn.ups_names(VM) end
function M.get_upstreams(...)
  if select('#', ...) ~= 0 then error('no argument expected', 2) end
  names()
  local l = list()
  return l
end

local function same(a, b)
  return a.name == b.name and a.weight == b.weight and a.max_fails == b.max_fails
    and a.fail_timeout == b.fail_timeout and a.backup == b.backup and a.down == b.down
    and not a.name:find('^[%d.:%[%]a-f]*$')
end

local function servers(name) return fn.ups_servers(VM, name, #name) end
function M.get_servers(...)
  local name = one(...)
  if servers(name) == NONE then return nil, 'upstream not found' end
  local l, n = list()
  local out, last = {}, nil
  for i = 1, n, 8 do
    local server = { name = l[i + 1], addr = l[i + 2], weight = tonumber(l[i + 3]),
      max_fails = tonumber(l[i + 4]), fail_timeout = tonumber(l[i + 5]),
      backup = l[i + 6] and true or nil, down = l[i + 7] and true or nil }
    if last and same(last, server) then          -- a name with several addresses
      if type(last.addr) ~= 'table' then last.addr = { last.addr } end
      last.addr[#last.addr + 1] = server.addr
    else
      -- our own: there, and not among the fields of the original
      last = setmetatable(server, { __index = { id = tonumber(l[i]) } })
      out[#out + 1] = last
    end
  end
  return out
end

local function peers(name, backup) return fn.ups_peers(VM, name, #name, backup) end
local function all_peers(name, backup)
  if peers(name, backup) == NONE then return nil, 'upstream not found' end
  local l, n = list()
  local out = {}
  for i = 1, n, 8 do
    out[#out + 1] = { id = (i - 1) / 8, name = l[i], weight = tonumber(l[i + 1]),
      current_weight = 0, effective_weight = tonumber(l[i + 2]), conns = tonumber(l[i + 3]),
      fails = tonumber(l[i + 4]), max_fails = tonumber(l[i + 5]),
      fail_timeout = tonumber(l[i + 6]), down = l[i + 7] and true or nil }
  end
  return out
end
function M.get_primary_peers(...)
  local name = one(...)
  local v, err = all_peers(name, 0)
  if err then return nil, err end
  return v
end
function M.get_backup_peers(...)
  local name = one(...)
  local v, err = all_peers(name, 1)
  if err then return nil, err end
  return v
end

local function current() return fn.ups_current(VM) end
function M.current_upstream_name()
  check(T.phases.REQUEST)
  if current() == NONE then return nil end
  return text()
end

local function change(name, backup, index, what, value)
  return fn.ups_change(VM, name, #name, backup, index, what, value)
end
function M.set_peer_down(...)
  if select('#', ...) ~= 4 then error('exactly 4 arguments expected', 2) end
  check(YIELDABLE)
  local name, backup, id, down = ...
  local rc = await(change(tostring(name), backup and 1 or 0, floor(id), down and 1 or 2, 0))
  return outcome(rc)
end

-- What the original has not, and so is not among its functions: servers come and go, by the ids
-- that get_servers tells.

local ours = {}
setmetatable(M, { __index = ours })

local function change_server(name, id, what, value)
  return fn.ups_change_server(VM, name, #name, id, what, value)
end
local function id_of(id)
  id = tonumber(id)
  if not id then error('the id of a server is a number', 3) end
  return id
end
function ours.remove_server(name, id)
  check(YIELDABLE)
  local rc = await(change_server(tostring(name), id_of(id), 0, 0))
  return outcome(rc)
end
function ours.set_server(name, id, values)
  check(YIELDABLE)
  name, id = tostring(name), id_of(id)
  if type(values) ~= 'table' then error('what is to be set is a table', 2) end
  for k in pairs(values) do
    if k ~= 'weight' and k ~= 'down' then
      return nil, 'cannot set "' .. tostring(k) .. '": weight and down can be'
    end
  end
  if values.weight ~= nil then
    local weight = tonumber(values.weight)
    if not weight or weight < 1 then return nil, 'invalid "weight"' end
    local rc = await(change_server(name, id, 3, floor(weight)))
    if rc == REFUSED then return nil, text() end
  end
  if values.down ~= nil then
    local rc = await(change_server(name, id, values.down and 1 or 2, 0))
    if rc == REFUSED then return nil, text() end
  end
  return true
end

local function add(name, line) return fn.ups_add(VM, name, #name, line, #line) end
local numbers = { weight = '', max_conns = '', max_fails = '', fail_timeout = 's',
  slow_start = 's' }
function ours.add_server(name, address, values)
  check(YIELDABLE)
  address = tostring(address)
  if address:find('[%s;{}"\'\\$]') or address == '' then return nil, 'invalid server "' .. address .. '"' end
  local line = 'server ' .. address
  for k, v in pairs(values or {}) do
    if numbers[k] then
      local n = tonumber(v)
      if not n or n < 0 then return nil, 'invalid "' .. k .. '"' end
      line = line .. ' ' .. k .. '=' .. floor(n) .. numbers[k]
    elseif k == 'backup' or k == 'down' then
      if v then line = line .. ' ' .. k end
    else
      return nil, 'unknown parameter "' .. tostring(k) .. '"'
    end
  end
  local rc = await(add(tostring(name), line .. ';'))
  return outcome(rc)
end

package.preload['ngx.upstream'] = function() return M end

-- dyups: an upstream as a whole, by the content of its block.

local D = {}
local function put(name, content) return fn.ups_put(VM, name, #name, content, #content) end
function D.update(name, content)
  check(YIELDABLE)
  if type(name) ~= 'string' or type(content) ~= 'string' then
    error('expecting the name of an upstream and its content', 2)
  end
  local rc = await(put(name, content))
  if rc == REFUSED then return 500, text() end
  return 200, 'success'
end
local function delete(name) return fn.ups_delete(VM, name, #name) end
function D.delete(name)
  check(YIELDABLE)
  if type(name) ~= 'string' then error('expecting the name of an upstream', 2) end
  local rc = await(delete(name))
  if rc == REFUSED then
    local why = text()
    return why == 'upstream not found' and 404 or 500, why
  end
  return 200, 'success'
end
function D.upstreams()
  names()
  local l = list()
  return l
end
package.preload['ngx.dyups'] = function() return D end
