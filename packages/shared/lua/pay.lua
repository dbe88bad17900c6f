-- Pays for more bytes of a copy, for a response that is being sent; asked for none, only keeps its record
-- alive. Tells progress now and then.
-- KEYS  1 epoch   2 event stream   3 the copy's record   4… revocation marks
-- ARGV  1 the claim's fence   2 deadline, ms of this server's clock   3 when the claim was issued, Unix ms
--       4 the nonce   5 about how many events the stream keeps   6 bytes that may ever be sent for the claim
--       7 bytes to pay for   8 first byte of the response   9 bytes of it sent so far
--       10 how long the record lives unused, ms
-- Returns { outcome, clock in ms, bytes paid for, responses now open }
local TELL_EVERY_MS = 1000

local clock = now()
if clock > tonumber(ARGV[2]) then return { 'late', clock, 0, 0 } end
local living = life()
if not living then return not_the_master() end
if redis.call('GET', KEYS[1]) ~= ARGV[1] .. ':' .. living then return { 'superseded', clock, 0, 0 } end
local copy = read_copy(KEYS[3])
if not copy then return { 'over', clock, 0, 0 } end
if is_revoked(KEYS, 4, ARGV[3], copy) then return { 'revoked', clock, 0, copy.open } end
local paid = pay(copy, ARGV[6], ARGV[7])
if clock - copy.told >= TELL_EVERY_MS then
  tell(KEYS[2], ARGV[5], 'sending', ARGV[4], copy.open, ARGV[8], ARGV[9])
  copy.told = clock
end
keep_copy(KEYS[3], copy, clock, ARGV[10])
if paid == 0 and tonumber(ARGV[7]) > 0 then return { 'spent', clock, 0, copy.open } end
return { 'paid', clock, paid, copy.open }
