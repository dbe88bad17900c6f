-- Ends sessions by their public references: a session may have got another id since it was read.
-- KEYS  1 the account's sessions
-- ARGV  1 prefix of a session's key, in the same slot   2… the references
-- Returns how many were ended
local ended = {}
for i = 2, #ARGV do ended[ARGV[i]] = true end
local count = 0
for _, hash in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local text = redis.call('GET', ARGV[1] .. hash)
  if text and ended[cjson.decode(text).reference] then
    redis.call('DEL', ARGV[1] .. hash)
    redis.call('ZREM', KEYS[1], hash)
    count = count + 1
  end
end
return count
