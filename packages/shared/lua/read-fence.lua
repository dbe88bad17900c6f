-- Reads the fence, starting a new epoch when there is none (a fresh or flushed database).
-- KEYS  1 epoch
-- ARGV  1 random text, the epoch if one must be started
-- Returns { fence, clock in ms }
redis.call('SET', KEYS[1], ARGV[1], 'NX')
return { fence(redis.call('GET', KEYS[1])), now() }
