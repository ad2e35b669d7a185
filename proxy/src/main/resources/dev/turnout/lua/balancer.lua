-- ngx.balancer

local T = ...
local fn, VM, io_, phases = T.fn, T.vm, T.io, T.phases
local text = T.text
local type, error, tonumber = type, error, tonumber

local function allowed()
  if io_.phase == phases.INIT then error('no request found', 3) end
  return io_.phase == phases.BALANCER
end
local WRONG = 'API disabled in the current context'

local balancer = { version = '0.1.31' }

function balancer.set_current_peer(addr, port, host)
  if type(addr) ~= 'string' then
    error("bad argument #1 to 'set_current_peer' (string expected, got " .. type(addr) .. ')', 2)
  end
  port = port and tonumber(port) or 0
  if host ~= nil and type(host) ~= 'string' then
    error("bad argument #3 to 'set_current_peer' (string expected, got " .. type(host) .. ')', 2)
  end
  if not allowed() then return nil, WRONG end
  if fn.balancer_peer(VM, addr, #addr, port) ~= 0 then return nil, text() end
  return true
end

function balancer.enable_keepalive(idle, requests)
  if not idle then idle = 60
  elseif type(idle) ~= 'number' then
    error("bad argument #1 to 'enable_keepalive' (number expected, got " .. type(idle) .. ')', 2)
  elseif idle < 0 then
    error("bad argument #1 to 'enable_keepalive' (expected >= 0)", 2)
  end
  if not requests then requests = 100
  elseif type(requests) ~= 'number' then
    error("bad argument #2 to 'enable_keepalive' (number expected, got " .. type(requests) .. ')',
      2)
  elseif requests < 0 then
    error("bad argument #2 to 'enable_keepalive' (expected >= 0)", 2)
  end
  if not allowed() then return nil, WRONG end
  if fn.balancer_keepalive(VM, idle * 1000, requests) ~= 0 then return nil, text() end
  return true
end

function balancer.set_more_tries(count)
  if not allowed() then return nil, WRONG end
  local rc = fn.balancer_tries(VM, tonumber(count) or 0)
  if rc == 2 then return true, 'reduced tries due to limit' end
  if rc ~= 0 then return nil, text() end
  return true
end

function balancer.get_last_failure()
  if not allowed() then return nil, nil, WRONG end
  local rc = fn.balancer_failure(VM)
  if rc == 0 then return nil end
  return rc == 2 and 'next' or 'failed', io_.m
end

local function seconds(value, name)
  if not value then return 0 end
  if type(value) ~= 'number' or value <= 0 then error('bad ' .. name .. ' timeout', 3) end
  return value * 1000
end
function balancer.set_timeouts(connect, send, read)
  connect, send, read = seconds(connect, 'connect'), seconds(send, 'send'), seconds(read, 'read')
  if not allowed() then return false, WRONG end
  if fn.balancer_timeouts(VM, connect, send, read) ~= 0 then return false, text() end
  return true
end

function balancer.recreate_request()
  if not allowed() then return nil, WRONG end
  return true                             -- it is made anew for each attempt anyway
end

package.preload['ngx.balancer'] = function() return balancer end
