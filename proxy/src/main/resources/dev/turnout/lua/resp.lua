-- What goes to the client: ngx.say and its kind, ngx.header, ngx.status, ngx.arg.

local T = ...
local ngx, fn, VM, io_, phases = T.ngx, T.fn, T.vm, T.io, T.phases
local text, list, check, await, need_request = T.text, T.list, T.check, T.await, T.need_request
local type, tostring, error, select, pairs, setmetatable =
  type, tostring, error, select, pairs, setmetatable
local tconcat, floor = table.concat, math.floor
local null = ngx.null
local ANSWERING = phases.ANSWERING

-- Texts

local flatten
local function flat_table(t, out, n, i, name)
  local max = 0
  for key in pairs(t) do
    if type(key) ~= 'number' or key < 1 or floor(key) ~= key then
      T.fail("bad argument #" .. i .. " to '" .. name .. "' (non-array table found)")
    end
    if key > max then max = key end
  end
  for k = 1, max do
    local v = t[k]
    local kind = type(v)
    if kind == 'string' or kind == 'number' then
      n = n + 1
      out[n] = v
    elseif kind == 'table' then
      n = flat_table(v, out, n, i, name)
    elseif kind == 'nil' or kind == 'boolean' then
      n = n + 1
      out[n] = tostring(v)
    elseif v == null then
      n = n + 1
      out[n] = 'null'
    else
      T.fail("bad argument #" .. i .. " to '" .. name .. "' (bad data type " .. kind .. ' found)')
    end
  end
  return n
end

local function joined(name, count, ...)
  local out, n = {}, 0
  for i = 1, count do
    local v = select(i, ...)
    local kind = type(v)
    if kind == 'string' or kind == 'number' then
      n = n + 1
      out[n] = v
    elseif kind == 'nil' or kind == 'boolean' then
      n = n + 1
      out[n] = tostring(v)
    elseif kind == 'table' then
      n = flat_table(v, out, n, i, name)
    elseif v == null then
      n = n + 1
      out[n] = 'null'
    elseif kind == 'userdata' or kind == 'cdata' then
      -- nothing is said of such
    else
      T.fail("bad argument #" .. i .. " to '" .. name .. "' (string, number, boolean, nil, "
        .. 'ngx.null, or array table expected, but got ' .. kind .. ')')
    end
  end
  return tconcat(out)
end

-- Before a head goes out the script of header_filter_by_lua looks at it.
local FILTER = 5
local function filter_head()
  local chunk = T.chunks[io_.m]
  local phase = io_.phase
  io_.phase = fn.filter_begins(VM)
  local ok, e = T.protected(chunk)
  io_.phase = phase
  if ok then
    e = ''
  elseif type(e) == 'number' then
    e = tostring(e)
  elseif type(e) ~= 'string' then
    e = 'unknown reason'
  end
  fn.filter_ends(VM, ok and 1 or 0, e, #e)
end

local function put(s, line)
  local rc = fn.out(VM, s, #s, line)
  if rc == FILTER then
    filter_head()
    rc = fn.out(VM, s, #s, line)
  end
  if rc == 0 then return 1 end
  if rc == T.THREW then T.fail(text()) end
  return nil, text()
end

ngx.say = function(...)
  check(ANSWERING)
  local n = select('#', ...)
  local s = ...
  if n ~= 1 or type(s) ~= 'string' then s = joined('say', n, ...) end
  local ok, err = put(s, 1)
  return ok, err
end
ngx.print = function(...)
  check(ANSWERING)
  local n = select('#', ...)
  local s = ...
  if n ~= 1 or type(s) ~= 'string' then s = joined('print', n, ...) end
  local ok, err = put(s, 0)
  return ok, err
end

ngx.send_headers = function()
  check(ANSWERING)
  local rc = fn.send_headers(VM)
  if rc == FILTER then
    filter_head()
    rc = fn.send_headers(VM)
  end
  if rc < 0 then return nil, text() end
  return 1
end

ngx.flush = function(...)
  local n = select('#', ...)
  if n > 1 then T.fail('attempt to pass ' .. n .. ' arguments, but accepted 0 or 1') end
  local wait = ...
  if n == 1 and type(wait) ~= 'boolean' then
    T.bad_argument(1, 'boolean expected, got ' .. (wait == nil and 'nil' or type(wait)))
  end
  check(ANSWERING)
  local rc = await(fn.flush(VM, wait and 1 or 0))
  if rc == 0 then return 1 end
  if rc == T.THREW then T.fail(text()) end
  return nil, text()
end

ngx.eof = function(...)
  if select('#', ...) ~= 0 then T.fail('no argument is expected') end
  check(ANSWERING)
  local rc = fn.eof(VM)
  if rc == FILTER then
    filter_head()
    rc = fn.eof(VM)
  end
  if rc == 0 then return 1 end
  return nil, text()
end

-- The status

T.getters.status = function()
  need_request()
  local status = fn.status(VM)
  if status < 0 then T.fail(text()) end
  return status
end
T.setters.status = function(status)
  need_request()
  if type(status) ~= 'number' then status = tonumber(status) end
  if not status then T.fail('number argument only') end
  fn.set_status(VM, status, nil, 0)
end
T.getters.headers_sent = function()
  need_request()
  return fn.headers_sent(VM) ~= 0
end

-- Fields

local function get_field(name)
  need_request()
  name = tostring(name)
  fn.field(VM, name, #name)
  local values, n = list()
  if n == 0 then return nil end
  if n == 1 then return values[1] end
  return values
end
local function set_field(name, value, add)
  need_request()
  name = tostring(name)
  if value == nil then
    if add then T.fail('invalid header value') end
    fn.set_field(VM, 2, name, #name, nil, 0)
  elseif type(value) == 'table' then
    local n = #value
    if n == 0 then
      if not add then fn.set_field(VM, 2, name, #name, nil, 0) end
      return
    end
    for i = 1, n do
      local v = tostring(value[i])
      fn.set_field(VM, (i > 1 or add) and 1 or 0, name, #name, v, #v)
    end
  else
    value = tostring(value)
    if fn.set_field(VM, add and 1 or 0, name, #name, value, #value) < 0 then T.fail(text()) end
  end
end
ngx.header = setmetatable({}, {
  __index = function(_, name) local v = get_field(name) return v end,
  __newindex = function(_, name, value) set_field(name, value) end,
})

ngx.resp = {
  get_headers = function(max, raw)
    need_request()
    fn.fields(VM)
    local fields, err = T.collect_fields(max, raw, 'response')
    return fields, err
  end,
  add_header = function(name, value) set_field(name, value, true) end,
  set_status = function(status, reason)
    need_request()
    if type(status) ~= 'number' then T.fail('number argument only') end
    reason = reason and tostring(reason) or ''
    fn.set_status(VM, status, reason, #reason)
  end,
}
package.preload['ngx.resp'] = function()
  return {
    add_header = ngx.resp.add_header,
    set_status = ngx.resp.set_status,
    bypass_if_checks = function() end,
  }
end

-- ngx.arg: the arguments of set_by_lua, the part that a body filter sees

local function get_arg(i)
  local phase = io_.phase
  if phase == phases.SET then
    if type(i) ~= 'number' or fn.argument(VM, i) ~= 0 then return nil end
    return text()
  end
  if phase == phases.BODY_FILTER then
    if type(i) ~= 'number' then
      T.fail("bad argument #-1 to '?' (number expected, got " .. type(i) .. ')')
    end
    local last = fn.part(VM) == 1
    if i == 1 then return text() end
    if i == 2 then return last end
    return nil
  end
  check(phases.SET + phases.BODY_FILTER)
end
local function set_arg(i, value)
  local phase = io_.phase
  if phase ~= phases.BODY_FILTER then
    check(phases.BODY_FILTER)
  end
  if i == 2 then
    fn.set_part(VM, nil, -1, value and 1 or 0)
  elseif i == 1 then
    local kind = type(value)
    local s
    if kind == 'string' then s = value
    elseif kind == 'number' then s = tostring(value)
    elseif kind == 'nil' then s = ''
    elseif kind == 'table' then
      local out = {}
      flat_table(value, out, 0, 1, 'arg')
      s = tconcat(out)
    else
      T.fail('bad chunk data type: ' .. kind)
    end
    fn.set_part(VM, s, #s, -1)
  else
    T.fail("bad argument: index " .. tostring(i))
  end
end
ngx.arg = setmetatable({}, {
  __index = function(_, i) local v = get_arg(i) return v end,
  __newindex = function(_, i, value) set_arg(i, value) end,
})
