-- What the scripts share that count the bytes of resumable copies. A copy's record is a hash that fits into
-- one packed block; it dies by itself when it has been idle too long, or is too old.
--   spent  bytes paid for and not given back       open  responses that are being sent
--   whole  1 once a response has brought the whole file
--   over   when the copy ends at the latest, Unix ms   told  when progress was last told, Unix ms

-- read_copy(key): the record, or nil.
local function read_copy(key)
  local fields = redis.call('HMGET', key, 'spent', 'open', 'over', 'told', 'whole')
  if not fields[1] then return nil end
  return { spent = tonumber(fields[1]), open = tonumber(fields[2]), over = tonumber(fields[3]), told = tonumber(fields[4]),
    whole = fields[5] == '1' }
end

-- keep_copy(key, copy, clock, idle): writes it, to live for `idle` ms more.
local function keep_copy(key, copy, clock, idle)
  local function text(number) return string.format('%.0f', number) end
  redis.call('HSET', key, 'spent', text(copy.spent), 'open', text(copy.open), 'over', text(copy.over), 'told', text(copy.told),
    'whole', copy.whole and '1' or '0')
  redis.call('PEXPIREAT', key, text(math.min(clock + tonumber(idle), copy.over)))
end

-- pay(copy, limit, wanted): takes up to `wanted` bytes off what is left of the budget, and returns how many.
local function pay(copy, limit, wanted)
  local paid = math.max(0, math.min(tonumber(wanted), tonumber(limit) - copy.spent))
  copy.spent = copy.spent + paid
  return paid
end

-- is_revoked(keys, first, issued, copy): whether a mark in `keys` from `first` on kills what was issued then. A
-- mark holds two instants, "<unburned>:<all>": a claim whose copy has begun is killed by the second only.
local function is_revoked(keys, first, issued, copy)
  if #keys < first then return false end
  for _, mark in ipairs(redis.call('MGET', unpack(keys, first))) do
    if mark then
      local unburned, all = string.match(mark, '^(%d+):(%d+)$')
      if tonumber(issued) <= tonumber(copy and all or unburned) then return true end
    end
  end
  return false
end

-- tell(stream, most, kind, nonce, open, first, bytes): an event; a stream that cannot take it stops nobody.
local function tell(stream, most, kind, nonce, open, first, bytes)
  redis.pcall('XADD', stream, 'MAXLEN', '~', most, '*', 'kind', kind, 'claim', nonce, 'open', open,
    'first', first or '0', 'bytes', bytes or '0')
end
