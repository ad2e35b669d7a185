-- ndk.set_var: what the directives of ngx_set_misc do to a value, as functions.

local T = ...
local ngx = T.ngx
local error, tostring, type = error, tostring, type

local DIGITS = '0123456789abcdefghijklmnopqrstuv'

local function encode_base32(s)
  local out, bits, held = {}, 0, 0
  for i = 1, #s do
    held = held * 256 + s:byte(i)
    bits = bits + 8
    while bits >= 5 do
      bits = bits - 5
      local digit = math.floor(held / 2 ^ bits)
      held = held - digit * 2 ^ bits
      out[#out + 1] = DIGITS:sub(digit + 1, digit + 1)
    end
  end
  if bits > 0 then
    local digit = held * 2 ^ (5 - bits)
    out[#out + 1] = DIGITS:sub(digit + 1, digit + 1)
  end
  return table.concat(out)
end

local function decode_base32(s)
  local out, bits, held = {}, 0, 0
  for c in s:lower():gmatch('[^=]') do
    local at = DIGITS:find(c, 1, true)
    if not at then return '' end
    held = held * 32 + at - 1
    bits = bits + 5
    if bits >= 8 then
      bits = bits - 8
      local byte = math.floor(held / 2 ^ bits)
      held = held - byte * 2 ^ bits
      out[#out + 1] = string.char(byte)
    end
  end
  return table.concat(out)
end

local function encode_hex(s)
  return (s:gsub('.', function(c) return ('%02x'):format(c:byte()) end))
end
local function decode_hex(s)
  if #s % 2 == 1 or s:find('%X') then return '' end
  return (s:gsub('..', function(c) return string.char(tonumber(c, 16)) end))
end

local functions = {
  set_escape_uri = ngx.escape_uri,
  set_unescape_uri = ngx.unescape_uri,
  set_quote_sql_str = ngx.quote_sql_str,
  set_encode_base32 = encode_base32,
  set_decode_base32 = decode_base32,
  set_encode_base64 = ngx.encode_base64,
  set_decode_base64 = function(s) return ngx.decode_base64(s) or '' end,
  set_encode_hex = encode_hex,
  set_decode_hex = decode_hex,
  set_md5 = ngx.md5,
  set_sha1 = function(s) return encode_hex(ngx.sha1_bin(s)) end,
}

local set_var = setmetatable({}, {
  __index = function(_, name)
    local f = functions[name]
    if not f then
      error('ndk.set_var: directive "' .. tostring(name)
        .. '" not found or does not use ndk_set_var_value', 2)
    end
    return function(s)
      if type(s) ~= 'string' and type(s) ~= 'number' then s = '' end
      local v = f(tostring(s))
      return v
    end
  end,
  __newindex = function() error('not allowed', 2) end,
})

ndk = { set_var = set_var }
package.loaded.ndk = ndk

-- A global that a request makes is seen by all requests of the loop, which is seldom meant.

local fn, VM, io_, phases = T.fn, T.vm, T.io, T.phases
setmetatable(_G, {
  __newindex = function(t, key, value)
    rawset(t, key, value)
    local phase = io_.phase
    if phase == 0 or phase == phases.INIT or phase == phases.INIT_WORKER then return end
    if fn.logged(VM, 5) == 0 then return end
    local out = { "writing a global Lua variable ('", tostring(key), "') which may lead to race ",
      "conditions between concurrent requests, so prefer the use of 'local' variables",
      '\nstack traceback:' }
    T.frames(out, nil, 2)
    local ar = debug.getinfo(2, 'Sl')
    local line = '[lua] ' .. ar.short_src:match('[^/]*$') .. ':' .. ar.currentline .. ': '
      .. table.concat(out)
    fn.log(VM, 5, line, #line)
  end,
})
