-- Burns a claim's nonce, at most once in the life of this ledger. The only place that decides.
-- KEYS  1 epoch   2 event stream   3 to 6 the nonce's set on each level   7… revocation marks
-- ARGV  1 the claim's fence
--       2 deadline, ms of this server's clock: the caller gives up then, so a burn that was stuck in
--         a stopped server's socket must do nothing when it wakes
--       3 when the burn may be forgotten, Unix ms; later than any verifier accepts the claim
--       4 when the claim was issued, Unix ms
--       5 the nonce, for the event   6 its 64-bit member   7 when its sets expire, Unix s, after ARGV 3
--       8 about how many events the stream keeps
-- Returns { outcome, clock in ms }
--
-- Sets of integers stay packed (8 bytes a nonce) up to FULL members, so a nonce goes into the first level
-- whose set has room. Sets only ever grow until all of a minute expire: a nonce that was burned is
-- in a full set of a lower level, or in the first one that has room. The last level has always room.
local FULL = 511
local LAST = 6

local clock = now()
if clock > tonumber(ARGV[2]) then return { 'late', clock } end
local living = life()
if not living then return not_the_master() end
if redis.call('GET', KEYS[1]) ~= ARGV[1] .. ':' .. living then return { 'superseded', clock } end
-- From here on this server may have forgotten the burn: refuse by its own clock, so that no verifier's
-- clock, however wrong, can bring a forgotten nonce back.
if clock >= tonumber(ARGV[3]) then return { 'expired', clock } end

if #KEYS > LAST then
  local marks = redis.call('MGET', unpack(KEYS, LAST + 1))
  for i = 1, #marks do
    if marks[i] and tonumber(ARGV[4]) <= tonumber(marks[i]) then
      for level = 3, LAST do
        if redis.call('SISMEMBER', KEYS[level], ARGV[6]) == 1 then return { 'already-used', clock } end
      end
      return { 'revoked', clock }
    end
  end
end

local level, members = 3, redis.call('SCARD', KEYS[3])
while members >= FULL and level < LAST do
  if redis.call('SISMEMBER', KEYS[level], ARGV[6]) == 1 then return { 'already-used', clock } end
  level = level + 1
  members = redis.call('SCARD', KEYS[level])
end
if redis.call('SADD', KEYS[level], ARGV[6]) == 0 then return { 'already-used', clock } end
if members == 0 then redis.call('EXPIREAT', KEYS[level], ARGV[7]) end
redis.pcall('XADD', KEYS[2], 'MAXLEN', '~', ARGV[8], '*', 'kind', 'started', 'claim', ARGV[5], 'bytes', '0')
return { 'burned', clock }
