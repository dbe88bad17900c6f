-- Tells what has become of a resumable claim, and changes nothing.
-- KEYS  1 epoch   2 the copy's record   3… the nonce's set on each level
-- ARGV  1 the claim's fence   2 when its burn may be forgotten, Unix ms   3 its 64-bit member
-- Returns { state, clock in ms }
local clock = now()
local living = life()
if not living then return not_the_master() end
if redis.call('GET', KEYS[1]) ~= ARGV[1] .. ':' .. living then return { 'superseded', clock } end
if redis.call('HMGET', KEYS[2], 'spent')[1] then return { 'under-way', clock } end
if clock >= tonumber(ARGV[2]) then return { 'forgotten', clock } end
for set = 3, #KEYS do
  if redis.call('SISMEMBER', KEYS[set], ARGV[3]) == 1 then return { 'over', clock } end
end
return { 'unburned', clock }
