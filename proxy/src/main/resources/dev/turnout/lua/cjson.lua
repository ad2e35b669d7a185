-- cjson and cjson.safe.

local T = ...
local ngx, fn, VM, io_, ffi = T.ngx, T.fn, T.vm, T.io, T.ffi
local text = T.text
local type, tostring, tonumber, error, pcall, next, pairs, getmetatable, setmetatable =
  type, tostring, tonumber, error, pcall, next, pairs, getmetatable, setmetatable
local format, gsub, find, byte, concat, floor =
  string.format, string.gsub, string.find, string.byte, table.concat, math.floor
local has_buffer, buffer = pcall(require, 'string.buffer')
local null = ngx.null

local array_mt, empty_array_mt = {}, {}
local empty_array = setmetatable({}, { __name = 'empty_array' })

local escapes = { ['"'] = '\\"', ['\\'] = '\\\\', ['\b'] = '\\b', ['\f'] = '\\f', ['\n'] = '\\n',
  ['\r'] = '\\r', ['\t'] = '\\t', ['\127'] = '\\u007f' }
for i = 0, 31 do
  local c = string.char(i)
  escapes[c] = escapes[c] or format('\\u%04x', i)
end
local slashed = {}
for k, v in pairs(escapes) do slashed[k] = v end
slashed['/'] = '\\/'

local function make(safe)
  local cjson = { _NAME = 'cjson', _VERSION = '2.1.0.14', null = null, array_mt = array_mt,
    empty_array_mt = empty_array_mt, empty_array = empty_array }

  local sparse_convert, sparse_ratio, sparse_safe = false, 2, 10
  local encode_depth, decode_depth, precision = 1000, 1000, 14
  local number_format = '%.14g'
  local encode_invalid, decode_invalid = false, true
  local empty_as_object, escape_slash, arrays_marked = true, true, false
  local skip_unsupported = false

  -- encoding

  local function quote(s)
    if escape_slash then
      if find(s, '[%c"\\/\127]') then s = gsub(s, '[%c"\\/\127]', slashed) end
    elseif find(s, '[%c"\\\127]') then
      s = gsub(s, '[%c"\\\127]', escapes)
    end
    return '"' .. s .. '"'
  end

  local function number(v)
    if v ~= v or v == math.huge or v == -math.huge then
      if encode_invalid == 'null' then return 'null' end
      if not encode_invalid then
        error({ 'Cannot serialise number: must not be NaN or Infinity' })
      end
      return v ~= v and 'NaN' or v > 0 and 'Infinity' or '-Infinity'
    end
    if v == floor(v) and v > -1e14 and v < 1e14 and (v ~= 0 or 1 / v > 0) then return format('%d', v) end
    return format(number_format, v)
  end

  -- The length of an array; -1 if the table is an object.
  local function length_of(t)
    local max, items = 0, 0
    for k in next, t do
      if type(k) ~= 'number' or k < 1 or k ~= floor(k) then return -1 end
      if k > max then max = k end
      items = items + 1
    end
    if sparse_ratio > 0 and max > items * sparse_ratio and max > sparse_safe then
      if not sparse_convert then
        error({ 'Cannot serialise table: excessively sparse array' })
      end
      return -1
    end
    return max
  end

  local value

  local function array(t, n, out, at, depth)
    at = at + 1
    out[at] = '['
    for i = 1, n do
      if i > 1 then at = at + 1 out[at] = ',' end
      local before = at
      at = value(t[i], out, at, depth)
      if at == before and i > 1 then at = at - 1 end
    end
    at = at + 1
    out[at] = ']'
    return at
  end

  local function object(t, out, at, depth)
    at = at + 1
    out[at] = '{'
    local first = true
    for k, v in next, t do
      local kind = type(k)
      local name
      if kind == 'string' then name = quote(k)
      elseif kind == 'number' then name = '"' .. number(k) .. '"'
      else error({ 'Cannot serialise ' .. kind .. ': table key must be a number or string' }) end
      local begin = at
      if not first then at = at + 1 out[at] = ',' end
      at = at + 1
      out[at] = name
      at = at + 1
      out[at] = ':'
      local before = at
      at = value(v, out, at, depth)
      if at == before then at = begin else first = false end
    end
    at = at + 1
    out[at] = '}'
    return at
  end

  value = function(v, out, at, depth)
    local kind = type(v)
    local s
    if kind == 'string' then s = quote(v)
    elseif kind == 'number' then s = number(v)
    elseif kind == 'boolean' then s = v and 'true' or 'false'
    elseif kind == 'nil' or v == null then s = 'null'
    elseif kind == 'table' then
      depth = depth + 1
      if depth > encode_depth then
        error({ 'Cannot serialise, excessive nesting (' .. depth .. ')' })
      end
      if v == empty_array then
        s = '[]'
      else
        local mt = getmetatable(v)
        if mt == array_mt then return array(v, #v, out, at, depth) end
        local n = length_of(v)
        if n > 0 then return array(v, n, out, at, depth) end
        if n == 0 and (mt == empty_array_mt or not empty_as_object) then
          s = '[]'
        elseif n == 0 then
          s = '{}'
        else
          return object(v, out, at, depth)
        end
      end
    elseif skip_unsupported then
      return at
    else
      error({ 'Cannot serialise ' .. kind .. ': type not supported' })
    end
    at = at + 1
    out[at] = s
    return at
  end

  local function encode(v)
    local out = {}
    local n = value(v, out, 0, 0)
    return concat(out, '', 1, n)
  end

  -- decoding

  local decoder, marking
  if has_buffer then
    decoder = buffer.new()
    marking = buffer.new({ metatable = { array_mt } })
  end

  local function read(s)
    return fn.json_decode(VM, s, #s, decode_depth, decode_invalid and 0 or 1,
      arrays_marked and 1 or 0)
  end
  local function decode(s)
    if type(s) == 'number' then s = tostring(s) end
    if type(s) ~= 'string' then
      error("bad argument #1 to 'decode' (string expected, got "
        .. (s == nil and 'no value' or type(s)) .. ')', 3)
    end
    if not has_buffer then error('this LuaJIT has no string.buffer', 3) end
    if read(s) ~= 0 then return nil, text() end
    local b = arrays_marked and marking or decoder
    b:set(io_.p, io_.n)
    return b:decode()
  end

  if safe then
    function cjson.encode(...)
      if select('#', ...) ~= 1 then error("bad argument #1 to 'encode' (expected 1 argument)", 2) end
      local ok, s = pcall(encode, (...))
      if ok then return s end
      return nil, type(s) == 'table' and s[1] or s
    end
    function cjson.decode(s)
      local v, err = decode(s)
      if err then return nil, err end
      return v
    end
  else
    function cjson.encode(...)
      if select('#', ...) ~= 1 then error("bad argument #1 to 'encode' (expected 1 argument)", 2) end
      local ok, s = pcall(encode, (...))
      if ok then return s end
      error(type(s) == 'table' and s[1] or s, 2)
    end
    function cjson.decode(s)
      local v, err = decode(s)
      if err then error(err, 2) end
      return v
    end
  end

  -- options: each returns what holds

  local function depth_of(v, before, name)
    if v == nil then return before end
    v = tonumber(v)
    if not v or v < 1 or v > 2147483647 then
      error("bad argument #1 to '" .. name .. "' (expected integer between 1 and 2147483647)", 3)
    end
    return v
  end
  local function flag(v, before)
    if v == nil then return before end
    if v == 'on' then return true end
    if v == 'off' then return false end
    return v and true or false
  end
  function cjson.encode_max_depth(v)
    encode_depth = depth_of(v, encode_depth, 'encode_max_depth')
    return encode_depth
  end
  function cjson.decode_max_depth(v)
    decode_depth = depth_of(v, decode_depth, 'decode_max_depth')
    return decode_depth
  end
  function cjson.encode_sparse_array(convert, ratio, safely)
    sparse_convert = flag(convert, sparse_convert)
    if ratio ~= nil then sparse_ratio = tonumber(ratio) end
    if safely ~= nil then sparse_safe = tonumber(safely) end
    return sparse_convert, sparse_ratio, sparse_safe
  end
  function cjson.encode_number_precision(v)
    if v ~= nil then
      v = tonumber(v)
      if not v or v < 1 or v > 16 then
        error("bad argument #1 to 'encode_number_precision' (expected integer between 1 and 16)", 2)
      end
      precision = v
      number_format = '%.' .. v .. 'g'
    end
    return precision
  end
  function cjson.encode_keep_buffer(v)
    return flag(v, true)
  end
  function cjson.encode_invalid_numbers(v)
    if v == 'null' then encode_invalid = 'null' else encode_invalid = flag(v, encode_invalid) end
    return encode_invalid
  end
  function cjson.decode_invalid_numbers(v)
    decode_invalid = flag(v, decode_invalid)
    return decode_invalid
  end
  function cjson.encode_empty_table_as_object(v)
    empty_as_object = flag(v, empty_as_object)
    return empty_as_object
  end
  function cjson.encode_escape_forward_slash(v)
    escape_slash = flag(v, escape_slash)
    return escape_slash
  end
  function cjson.encode_skip_unsupported_value_types(v)
    skip_unsupported = flag(v, skip_unsupported)
    return skip_unsupported
  end
  function cjson.decode_array_with_array_mt(v)
    arrays_marked = flag(v, arrays_marked)
    return arrays_marked
  end
  function cjson.new() return make(safe) end
  return cjson
end

package.preload['cjson'] = function() return make(false) end
package.preload['cjson.safe'] = function() return make(true) end
