-- The time and sleeping.

local T = ...
local ngx, fn, VM, phases = T.ngx, T.fn, T.vm, T.phases
local text, check, await = T.text, T.check, T.await
local type, error, floor, tonumber = type, error, math.floor, tonumber

local function now() return fn.now(VM) end
ngx.now = function() local v = now() return v / 1000 end
ngx.time = function() local v = now() return floor(v / 1000) end
ngx.update_time = function() fn.update_time(VM) end

local function time_text(form, seconds)
  fn.time_text(VM, form, seconds)
  return text()
end
ngx.today = function() local v = time_text(0, 0) return v end
ngx.localtime = function() local v = time_text(1, 0) return v end
ngx.utctime = function() local v = time_text(2, 0) return v end
ngx.http_time = function(seconds)
  if type(seconds) ~= 'number' then seconds = tonumber(seconds) end
  if not seconds then T.fail('number argument only') end
  local v = time_text(3, seconds)
  return v
end
ngx.cookie_time = function(seconds)
  if type(seconds) ~= 'number' then seconds = tonumber(seconds) end
  if not seconds then T.fail('number argument only') end
  local v = time_text(4, seconds)
  return v
end
local function parse(s) return fn.parse_time(VM, s, #s) end
ngx.parse_http_time = function(s)
  if type(s) ~= 'string' then T.fail('string argument only') end
  local v = parse(s)
  if v ~= v then return nil end
  return v
end

ngx.sleep = function(...)
  if select('#', ...) ~= 1 then
    T.fail('attempt to pass ' .. select('#', ...) .. ' arguments, but accepted 1')
  end
  local seconds = ...
  local n = tonumber(seconds)
  if not n then
    T.bad_argument(1, 'number expected, got ' .. (seconds == nil and 'nil' or type(seconds)))
  end
  if n < 0 then T.fail('invalid sleep duration "' .. n * 1000 .. '"') end
  check(phases.YIELDABLE)
  if await(fn.sleep(VM, n)) == T.THREW then T.fail(text()) end
end
