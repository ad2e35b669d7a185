-- ngx.req

local T = ...
local ngx, fn, VM, phases = T.ngx, T.fn, T.vm, T.phases
local text, list, check, await, need_request = T.text, T.list, T.check, T.await, T.need_request
local type, tostring, error, setmetatable, rawget = type, tostring, error, setmetatable, rawget
local lower, find, gsub, select = string.lower, string.find, string.gsub, select

local req = {}
ngx.req = req

local function req_text(what)
  if fn.req_text(VM, what) ~= 0 then return nil end
  return text()
end
local function req_number(what) return fn.req_number(VM, what) end

req.get_method = function()
  need_request()
  local v = req_text(0)
  return v
end
local methods = {
  [0x2] = 'GET', [0x4] = 'HEAD', [0x8] = 'POST', [0x10] = 'PUT', [0x20] = 'DELETE',
  [0x40] = 'MKCOL', [0x80] = 'COPY', [0x100] = 'MOVE', [0x200] = 'OPTIONS', [0x400] = 'PROPFIND',
  [0x800] = 'PROPPATCH', [0x1000] = 'LOCK', [0x2000] = 'UNLOCK', [0x4000] = 'PATCH',
  [0x8000] = 'TRACE',
}
T.methods = methods
req.set_method = function(method)
  if type(method) ~= 'number' then T.fail('bad method number') end
  need_request()
  local name = methods[method]
  if not name then T.fail('unsupported HTTP method: ' .. method) end
  fn.req_set(VM, 0, name, #name)
end

req.http_version = function()
  need_request()
  local v = req_number(0)
  return v / 10
end
req.start_time = function()
  if T.io.phase == phases.INIT then T.fail('no request found') end
  need_request()
  local v = req_number(1)
  return v / 1000
end
req.is_internal = function()
  need_request()
  local v = req_number(2)
  return v ~= 0
end
req.raw_header = function(no_line)
  need_request()
  local v = req_text(no_line and 2 or 1)
  return v
end
T.getters.is_subrequest = function()
  need_request()
  local v = req_number(3)
  return v ~= 0
end

-- Where it leads

req.set_uri = function(...)
  local n = select('#', ...)
  if n < 1 or n > 3 then T.fail('expecting 1, 2 or 3 arguments but seen ' .. n) end
  need_request()
  local uri, jump, binary = ...
  if type(uri) ~= 'string' and type(uri) ~= 'number' then
    T.bad_argument(1, 'string expected, got ' .. (uri == nil and 'nil' or type(uri)))
  end
  uri = tostring(uri)
  if uri == '' then T.fail('attempt to use zero-length uri') end
  if n >= 3 and type(binary) ~= 'boolean' then
    T.bad_argument(3, 'boolean expected, got ' .. type(binary))
  end
  if not binary then
    local bad = uri:match('[%z\1-\8\10-\31\127]')
    if bad then
      error(('unsafe byte "0x%02x" in uri "%s" (maybe you want to set the \'binary\' argument?)')
        :format(bad:byte(), T.escape_log(uri)), 2)
    end
  end
  if n >= 2 and type(jump) ~= 'boolean' then
    T.bad_argument(2, 'boolean expected, got ' .. type(jump))
  end
  if jump then
    check(phases.REWRITE + phases.SERVER_REWRITE)
    if fn.req_set(VM, 2, uri, #uri) < 0 then T.fail(text()) end
    T.abort()
  end
  fn.req_set(VM, 1, uri, #uri)
end

local function escape_spaces(s)
  return (gsub(s, '[ \127%z\1-\31]', function(c) return ('%%%02X'):format(c:byte()) end))
end
req.set_uri_args = function(...)
  if select('#', ...) ~= 1 then
    T.fail('expecting 1 argument but seen ' .. select('#', ...))
  end
  need_request()
  local args = ...
  local kind = type(args)
  if kind == 'table' then
    args = T.encode_args(args)
  elseif kind == 'string' then
    args = escape_spaces(args)
  elseif kind == 'number' then
    args = tostring(args)
  else
    T.bad_argument(1, 'string, number, or table expected, but got ' .. kind)
  end
  fn.req_set(VM, 3, args, #args)
end
req.get_uri_args = function(max, tab)
  need_request()
  if tab then for k in pairs(tab) do tab[k] = nil end end
  local args = req_text(3)
  if not args or args == '' then return tab or {} end
  return T.decode_args(args, max, tab)
end

-- Fields

local fields_meta = {
  __index = function(t, key)
    if type(key) ~= 'string' then return nil end
    key = lower(key)
    local value = rawget(t, key)
    if value == nil and find(key, '_', 1, true) then value = rawget(t, (gsub(key, '_', '-'))) end
    return value
  end,
}
T.collect_fields = function(max, raw, what)
  local all, n = list()
  if not max or max < 0 then max = 100 end
  local fields, count, truncated = {}, 0, false
  for i = 1, n, 2 do
    if max > 0 and count == max then
      truncated = true
      break
    end
    count = count + 1
    local key, value = all[i], all[i + 1]
    if not raw then key = lower(key) end
    local before = fields[key]
    if before == nil then fields[key] = value
    elseif type(before) == 'table' then before[#before + 1] = value
    else fields[key] = { before, value } end
  end
  if not raw then setmetatable(fields, fields_meta) end
  if truncated then
    local line = 'lua exceeding ' .. what .. ' header limit ' .. n / 2 .. ' > ' .. max
    if fn.logged(VM, 8) ~= 0 then fn.log(VM, 8, line, #line) end
    return fields, 'truncated'
  end
  return fields
end
req.get_headers = function(max, raw)
  need_request()
  fn.req_fields(VM)
  local fields, err = T.collect_fields(max, raw, 'request')
  return fields, err
end

local function set_field(name, value, override)
  need_request()
  if name == nil then T.fail("bad 'name' argument: string expected, got nil") end
  name = tostring(name)
  if value == nil then
    if not override then
      T.fail("bad 'value' argument: string or table expected, got nil")
    end
    fn.req_field(VM, 2, name, #name, nil, 0)
  elseif type(value) == 'table' then
    if #value == 0 and not override then
      T.fail("bad 'value' argument: non-empty table expected")
    end
    if override then fn.req_field(VM, 2, name, #name, nil, 0) end
    for i = 1, #value do
      local v = tostring(value[i])
      fn.req_field(VM, 1, name, #name, v, #v)
    end
  else
    value = tostring(value)
    fn.req_field(VM, override and 0 or 1, name, #name, value, #value)
  end
end
req.set_header = function(name, value) set_field(name, value, true) end
req.add_header = function(name, value) set_field(name, value, false) end
req.clear_header = function(name) set_field(name, nil, true) end

-- The body

req.read_body = function()
  check(phases.ANSWERING)
  if await(fn.req_read_body(VM)) == T.THREW then T.fail(text()) end
end
local function body(what)
  local rc = fn.req_body(VM, what)
  if rc == 0 then return text() end
  if rc == T.THREW then T.fail(text()) end
  return nil, rc
end
req.get_body_data = function(max)
  need_request()
  local v = body(0)
  if v and max and max > 0 and #v > max then return v:sub(1, max) end
  return v
end
req.get_body_file = function()
  need_request()
  local v = body(1)
  return v
end
req.get_post_args = function(...)
  local n = select('#', ...)
  if n ~= 0 and n ~= 1 then T.fail('expecting 0 or 1 arguments but seen ' .. n) end
  need_request()
  local max = ...
  local v, rc = body(0)
  if v then return T.decode_args(v, max) end
  if rc == 3 then
    T.fail('no request body found; maybe you should turn on lua_need_request_body?')
  end
  if body(1) then return nil, 'request body in temp file not supported' end
  return {}
end
req.get_query_args = req.get_uri_args
req.discard_body = function()
  need_request()
  fn.req_discard_body(VM)
end

local function body_is_read(what)
  local _, rc = body(2)
  if rc == 3 then T.fail(what or 'request body not read yet') end
end
req.set_body_data = function(...)
  if select('#', ...) ~= 1 then T.fail('expecting 1 arguments but seen ' .. select('#', ...)) end
  need_request()
  local data = ...
  if type(data) ~= 'string' and type(data) ~= 'number' then
    T.bad_argument(1, 'string expected, got ' .. (data == nil and 'nil' or type(data)))
  end
  data = tostring(data)
  body_is_read()
  if fn.req_set_body(VM, data, #data) < 0 then T.fail(text()) end
end
req.set_body_file = function(name, remove)
  need_request()
  if type(name) ~= 'string' then
    T.bad_argument(1, 'string expected, got ' .. type(name))
  end
  body_is_read()
  if fn.req_set_body_file(VM, name, #name, remove and 1 or 0) < 0 then T.fail(text()) end
end

local building = {}
T.on_free(function(run) building[run] = nil end)
req.init_body = function(size)
  need_request()
  if size ~= nil and (type(size) ~= 'number' or size < 0) then
    T.fail('invalid size argument')
  end
  body_is_read()
  building[T.io.run] = { most = size or -1 }
  T.io.made = 1
end
req.append_body = function(data)
  need_request()
  local parts = building[T.io.run]
  if not parts then T.fail('request_body not initialized') end
  parts[#parts + 1] = tostring(data)
end
req.finish_body = function()
  need_request()
  local parts = building[T.io.run]
  if not parts then T.fail('request_body not initialized') end
  building[T.io.run] = nil
  local data = table.concat(parts)
  if await(fn.req_finish_body(VM, data, #data, parts.most)) == T.THREW then T.fail(text()) end
end
