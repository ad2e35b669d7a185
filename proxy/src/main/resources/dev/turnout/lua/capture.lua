-- ngx.location: requests that a script makes to its own server.

local T = ...
local ngx, fn, VM, io_, phases = T.ngx, T.fn, T.vm, T.io, T.phases
local check, await, text, list = T.check, T.await, T.text, T.list
local type, error, tostring, pairs, select, unpack =
  type, error, tostring, pairs, select, unpack

local function pairs_option(kind, t)
  for key, value in pairs(t) do
    if type(key) ~= 'string' then
      T.fail('attempt to use a non-string key in the "' .. kind .. '" option table')
    end
    local v = type(value)
    if v == 'table' and kind == 'headers' then
      for i = 1, #value do
        local s = tostring(value[i])
        fn.capture_pair(VM, 2, key, #key, s, #s)
      end
    elseif v == 'string' or v == 'number' then
      local s = tostring(value)
      if fn.capture_pair(VM, kind == 'vars' and 0 or 1, key, #key, s, #s) < 0 then T.fail(text()) end
    else
      error('attempt to use bad ' .. (kind == 'vars' and 'variable' or 'header') .. ' value type '
        .. v, 4)
    end
  end
end

local function flag(options, name)
  local value = options[name]
  if value == nil then return 0 end
  if type(value) ~= 'boolean' then T.fail('Bad ' .. name .. ' option value') end
  return value and 1 or 0
end

local function add(index, query)
  if query == nil then T.fail('only array-like tables are allowed') end
  if type(query) ~= 'table' then
    T.fail('the query argument ' .. index .. ' is not a table, but a ' .. type(query))
  end
  local n = #query
  if n ~= 1 and n ~= 2 then
    T.fail('query argument ' .. index .. ' expecting one or two arguments')
  end
  local uri, options = query[1], query[2]
  local args, method, body, flags = nil, 2, nil, 0
  if n == 2 then
    if type(options) ~= 'table' then
      error('expecting table as the 2nd argument for subrequest ' .. index .. ', but got '
        .. type(options), 3)
    end
    args = options.args
    if type(args) == 'table' then args = T.encode_args(args)
    elseif type(args) == 'number' then args = tostring(args)
    elseif args ~= nil and type(args) ~= 'string' then T.fail('Bad args option value') end
    if options.vars ~= nil and type(options.vars) ~= 'table' then
      T.fail('Bad vars option value')
    end
    if options.headers ~= nil and type(options.headers) ~= 'table' then
      T.fail('Bad headers option value')
    end
    flags = flag(options, 'share_all_vars') + 2 * flag(options, 'copy_all_vars')
    if options.always_forward_body then flags = flags + 4 end
    method = options.method
    if method == nil then method = 2
    elseif type(method) ~= 'number' then T.fail('Bad http request method') end
    if options.ctx ~= nil and type(options.ctx) ~= 'table' then
      T.fail('Bad ctx option value type ' .. type(options.ctx) .. ', expected a Lua table')
    end
    body = options.body
    if type(body) == 'number' then body = tostring(body)
    elseif body ~= nil and type(body) ~= 'string' then T.fail('Bad http request body') end
  end
  if type(uri) ~= 'string' and type(uri) ~= 'number' then
    error("bad argument #1 to 'capture' (string expected, got "
      .. (uri == nil and 'nil' or type(uri)) .. ')', 3)
  end
  uri = tostring(uri)
  local name = T.methods[method]
  if not name then T.fail('unsupported HTTP method: ' .. method) end
  if options and options.ctx then flags = flags + 8 end
  local rc = fn.capture_add(VM, uri, #uri, name, #name, flags)
  if rc < 0 then T.fail(text()) end
  if options and options.ctx then T.ctxs[io_.m] = options.ctx end
  if args then fn.capture_args(VM, args, #args) end
  if body then fn.capture_body(VM, body, #body) end
  if n == 2 then
    if options.vars then pairs_option('vars', options.vars) end
    if options.headers then pairs_option('headers', options.headers) end
  end
end

local function result(i)
  local status = fn.capture_status(VM, i)
  local truncated = io_.m ~= 0
  fn.capture_fields(VM, i)
  local all, n = list()
  local header = {}
  for k = 1, n, 2 do
    local key, value = all[k], all[k + 1]
    local before = header[key]
    if before == nil then header[key] = value
    elseif type(before) == 'table' then before[#before + 1] = value
    else header[key] = { before, value } end
  end
  fn.capture_text(VM, i)
  return { status = status, header = header, body = text(), truncated = truncated }
end

local function run(queries)
  local n = #queries
  fn.capture_begin(VM)
  for i = 1, n do add(i - 1, queries[i]) end
  if await(fn.capture_run(VM)) == T.THREW then T.fail(text()) end
  local results = {}
  local handle = io_.m
  for i = 1, n do
    fn.capture_select(VM, handle)
    results[i] = result(i - 1)
  end
  fn.capture_end(VM, handle)
  return results, n
end

local ALLOWED = phases.REWRITE + phases.ACCESS + phases.CONTENT
local location = {}
ngx.location = location
location.capture = function(...)
  local n = select('#', ...)
  if n ~= 1 and n ~= 2 then T.fail('expecting one or two arguments') end
  check(ALLOWED)
  local results = run { { ... } }
  return results[1]
end
location.capture_multi = function(...)
  local n = select('#', ...)
  if n ~= 1 then T.fail('only one argument is expected, but got ' .. n) end
  local queries = ...
  if type(queries) ~= 'table' then
    error("bad argument #1 to 'capture_multi' (table expected, got "
      .. (queries == nil and 'nil' or type(queries)) .. ')', 2)
  end
  if #queries == 0 then T.fail('at least one subrequest should be specified') end
  check(ALLOWED)
  local results, count = run(queries)
  return unpack(results, 1, count)
end
