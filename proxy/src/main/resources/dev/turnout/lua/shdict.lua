-- ngx.shared: dictionaries, and key-value zones that stand for one.

local T = ...
local ngx, fn, VM, io_ = T.ngx, T.fn, T.vm, T.io
local text, list, check, await, YIELDABLE = T.text, T.list, T.check, T.await, T.phases.YIELDABLE
local type, tostring, tonumber, error, setmetatable = type, tostring, tonumber, error, setmetatable
local floor = math.floor

local ADD, REPLACE, SAFE, DELETE, CLEAR = 1, 2, 4, 8, 9
local NONE, REFUSED, FORCED = 2, -2, 16
local why = { [2] = 'exists', [3] = 'not found', [4] = 'no memory', [5] = 'not a number',
  [6] = 'value not a list' }

local function zone_of(dict)
  local zone = type(dict) == 'table' and dict[1]
  if type(zone) ~= 'number' then error('bad "zone" argument', 3) end
  return zone
end

-- The key as a text; nil and what is wrong with it.
local function key_of(key)
  if type(key) ~= 'string' then
    if key == nil then return nil, 'nil key' end
    key = tostring(key)
  end
  local n = #key
  if n == 0 then return nil, 'empty key' end
  if n > 65535 then return nil, 'key too long' end
  return key
end

local dict = {}

local function value_of(kind)
  if kind == 4 then return text() end
  if kind == 3 then return io_.num end
  if kind == 1 then return io_.num ~= 0 end
  if kind == 5 then return nil, 'value is a list' end
  return nil
end

local function get(zone, key)
  local kind = fn.dict_get(VM, zone, key, #key, 0)
  if kind == 4 then return text(), io_.m end
  if kind == NONE then return nil, 0 end
  local m = io_.m
  local v, err = value_of(kind)
  if err then return nil, err end
  return v, m
end

function dict.get(self, key)
  local zone = zone_of(self)
  local k, err = key_of(key)
  if not k then return nil, err end
  local v, flags = get(zone, k)
  if flags ~= 0 then return v, flags end
  return v
end

local function get_stale(zone, key)
  local kind = fn.dict_get(VM, zone, key, #key, 1)
  local stale = kind >= FORCED
  if stale then kind = kind - FORCED end
  local flags = io_.m
  if kind == NONE then return nil end
  local v, err = value_of(kind)
  if err then return nil, err end
  if flags == 0 then flags = nil end
  return v, flags, stale
end

function dict.get_stale(self, key)
  local zone = zone_of(self)
  local k, err = key_of(key)
  if not k then return nil, err end
  local v, flags, stale = get_stale(zone, k)
  if v == nil then return v, flags end
  return v, flags, stale
end

local function set_text(zone, key, value, ms, flags, how)
  return fn.dict_set_text(VM, zone, key, #key, value, #value, ms, flags, how)
end
local function set_number(zone, key, kind, value, ms, flags, how)
  return fn.dict_set_number(VM, zone, key, #key, kind, value, ms, flags, how)
end
local function delete(zone, key) return fn.dict_delete(VM, zone, key, #key) end

local function store(self, key, value, exptime, flags, how)
  local zone = zone_of(self)
  if not exptime then
    exptime = 0
  elseif exptime < 0 then
    error('bad "exptime" argument', 3)
  end
  local k, err = key_of(key)
  if not k then return nil, err end
  local kind, rc = type(value), nil
  if kind == 'string' then
    rc = set_text(zone, k, value, exptime * 1000, flags or 0, how)
  elseif kind == 'number' then
    rc = set_number(zone, k, 3, value, exptime * 1000, flags or 0, how)
  elseif kind == 'boolean' then
    rc = set_number(zone, k, 1, value and 1 or 0, exptime * 1000, flags or 0, how)
  elseif value == nil then
    if how == ADD or how == REPLACE or how == ADD + SAFE then
      return false, 'attempt to add or replace nil values', false
    end
    delete(zone, k)
    return true, nil, false
  else
    return nil, 'bad value type'
  end
  if rc == 0 then return true, nil, false end
  if rc == FORCED then return true, nil, true end
  if rc > FORCED then return false, why[rc - FORCED], true end
  return false, why[rc], false
end

function dict.set(self, key, value, exptime, flags)
  local ok, err, forced = store(self, key, value, exptime, flags, 0)
  if ok == nil then return nil, err end
  return ok, err, forced
end
function dict.safe_set(self, key, value, exptime, flags)
  local ok, err, forced = store(self, key, value, exptime, flags, SAFE)
  if ok == nil then return nil, err end
  return ok, err, forced
end
function dict.add(self, key, value, exptime, flags)
  local ok, err, forced = store(self, key, value, exptime, flags, ADD)
  if ok == nil then return nil, err end
  return ok, err, forced
end
function dict.safe_add(self, key, value, exptime, flags)
  local ok, err, forced = store(self, key, value, exptime, flags, ADD + SAFE)
  if ok == nil then return nil, err end
  return ok, err, forced
end
function dict.replace(self, key, value, exptime, flags)
  local ok, err, forced = store(self, key, value, exptime, flags, REPLACE)
  if ok == nil then return nil, err end
  return ok, err, forced
end
function dict.delete(self, key)
  local ok, err, forced = store(self, key, nil, nil, nil, 0)
  if ok == nil then return nil, err end
  return ok, err, forced
end

local function incr(zone, key, value, begins, init, ttl)
  return fn.dict_incr(VM, zone, key, #key, value, begins, init, ttl)
end

function dict.incr(self, key, value, init, init_ttl)
  local zone = zone_of(self)
  local k, err = key_of(key)
  if not k then return nil, err end
  if type(value) ~= 'number' then
    value = tonumber(value)
    if not value then error("bad argument #2 to 'incr' (number expected)", 2) end
  end
  if init and type(init) ~= 'number' then
    local kind = type(init)
    init = tonumber(init)
    if not init then error('bad init arg: number expected, got ' .. kind, 2) end
  end
  if init_ttl ~= nil then
    if type(init_ttl) ~= 'number' then
      local kind = type(init_ttl)
      init_ttl = tonumber(init_ttl)
      if not init_ttl then error('bad init_ttl arg: number expected, got ' .. kind, 2) end
    end
    if init_ttl < 0 then error('bad "init_ttl" argument', 2) end
    if not init then error('must provide "init" when providing "init_ttl"', 2) end
  end
  local rc = incr(zone, k, value, init and 1 or 0, init or 0, (init_ttl or 0) * 1000)
  local forced = rc >= FORCED
  if forced then rc = rc - FORCED end
  if rc ~= 0 then return nil, why[rc], forced end
  if not init then return io_.num end
  return io_.num, nil, forced
end

local function push_text(zone, key, left, value)
  return fn.dict_push(VM, zone, key, #key, left, value, #value, 0)
end
local function push_number(zone, key, left, value)
  return fn.dict_push(VM, zone, key, #key, left, '', -1, value)
end
local function push(self, key, value, left)
  local zone = zone_of(self)
  local k, err = key_of(key)
  if not k then return nil, err end
  local rc
  if type(value) == 'string' then
    rc = push_text(zone, k, left, value)
  elseif type(value) == 'number' then
    rc = push_number(zone, k, left, value)
  else
    return nil, 'bad value type'
  end
  if rc ~= 0 then return nil, why[rc] end
  return io_.num
end
local function arguments(n, ...)
  local seen = select('#', ...)
  if seen ~= n then
    error('expecting ' .. n .. ' arguments, but only seen ' .. seen, 3)
  end
end
function dict.lpush(...)
  arguments(3, ...)
  local self, key, value = ...
  local v, err = push(self, key, value, 1)
  if err then return nil, err end
  return v
end
function dict.rpush(...)
  arguments(3, ...)
  local self, key, value = ...
  local v, err = push(self, key, value, 0)
  if err then return nil, err end
  return v
end

local function pop(self, key, left)
  local zone = zone_of(self)
  local k, err = key_of(key)
  if not k then return nil, err end
  local kind = fn.dict_pop(VM, zone, k, #k, left)
  if kind == -6 then return nil, why[6] end
  local v = value_of(kind)
  return v
end
function dict.lpop(...)
  arguments(2, ...)
  local self, key = ...
  local v, err = pop(self, key, 1)
  if err then return nil, err end
  return v
end
function dict.rpop(...)
  arguments(2, ...)
  local self, key = ...
  local v, err = pop(self, key, 0)
  if err then return nil, err end
  return v
end

local function llen(zone, key) return fn.dict_llen(VM, zone, key, #key) end
function dict.llen(...)
  arguments(2, ...)
  local self, key = ...
  local zone = zone_of(self)
  local k, err = key_of(key)
  if not k then return nil, err end
  local rc = llen(zone, k)
  if rc ~= 0 then return nil, why[rc] end
  return io_.num
end

local function ttl(zone, key) return fn.dict_ttl(VM, zone, key, #key) end
function dict.ttl(self, key)
  local zone = zone_of(self)
  local k, err = key_of(key)
  if not k then return nil, err end
  if ttl(zone, k) == NONE then return nil, 'not found' end
  return io_.num / 1000
end

local function expire(zone, key, ms) return fn.dict_expire(VM, zone, key, #key, ms) end
function dict.expire(self, key, exptime)
  local zone = zone_of(self)
  if not exptime then error('bad "exptime" argument', 2) end
  local k, err = key_of(key)
  if not k then return nil, err end
  if expire(zone, k, exptime * 1000) == NONE then return nil, 'not found' end
  return true
end

local function flush_all(zone) fn.dict_flush_all(VM, zone) end
function dict.flush_all(self)
  flush_all(zone_of(self))
end

local function flush_expired(zone, most) fn.dict_flush_expired(VM, zone, most) end
function dict.flush_expired(self, most)
  flush_expired(zone_of(self), floor(most or 0))
  return io_.num
end

local function get_keys(zone, most) fn.dict_keys(VM, zone, most) end
function dict.get_keys(self, most)
  get_keys(zone_of(self), floor(most or 1024))
  local keys = list()
  return keys
end

local function space(zone, free) fn.dict_space(VM, zone, free) end
function dict.capacity(self)
  space(zone_of(self), 0)
  return io_.num
end
function dict.free_space(self)
  space(zone_of(self), 1)
  return io_.num
end

-- A key-value zone: its values are texts; what changes it waits, and is seen by everyone.

local zone = {}

local function zone_get(number, key)
  if fn.zone_get(VM, number, key, #key) == NONE then return nil end
  return text()
end
function zone.get(self, key)
  local number = zone_of(self)
  local k, err = key_of(key)
  if not k then return nil, err end
  local v = zone_get(number, k)
  return v
end
zone.get_stale = function(self, key)
  local v, err = zone.get(self, key)
  return v, err, false
end

local function zone_change(number, what, key, value, ms)
  return fn.zone_set(VM, number, what, key, #key, value, #value, ms)
end
local function change(self, what, key, value, exptime)
  check(YIELDABLE)
  local number = zone_of(self)
  local k, err = key_of(key)
  if not k then return nil, err end
  if exptime and exptime < 0 then error('bad "exptime" argument', 3) end
  local kind = type(value)
  if kind == 'number' then
    value = tostring(value)
  elseif value == nil and what == 0 then
    what, value = DELETE, ''
  elseif kind ~= 'string' then
    return nil, 'bad value type'
  end
  local rc = await(zone_change(number, what, k, value, (exptime or 0) * 1000))
  if rc == REFUSED then
    local said = text()
    if said:find('^the state has moved on') then
      return false, what == ADD and 'exists' or 'not found', false
    end
    return false, said, false
  end
  return true, nil, false
end
function zone.set(self, key, value, exptime)
  local ok, err, forced = change(self, 0, key, value, exptime)
  return ok, err, forced
end
zone.safe_set = zone.set
function zone.add(self, key, value, exptime)
  local ok, err, forced = change(self, ADD, key, value, exptime)
  return ok, err, forced
end
zone.safe_add = zone.add
function zone.replace(self, key, value, exptime)
  local ok, err, forced = change(self, REPLACE, key, value, exptime)
  return ok, err, forced
end
function zone.delete(self, key)
  local ok, err, forced = change(self, 0, key, nil)
  return ok, err, forced
end
function zone.flush_all(self)
  local ok, err = change(self, CLEAR, '*', '')
  return ok, err
end

local function zone_keys(number, most) fn.zone_keys(VM, number, most) end
function zone.get_keys(self, most)
  zone_keys(zone_of(self), floor(most or 1024))
  local keys = list()
  return keys
end
local function zone_space(number, free) fn.zone_space(VM, number, free) end
function zone.capacity(self)
  zone_space(zone_of(self), 0)
  return io_.num
end
function zone.free_space(self)
  zone_space(zone_of(self), 1)
  return io_.num
end
local function zone_ttl(number, key) return fn.zone_ttl(VM, number, key, #key) end
function zone.ttl(self, key)
  local number = zone_of(self)
  local k, err = key_of(key)
  if not k then return nil, err end
  if zone_ttl(number, k) == NONE then return nil, 'not found' end
  return io_.num / 1000
end
zone.flush_expired = function() return 0 end
for _, name in ipairs { 'incr', 'lpush', 'rpush', 'lpop', 'rpop', 'llen', 'expire' } do
  zone[name] = function()
    return nil, '"' .. name .. '" is not supported by a dictionary that is a key-value zone'
  end
end

-- The dictionaries themselves.

local shared = {}
local dict_mt = { __index = dict }
for name, number in pairs(T.config.dicts) do
  shared[name] = setmetatable({ number }, dict_mt)
end
dict.__index = dict
local zone_mt = { __index = zone }
for name, number in pairs(T.config.zones) do
  shared[name] = setmetatable({ number }, zone_mt)
end
ngx.shared = shared
