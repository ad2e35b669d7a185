-- ngx.exit, ngx.exec, ngx.redirect

local T = ...
local ngx, fn, VM, io_, phases = T.ngx, T.fn, T.vm, T.io, T.phases
local check, abort, text = T.check, T.abort, T.text
local type, tostring, error, tonumber, select = type, tostring, error, tonumber, select

local EXIT = phases.ANSWERING + phases.TIMER + phases.HEADER_FILTER + phases.BALANCER
ngx.exit = function(code)
  if type(code) ~= 'number' then
    local n = tonumber(code)
    if not n then
      T.bad_argument(1, 'number expected, got ' .. (code == nil and 'nil' or type(code)))
    end
    code = n
  end
  if code == ngx.AGAIN or code == ngx.DONE then
    T.fail("bad argument to 'ngx.exit': does not accept NGX_AGAIN or NGX_DONE")
  end
  check(EXIT)
  if fn.exit(VM, code) < 0 then T.fail(text()) end
  local phase = io_.phase
  if phase == phases.HEADER_FILTER or phase == phases.BALANCER then return end
  abort()
end

ngx.exec = function(...)
  local n = select('#', ...)
  if n ~= 1 and n ~= 2 then T.fail('expecting one or two arguments, but got ' .. n) end
  local uri, args = ...
  if type(uri) ~= 'string' and type(uri) ~= 'number' then
    T.bad_argument(1, 'string expected, got ' .. (uri == nil and 'nil' or type(uri)))
  end
  uri = tostring(uri)
  if uri == '' then T.fail('The uri argument is empty') end
  check(phases.ANSWERING)
  local kind = type(args)
  if kind == 'table' then
    args = T.encode_args(args)
  elseif kind == 'number' then
    args = tostring(args)
  elseif kind ~= 'string' and kind ~= 'nil' then
    T.bad_argument(2, 'string, number, or table expected, but got ' .. kind)
  end
  if fn.exec(VM, uri, #uri, args, args and #args or -1) < 0 then T.fail(text()) end
  abort()
end

local redirects = { [301] = true, [302] = true, [303] = true, [307] = true, [308] = true }
ngx.redirect = function(...)
  local n = select('#', ...)
  if n ~= 1 and n ~= 2 then T.fail('expecting one or two arguments') end
  local uri, status = ...
  if type(uri) ~= 'string' and type(uri) ~= 'number' then
    T.bad_argument(1, 'string expected, got ' .. (uri == nil and 'nil' or type(uri)))
  end
  uri = tostring(uri)
  if n == 2 then
    if type(status) ~= 'number' then
      T.bad_argument(2, 'number expected, got ' .. (status == nil and 'nil' or type(status)))
    end
    if not redirects[status] then
      error('only ngx.HTTP_MOVED_TEMPORARILY, ngx.HTTP_MOVED_PERMANENTLY, '
        .. 'ngx.HTTP_PERMANENT_REDIRECT, ngx.HTTP_SEE_OTHER, and '
        .. 'ngx.HTTP_TEMPORARY_REDIRECT are allowed', 2)
    end
  else
    status = 302
  end
  check(phases.ANSWERING)
  local bad = uri:match('[%z\1-\8\10-\31\127]')
  if bad then
    T.fail(('unsafe byte "0x%02x" in redirect uri "%s"'):format(bad:byte(), T.escape_log(uri)))
  end
  if fn.redirect(VM, uri, #uri, status) < 0 then T.fail(text()) end
  abort()
end

T.escape_log = function(s)
  return (s:gsub('[%z\1-\31"\\\127-\255]', function(c) return ('\\x%02X'):format(c:byte()) end))
end
