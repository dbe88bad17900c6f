-- Marks a subject as revoked. A mark is only ever widened: the latest instants and life win.
-- KEYS  1 revocation mark: "<claims issued until then, Unix ms>:<the same, for claims whose copy has begun>"
-- ARGV  1 and 2 these instants   3 when the mark may be forgotten, Unix ms
-- Returns clock in ms
local unburned, all, until_ms = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local mark = redis.call('GET', KEYS[1])
if mark then
  local earlier_unburned, earlier_all = string.match(mark, '^(%d+):(%d+)$')
  unburned = math.max(unburned, tonumber(earlier_unburned))
  all = math.max(all, tonumber(earlier_all))
  until_ms = math.max(until_ms, redis.call('PEXPIRETIME', KEYS[1]))
end
redis.call('SET', KEYS[1], string.format('%.0f:%.0f', unburned, all), 'PXAT', string.format('%.0f', until_ms))
return now()
