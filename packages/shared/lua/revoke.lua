-- Marks a subject as revoked. A mark is only ever widened: the latest instant and life win.
-- KEYS  1 revocation mark
-- ARGV  1 claims issued at or before this are revoked, Unix ms   2 when the mark may be forgotten, Unix ms
-- Returns clock in ms
local minted_before = redis.call('GET', KEYS[1])
local until_ms = ARGV[2]
if minted_before then
  until_ms = math.max(tonumber(until_ms), redis.call('PEXPIRETIME', KEYS[1]))
  minted_before = math.max(tonumber(ARGV[1]), tonumber(minted_before))
end
redis.call('SET', KEYS[1], string.format('%.0f', minted_before or ARGV[1]), 'PXAT', string.format('%.0f', until_ms))
return now()
