-- Reads the fence. Draws a new one when there is none (a fresh or flushed database), or when the one
-- that is stored was drawn in another life of the data.
-- KEYS  1 epoch
-- ARGV  1 random text, the fence if a new one must be drawn
-- Returns { fence, clock in ms }
local living = life()
if not living then return not_the_master() end
local epoch = redis.call('GET', KEYS[1])
local colon = epoch and string.find(epoch, ':', 1, true)
if colon and string.sub(epoch, colon + 1) == living then return { string.sub(epoch, 1, colon - 1), now() } end
redis.call('SET', KEYS[1], ARGV[1] .. ':' .. living)
return { ARGV[1], now() }
