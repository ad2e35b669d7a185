-- ngx.var

local T = ...
local ngx, fn, VM = T.ngx, T.fn, T.vm
local text, need_request = T.text, T.need_request
local type, tostring, error, setmetatable = type, tostring, error, setmetatable

local ids = {}

local function get(name)
  local id = ids[name]
  local rc
  if id then
    rc = fn.var_get(VM, id)
  elseif type(name) == 'number' then
    rc = fn.capture(VM, name)
  else
    if type(name) ~= 'string' then T.fail('bad variable name') end
    need_request()
    id = fn.var_id(VM, name, #name)
    if id >= 0 then
      ids[name] = id
      rc = fn.var_get(VM, id)
    else
      rc = fn.var_named(VM, name, #name)
    end
  end
  if rc == 0 then return text() end
  if rc < 0 then
    need_request()
    T.fail(text())
  end
end

local function set(name, value)
  need_request()
  if type(name) ~= 'string' then T.fail('bad variable name') end
  local rc
  if value == nil then
    rc = fn.var_set(VM, name, #name, nil, -1)
  else
    value = tostring(value)
    rc = fn.var_set(VM, name, #name, value, #value)
  end
  if rc < 0 then T.fail(text()) end
end

ngx.var = setmetatable({}, {
  __index = function(_, name) local v = get(name) return v end,
  __newindex = function(_, name, value) set(name, value) end,
})
