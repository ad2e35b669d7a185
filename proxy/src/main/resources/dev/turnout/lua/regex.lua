-- ngx.re: match, find, gmatch, sub, gsub.

local T = ...
local ngx, fn, VM, io_, ffi = T.ngx, T.fn, T.vm, T.io, T.ffi
local text, list, NONE, REFUSED = T.text, T.list, 2, -2
local type, tostring, tonumber, error, setmetatable = type, tostring, tonumber, error, setmetatable
local sub, byte, find, floor, concat = string.sub, string.byte, string.find, math.floor, table.concat
local ints = ffi.typeof('const int32_t *')
local band = require('bit').band

local BITS = { a = 1, i = 2, m = 4, s = 8, x = 16, u = 32, U = 32 + 64, d = 128,
  J = 256, D = 1024, o = 512, j = 0 }
local DUPLICATES = 1024

local parsed = {}
local function flags_of(opts)
  local flags = parsed[opts]
  if flags then return flags end
  flags = 0
  for i = 1, #opts do
    local c = sub(opts, i, i)
    local b = BITS[c]
    if not b then
      T.fail('unknown flag "' .. c .. '" (flags "' .. opts .. '")')
    end
    if c == 'U' then
      if band(flags, 32) == 0 then flags = flags + 32 end
      if band(flags, 64) == 0 then flags = flags + 64 end
    elseif b ~= 0 and band(flags, b) == 0 then
      flags = flags + b
    end
  end
  parsed[opts] = flags
  return flags
end

-- Compiled expressions, by options and pattern; all are forgotten when there are too many.
local cache, cached, CACHE_MAX = {}, 0, T.config.regex_cache or 1024

local function re_compile(pattern, flags) return fn.re_compile(VM, pattern, #pattern, flags) end
local function re_free(number) fn.re_free(VM, number) end

local function forget_all()
  for _, patterns in pairs(cache) do
    for _, re in pairs(patterns) do re.stale = true re_free(re.number) end
  end
  cache, cached = {}, 0
end

local function compile(pattern, opts)
  local flags = flags_of(opts)
  local rc = re_compile(pattern, band(flags, 511))
  if rc ~= 0 then
    if rc == REFUSED then
      return nil, 'pcre2_compile() failed: ' .. text() .. ' in "' .. pattern .. '"'
    end
    T.raise(4)
  end
  local re = { number = io_.m, groups = io_.num, flags = flags, pattern = pattern, opts = opts }
  local names = list()
  if #names > 0 then
    for i = 1, #names do
      local digits, name = names[i]:match('^(%d+)(.*)$')
      names[i] = { name, tonumber(digits) }
    end
    re.names = names
  end
  return re
end

local function compiled(pattern, opts)
  opts = opts or ''
  local patterns = cache[opts]
  local re = patterns and patterns[pattern]
  if re then return re end
  if type(pattern) ~= 'string' then pattern = tostring(pattern) end
  local err
  re, err = compile(pattern, opts)
  if not re then return nil, err end
  if CACHE_MAX == 0 then
    re.once = true
    return re
  end
  if cached >= CACHE_MAX then
    forget_all()
    patterns = nil
  end
  if not patterns then
    patterns = cache[opts]
    if not patterns then patterns = {} cache[opts] = patterns end
  end
  patterns[pattern] = re
  cached = cached + 1
  return re
end

-- One that was forgotten meanwhile is compiled again.
local function number_of(re)
  if re.stale then
    local again = compile(re.pattern, re.opts)
    re.number, re.stale, re.once = again.number, nil, true
  end
  return re.number
end
local function done_with(re)
  if re.once and not re.stale then
    re_free(re.number)
    re.stale = true
  end
end

local function search(number, subject, from)
  return fn.re_search(VM, number, subject, #subject, from)
end
local function search_all(number, subject, from, most)
  return fn.re_search_all(VM, number, subject, #subject, from, most)
end

local function failure()
  return 'pcre_exec() failed: ' .. io_.m
end

-- The groups of the match whose places begin at `at`.
local function captures(re, subject, places, at, count, res)
  res = res or {}
  local n = 0
  for i = 0, re.groups do
    local from = n < count and places[at + n] or -1
    if from >= 0 then
      res[i] = sub(subject, from + 1, places[at + n + 1])
    else
      res[i] = false
    end
    n = n + 2
  end
  local names = re.names
  if names then
    local several = band(re.flags, DUPLICATES) ~= 0
    for i = 1, #names do
      local name, value = names[i][1], res[names[i][2]]
      if several then
        if value then
          local old = res[name]
          if type(old) == 'table' then old[#old + 1] = value else res[name] = { value } end
        end
      else
        res[name] = value
      end
    end
  end
  return res
end

local function position(ctx)
  local pos = ctx and ctx.pos
  if not pos or pos <= 0 then return 0 end
  return floor(pos) - 1
end

local function match(subject, pattern, opts, ctx, res)
  subject = tostring(subject)
  local re, err = compiled(pattern, opts)
  if not re then return nil, err end
  local rc = search(number_of(re), subject, position(ctx))
  if rc ~= 0 then
    local wrong = rc ~= NONE and failure() or nil
    done_with(re)
    return nil, wrong
  end
  local places, count = ffi.cast(ints, io_.p), io_.n
  if ctx then ctx.pos = places[1] + 1 end
  local v = captures(re, subject, places, 0, count, res)
  done_with(re)
  return v
end

local function find_places(subject, pattern, opts, ctx, nth)
  subject = tostring(subject)
  local re, err = compiled(pattern, opts)
  if not re then return nil, nil, err end
  local rc = search(number_of(re), subject, position(ctx))
  if rc ~= 0 then
    local wrong = rc ~= NONE and failure() or nil
    done_with(re)
    return nil, nil, wrong
  end
  local places, count = ffi.cast(ints, io_.p), io_.n
  if ctx then ctx.pos = places[1] + 1 end
  if not nth or nth < 0 then nth = 0 end
  local groups = re.groups
  local from, to
  if nth * 2 < count then from, to = places[nth * 2], places[nth * 2 + 1] end
  done_with(re)
  if nth > groups then return nil, nil, 'nth out of bound' end
  if not from or from < 0 then return nil, nil end
  return from + 1, to
end

local function gmatch_next(self)
  local pos = self.pos
  if not pos then return nil end
  local re, subject = self.re, self.subject
  local rc = search(number_of(re), subject, pos)
  if rc ~= 0 then
    self.pos = nil
    if rc == NONE then
      done_with(re)
      return nil
    end
    local wrong = failure()
    done_with(re)
    return nil, wrong
  end
  local places, count = ffi.cast(ints, io_.p), io_.n
  local from, to = places[0], places[1]
  local res = captures(re, subject, places, 0, count)
  if to == from then to = to + 1 end
  if to > #subject then
    self.pos = nil
    done_with(re)
  else
    self.pos = to
  end
  return res
end

-- What replaces a match: an array of texts and numbers of groups, or nil if it is not one.
local function template_of(replace)
  local out, at, n = {}, 1, #replace
  while true do
    local dollar = find(replace, '$', at, true)
    if not dollar then break end
    if dollar > at then out[#out + 1] = sub(replace, at, dollar - 1) end
    local c = sub(replace, dollar + 1, dollar + 1)
    if c == '$' then
      out[#out + 1] = '$'
      at = dollar + 2
    else
      local s, e, digits = find(replace, '^(%d+)', dollar + 1)
      if not s and c == '{' then
        local close = find(replace, '}', dollar, true)
        if not close then
          local name = replace:match('^[%w_]+', dollar + 2)
          if name then
            return nil, 'the closing bracket in "' .. name .. '" variable is missing'
          end
        end
        s, e, digits = find(replace, '^{(%d+)}', dollar + 1)
        if not s and close and close > dollar + 2 then
          return nil, 'attempt to use named capturing variable "'
            .. sub(replace, dollar + 2, close - 1) .. '" (named captures not supported yet)'
        end
      end
      if not s then
        local name = replace:match('^([%a_][%w_]*)', dollar + 1)
        if name then
          return nil, 'attempt to use named capturing variable "' .. name
            .. '" (named captures not supported yet)'
        end
        return nil, 'lua script: invalid capturing variable name found in "' .. replace .. '"'
      end
      out[#out + 1] = tonumber(digits)
      at = e + 1
    end
  end
  if at <= n then out[#out + 1] = sub(replace, at) end
  return out
end

local templates, template_count = {}, 0
local function template(replace)
  local t = templates[replace]
  if t then return t end
  local err
  t, err = template_of(replace)
  if not t then
    ngx.log(ngx.ERR, err)
    return nil
  end
  if template_count > 1000 then templates, template_count = {}, 0 end
  templates[replace] = t
  template_count = template_count + 1
  return t
end

local BATCH = 128

local function replace_all(subject, pattern, replace, opts, global)
  local re, err = compiled(pattern, opts)
  if not re then return nil, nil, err end
  local call = type(replace) == 'function'
  local parts
  if not call then
    if type(replace) ~= 'string' then replace = tostring(replace) end
    parts = template(replace)
    if not parts then
      done_with(re)
      return nil, nil, 'failed to compile the replacement template'
    end
  end
  subject = tostring(subject)
  local out, n, copied, pos, total = {}, 0, 0, 0, 0
  local length = #subject
  while pos do
    local rc = search_all(number_of(re), subject, pos, global and BATCH or 1)
    if rc ~= 0 then
      if rc ~= NONE then
        local wrong = failure()
        done_with(re)
        return nil, nil, wrong
      end
      break
    end
    local matches, count = io_.m, io_.n
    local width = count / matches
    local found = ffi.new('int32_t[?]', count)    -- a replacement may be another search
    ffi.copy(found, io_.p, count * 4)
    local at = 0
    for _ = 1, matches do
      local from, to = found[at], found[at + 1]
      if from > copied then
        n = n + 1
        out[n] = sub(subject, copied + 1, from)
      end
      if call then
        n = n + 1
        out[n] = tostring(replace(captures(re, subject, found, at, width)))
      else
        for i = 1, #parts do
          local part = parts[i]
          if type(part) == 'number' then
            local k = part * 2
            if k < width and found[at + k] >= 0 then
              n = n + 1
              out[n] = sub(subject, found[at + k] + 1, found[at + k + 1])
            end
          else
            n = n + 1
            out[n] = part
          end
        end
      end
      copied = to
      total = total + 1
      pos = to > from and to or to + 1
      at = at + width
    end
    if not global or matches < BATCH or pos > length then pos = nil end
  end
  done_with(re)
  if total == 0 then return subject, 0 end
  if copied < length then
    n = n + 1
    out[n] = sub(subject, copied + 1)
  end
  return concat(out), total
end

local re = {}
function re.match(subject, pattern, opts, ctx, res)
  local m, err = match(subject, pattern, opts, ctx, res)
  if err then return nil, err end
  return m
end
function re.find(subject, pattern, opts, ctx, nth)
  local from, to, err = find_places(subject, pattern, opts, ctx, nth)
  if err then return nil, nil, err end
  return from, to
end
local iterator = { __call = function(self)
  local m, err = gmatch_next(self)
  if err then return nil, err end
  return m
end }
function re.gmatch(subject, pattern, opts)
  subject = tostring(subject)
  local r, err = compiled(pattern, opts)
  if not r then return nil, err end
  return setmetatable({ re = r, subject = subject, pos = 0 }, iterator)
end
function re.sub(subject, pattern, replace, opts)
  local s, n, err = replace_all(subject, pattern, replace, opts, false)
  if err then return nil, nil, err end
  return s, n
end
function re.gsub(subject, pattern, replace, opts)
  local s, n, err = replace_all(subject, pattern, replace, opts, true)
  if err then return nil, nil, err end
  return s, n
end
ngx.re = re

-- The module ngx.re of lua-resty-core.
package.preload['ngx.re'] = function()
  local M = { version = '0.1.31' }
  function M.opt(option, value)
    if option ~= 'jit_stack_size' then error('unrecognized option name', 2) end
  end
  function M.split(subject, pattern, opts, ctx, max, res)
    subject = tostring(subject)
    max = max or 0
    res = res or {}
    local n = 0
    if #subject == 0 then
      res[1], res[2] = '', nil
      return res
    end
    local r, err = compiled(pattern, opts)
    if not r then return nil, err end
    local pos, copied = position(ctx), position(ctx)
    while pos and pos <= #subject and (max <= 0 or n < max - 1) do
      local rc = search(number_of(r), subject, pos)
      if rc ~= 0 then
        if rc ~= NONE then return nil, failure() end
        break
      end
      local places, count = ffi.cast(ints, io_.p), io_.n
      local from, to = places[0], places[1]
      if to == from then
        from, to = from + 1, to + 1
        if from >= #subject then break end
        to = from
      end
      n = n + 1
      res[n] = sub(subject, copied + 1, from)
      for i = 1, r.groups do
        if i * 2 < count and places[i * 2] >= 0 then
          n = n + 1
          res[n] = sub(subject, places[i * 2] + 1, places[i * 2 + 1])
        end
      end
      copied, pos = to, to
    end
    if ctx then ctx.pos = copied + 1 end
    n = n + 1
    res[n] = sub(subject, copied + 1)
    res[n + 1] = nil
    done_with(r)
    return res
  end
  return M
end
