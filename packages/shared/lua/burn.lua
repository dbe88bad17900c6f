-- Burns a claim's nonce, at most once in the life of this ledger. The only place that decides.
-- KEYS  1 epoch   2 the burned nonce   3 event stream   4… revocation marks of the claim's subjects
-- ARGV  1 the claim's fence
--       2 deadline, ms of this server's clock: the caller gives up then, so a burn that was stuck in
--         a stopped server's socket must do nothing when it wakes
--       3 when the burn may be forgotten, Unix ms; later than any verifier accepts the claim
--       4 when the claim was issued, Unix ms
--       5 the nonce, for the event
-- Returns { outcome, clock in ms }
local clock = now()
if clock > tonumber(ARGV[2]) then return { 'late', clock } end

local epoch = redis.call('GET', KEYS[1])
if not epoch or fence(epoch) ~= ARGV[1] then return { 'superseded', clock } end
if redis.call('EXISTS', KEYS[2]) == 1 then return { 'already-used', clock } end
-- From here on this server has, or soon will have, forgotten the burn: refuse by its own clock, so
-- that no verifier's clock, however wrong, can bring a forgotten nonce back.
if clock >= tonumber(ARGV[3]) then return { 'expired', clock } end
for i = 4, #KEYS do
  local minted_before = redis.call('GET', KEYS[i])
  if minted_before and tonumber(ARGV[4]) <= tonumber(minted_before) then return { 'revoked', clock } end
end

if not redis.call('SET', KEYS[2], '1', 'NX', 'PXAT', ARGV[3]) then return { 'already-used', clock } end
redis.pcall('XADD', KEYS[3], 'MAXLEN', '~', '100000', '*', 'kind', 'started', 'claim', ARGV[5], 'bytes', '0')
return { 'burned', clock }
