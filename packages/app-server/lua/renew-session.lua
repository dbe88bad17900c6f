-- Gives a session another id, unless it has been ended since it was read: then nothing is made.
-- KEYS  1 the account's sessions   2 the session under its old id   3 under its new one
-- ARGV  1 hash of the old id   2 of the new one   3 the session, JSON   4 its life, ms   5 when it began, Unix ms
-- Returns 1, or 0 when the session is gone
if not redis.call('GET', KEYS[2]) then return 0 end
redis.call('DEL', KEYS[2])
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('SET', KEYS[3], ARGV[3], 'PX', ARGV[4])
redis.call('ZADD', KEYS[1], ARGV[5], ARGV[2])
return 1
