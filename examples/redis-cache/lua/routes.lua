-- Which group serves a host. Redis knows it; what it said is remembered in a shared dictionary for
-- a while, and for longer while Redis does not answer.
--
-- The few lines that speak to Redis here are all that this needs; lua-resty-redis works as well.

local M = {}

local known = ngx.shared.routes
local FRESH, STALE = 10, 3600           -- seconds

-- The value of a key; nil if there is none; nil and what is wrong.
local function get(key)
  local sock = ngx.socket.tcp()
  sock:settimeouts(100, 100, 200)
  local ok, err = sock:connect('127.0.0.1', tonumber(os.getenv('REDIS_PORT')) or 6379)
  if not ok then return nil, 'connect: ' .. err end
  ok, err = sock:send({ '*2\r\n$3\r\nGET\r\n$', #key, '\r\n', key, '\r\n' })
  if not ok then return nil, 'send: ' .. err end
  local line
  line, err = sock:receive()
  if not line then return nil, 'receive: ' .. err end
  if line == '$-1' then
    sock:setkeepalive(60000, 100)
    return nil
  end
  local size = line:match('^%$(%d+)$')
  if not size then return nil, 'redis said ' .. line end
  local value
  value, err = sock:receive(tonumber(size))
  if not value then return nil, 'receive: ' .. err end
  sock:receive(2)
  sock:setkeepalive(60000, 100)
  return value
end

-- The group of a host; nil if it has none.
function M.find(host)
  local fresh = known:get('fresh:' .. host)
  if fresh then return fresh ~= '' and fresh or nil end
  local group, err = get('route:' .. host)
  if err then
    ngx.log(ngx.ERR, 'redis: ', err)
    return known:get('stale:' .. host)
  end
  known:set('fresh:' .. host, group or '', FRESH)
  if group then known:set('stale:' .. host, group, STALE) end
  return group
end

return M
