-- Closes a response of a copy: gives back what was paid for and not sent, and tells what was sent. In another
-- life of the data there is nothing to give back, and the event is told all the same.
-- KEYS  1 epoch   2 event stream   3 the copy's record
-- ARGV  1 the claim's fence   2 the nonce   3 about how many events the stream keeps
--       4 bytes paid for and not sent; negative when more were sent, while the ledger was away
--       5 first byte of the response   6 bytes of it sent   7 how long the record lives unused, ms
--       8 '1' when it has brought the whole file
-- Returns clock in ms
local clock = now()
local living = life()
if not living then return not_the_master() end
local copy = redis.call('GET', KEYS[1]) == ARGV[1] .. ':' .. living and read_copy(KEYS[3])
if copy then
  copy.spent = math.max(0, copy.spent - tonumber(ARGV[4]))
  copy.open = math.max(0, copy.open - 1)
  copy.told = clock
  copy.whole = copy.whole or ARGV[8] == '1'
  keep_copy(KEYS[3], copy, clock, ARGV[7])
end
tell(KEYS[2], ARGV[3], 'sent', ARGV[2], copy and copy.open or 0, ARGV[5], ARGV[6])
return clock
