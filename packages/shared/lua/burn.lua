-- Burns a claim's nonce, at most once in the life of this ledger. The only place that decides. For a resumable
-- claim it also opens the responses that finish its copy: the record of a copy is made here and nowhere else.
-- KEYS  1 epoch   2 event stream   3 to 6 the nonce's set on each level   7 the copy's record
--       8… revocation marks
-- ARGV  1 the claim's fence
--       2 deadline, ms of this server's clock: the caller gives up then, so a burn that was stuck in
--         a stopped server's socket must do nothing when it wakes
--       3 when the burn may be forgotten, Unix ms; later than any verifier accepts the claim
--       4 when the claim was issued, Unix ms
--       5 the nonce, for the event   6 its 64-bit member   7 when its sets expire, Unix s, after ARGV 3
--       8 about how many events the stream keeps
--       Only for a resumable claim:
--       9 bytes that may ever be sent for it   10 bytes to pay for now   11 '1' if a copy may still begin
--       12 how long the record lives unused, ms   13 how long in all, ms   14 bytes that must be left
--       once a response has brought the whole file
-- Returns { outcome, clock in ms, and for 'burned' and 'resumed': bytes paid for, responses now open }
--
-- Sets of integers stay packed (8 bytes a nonce) up to FULL members, so a nonce goes into the first level
-- whose set has room. Sets only ever grow until all of a minute expire: a nonce that was burned is
-- in a full set of a lower level, or in the first one that has room. The last level has always room.
local FULL = 511
local LAST = 6
local COPY = 7

local clock = now()
if clock > tonumber(ARGV[2]) then return { 'late', clock } end
local living = life()
if not living then return not_the_master() end
if redis.call('GET', KEYS[1]) ~= ARGV[1] .. ':' .. living then return { 'superseded', clock } end

local copy = ARGV[9] and read_copy(KEYS[COPY])
-- From here on this server may have forgotten the burn: refuse by its own clock, so that no verifier's
-- clock, however wrong, can bring a forgotten nonce back. A copy's own record is what it remembers instead.
if not copy and clock >= tonumber(ARGV[3]) then return { 'expired', clock } end

local function is_burned()
  for level = 3, LAST do
    if redis.call('SISMEMBER', KEYS[level], ARGV[6]) == 1 then return true end
  end
  return false
end

if is_revoked(KEYS, COPY + 1, ARGV[4], copy) then
  if not copy and is_burned() then return { 'already-used', clock } end
  return { 'revoked', clock }
end

if copy then
  -- Better told now than cut off in the middle.
  local least = copy.whole and math.max(1, tonumber(ARGV[14])) or 1
  if copy.spent + least > tonumber(ARGV[9]) then return { 'already-used', clock } end
  local paid = pay(copy, ARGV[9], ARGV[10])
  copy.open = copy.open + 1
  if copy.open == 1 then
    tell(KEYS[2], ARGV[8], 'resumed', ARGV[5], copy.open)
    copy.told = clock
  end
  keep_copy(KEYS[COPY], copy, clock, ARGV[12])
  return { 'resumed', clock, paid, copy.open }
end
if ARGV[11] == '0' then return { is_burned() and 'already-used' or 'expired', clock } end

local level, members = 3, redis.call('SCARD', KEYS[3])
while members >= FULL and level < LAST do
  if redis.call('SISMEMBER', KEYS[level], ARGV[6]) == 1 then return { 'already-used', clock } end
  level = level + 1
  members = redis.call('SCARD', KEYS[level])
end
if redis.call('SADD', KEYS[level], ARGV[6]) == 0 then return { 'already-used', clock } end
if members == 0 then redis.call('EXPIREAT', KEYS[level], ARGV[7]) end
if not ARGV[9] then
  tell(KEYS[2], ARGV[8], 'started', ARGV[5], 1)
  return { 'burned', clock }
end
copy = { spent = 0, open = 1, over = clock + tonumber(ARGV[13]), told = clock }
local paid = pay(copy, ARGV[9], ARGV[10])
keep_copy(KEYS[COPY], copy, clock, ARGV[12])
tell(KEYS[2], ARGV[8], 'started', ARGV[5], copy.open)
return { 'burned', clock, paid, copy.open }
