-- Adds a session in one step with the room that it needs. Those of the same remembered browser give it their place.
-- KEYS  1 the account's sessions   2 the new one
-- ARGV  1 prefix of a session's key, in the same slot   2 hash of the new one's id   3 the new one, JSON
--       4 when it begins, Unix ms   5 its life, ms   6 idle life, ms   7 whole life, ms
--       8 how many the account may have   9 'end-oldest' or 'refuse'   10 reference of the one whose place it takes
-- Returns '1' and the sessions that ended for it, JSON; or '0' when there was no room
local at, idle, life, most = tonumber(ARGV[4]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local browser = cjson.decode(ARGV[3]).rememberedId
local others, ended, over = {}, {}, {}
for _, hash in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local text = redis.call('GET', ARGV[1] .. hash)
  local session = text and cjson.decode(text)
  if not session or math.min(session.lastSeenAtMs + idle, session.createdAtMs + life) <= at then
    over[#over + 1] = hash
  elseif session.reference == ARGV[10] or browser ~= cjson.null and session.rememberedId == browser then
    ended[#ended + 1] = { hash, text }
  else
    others[#others + 1] = { hash, text }
  end
end
local too_many = #others + 1 - most
if too_many > 0 and ARGV[9] == 'refuse' then return { '0' } end
for i = 1, too_many do ended[#ended + 1] = others[i] end
local reply = { '1' }
for _, each in ipairs(ended) do
  redis.call('DEL', ARGV[1] .. each[1])
  redis.call('ZREM', KEYS[1], each[1])
  reply[#reply + 1] = each[2]
end
for _, hash in ipairs(over) do
  redis.call('DEL', ARGV[1] .. hash)
  redis.call('ZREM', KEYS[1], hash)
end
redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[5])
redis.call('ZADD', KEYS[1], ARGV[4], ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[7])
return reply
