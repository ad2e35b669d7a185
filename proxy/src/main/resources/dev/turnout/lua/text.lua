-- Encodings and digests.

local T = ...
local ngx, fn, VM = T.ngx, T.fn, T.vm
local text = T.text
local type, tostring, error, find = type, tostring, error, string.find
local null = ngx.null

local function string_of(s)
  if type(s) == 'string' then return s end
  if not s then return '' end
  return tostring(s)
end

local function escape(s, kind)
  fn.escape(VM, s, #s, kind)
  return text()
end
ngx.escape_uri = function(s, kind)
  if kind == nil then
    kind = 2
  elseif type(kind) ~= 'number' then
    error('"type" is not a number', 3)
  elseif kind < 0 or kind > 6 then
    error('"type" ' .. kind .. ' out of range', 3)
  end
  local v = escape(string_of(s), kind)
  return v
end

local function unescape(s)
  if not find(s, '[%%+]') then return s end
  fn.unescape(VM, s, #s)
  return text()
end
ngx.unescape_uri = function(s)
  local v = unescape(string_of(s))
  return v
end
T.unescape = unescape

-- Arguments: decoding

local function add(args, key, value)
  if key == '' then return end
  local before = args[key]
  if before == nil then
    args[key] = value
  elseif type(before) == 'table' then
    before[#before + 1] = value
  else
    args[key] = { before, value }
  end
end

local sub = string.sub
local function decode_args(s, max, args)
  args = args or {}
  local at, count, len = 1, 0, #s
  if len == 0 then return args end
  while at <= len do
    local stop = find(s, '&', at, true)
    local last = stop and stop - 1 or len
    if stop or last >= at then
      local equals = find(s, '=', at, true)
      if equals and equals <= last then
        add(args, unescape(sub(s, at, equals - 1)), unescape(sub(s, equals + 1, last)))
      else
        add(args, unescape(sub(s, at, last)), true)
      end
      if stop then
        count = count + 1
        if max > 0 and count == max then
          return args, stop < len and 'truncated' or nil
        end
      end
    end
    at = last + 2
  end
  return args
end
T.decode_args = function(s, max, args)
  if not max or max < 0 then max = 100 end
  local t, err = decode_args(s, max, args)
  if err then
    local line = 'lua hit query args limit ' .. max
    if fn.logged(VM, 8) ~= 0 then fn.log(VM, 8, line, #line) end
    return t, err
  end
  return t
end

ngx.decode_args = function(s, max)
  if type(s) ~= 'string' then
    T.bad_argument(1, 'string expected, got ' .. (s == nil and 'nil' or type(s)))
  end
  return T.decode_args(s, max)
end

-- Arguments: encoding

local function encode_one(out, key, value)
  local t = type(value)
  if t == 'string' or t == 'number' then
    out[#out + 1] = key .. '=' .. escape(tostring(value), 2)
  elseif t == 'boolean' then
    if value then out[#out + 1] = key end
  else
    if t == 'cdata' or getmetatable(value) and t == 'table' then t = 'userdata' end
    error('attempt to use ' .. t .. ' as query arg value', 4)
  end
end
local function encode_args(args)
  local out = {}
  for key, value in pairs(args) do
    if type(key) ~= 'string' then
      error('attempt to use a non-string key in the "args" option table', 3)
    end
    key = escape(key, 2)
    if type(value) == 'table' then
      for i = 1, #value do encode_one(out, key, value[i]) end
    else
      encode_one(out, key, value)
    end
  end
  return table.concat(out, '&')
end
T.encode_args = encode_args
ngx.encode_args = function(args)
  if type(args) ~= 'table' then
    T.bad_argument(1, 'table expected, got ' .. (args == nil and 'no value' or type(args)))
  end
  local v = encode_args(args)
  return v
end

-- Base64

local function encode_base64(s, kind)
  fn.encode_base64(VM, s, #s, kind)
  return text()
end
local function decode_base64(s, kind)
  if fn.decode_base64(VM, s, #s, kind) ~= 0 then return nil end
  return text()
end
ngx.encode_base64 = function(s, no_padding)
  if no_padding ~= nil and type(no_padding) ~= 'boolean' then
    error('bad no_padding: boolean expected, got ' .. type(no_padding), 2)
  end
  local v = encode_base64(string_of(s), no_padding and 1 or 0)
  return v
end
ngx.decode_base64 = function(s)
  if type(s) ~= 'string' then error('string argument only', 2) end
  local v = decode_base64(s, 0)
  return v
end
ngx.decode_base64mime = function(s)
  if type(s) ~= 'string' then error('string argument only', 2) end
  local v = decode_base64(s, 2)
  return v
end
local base64 = {
  encode_base64url = function(s)
    if type(s) ~= 'string' then return nil, 'must provide a string' end
    local v = encode_base64(s, 2)
    return v
  end,
  decode_base64url = function(s)
    if type(s) ~= 'string' then return nil, 'must provide a string' end
    local v = decode_base64(s, 1)
    if not v then return nil, 'invalid input' end
    return v
  end,
}
package.preload['ngx.base64'] = function() return base64 end

-- Digests

local function digest(kind, s)
  fn.digest(VM, kind, s, #s)
  return text()
end
ngx.md5 = function(s) local v = digest(0, string_of(s)) return v end
ngx.md5_bin = function(s) local v = digest(1, string_of(s)) return v end
ngx.sha1_bin = function(s) local v = digest(2, string_of(s)) return v end
ngx.hmac_sha1 = function(key, s)
  if type(key) ~= 'string' or type(s) ~= 'string' then
    key, s = string_of(key), string_of(s)
  end
  fn.hmac(VM, key, #key, s, #s)
  local v = text()
  return v
end
local function crc(s) return fn.crc32(VM, s, #s) end
ngx.crc32_short = function(s) local v = crc(string_of(s)) return v end
ngx.crc32_long = function(s) local v = crc(string_of(s)) return v end

-- SQL

local quoted = {
  ['\0'] = '\\0', ['\b'] = '\\b', ['\n'] = '\\n', ['\r'] = '\\r', ['\t'] = '\\t',
  ['\26'] = '\\Z', ['\\'] = '\\\\', ["'"] = "\\'", ['"'] = '\\"',
}
ngx.quote_sql_str = function(s, ...)
  if select('#', s, ...) ~= 1 then error('expecting one argument', 2) end
  if s == nil or s == null then
    return 'NULL'
  end
  if type(s) ~= 'string' and type(s) ~= 'number' then
    T.bad_argument(1, 'string expected, got ' .. type(s))
  end
  return "'" .. tostring(s):gsub('[%z\b\n\r\t\26\\\'"]', quoted) .. "'"
end
