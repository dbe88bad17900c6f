-- Runs several burns, settlements and events in their order, in one call: whatever came to one server at about
-- the same time shares what a call costs and what INFO costs, and nothing of the decisions. Put after burn.lua and
-- settle.lua, each made a function of its KEYS and ARGV.
-- KEYS  1 epoch   2 event stream   then what each needs, in order: a burn the nonce's set on each level, the copy's
--       record if its claim is resumable, its revocation marks; a settlement the copy's record; an event nothing
-- ARGV  1 deadline of the burns, ms of this server's clock   2 about how many events the stream keeps
--       3 how long a copy's record lives unused, ms   4 how long in all, ms
--       5… a text each, parts separated by a space, as the ARGV of burn.lua and settle.lua:
--         burn MARKS FENCE FORGET ISSUED NONCE MEMBER EXPIRES, for a resumable claim BUDGET PAY BEGIN LEFT
--         settle FENCE NONCE REFUND FIRST BYTES WHOLE
--         event KIND NONCE BYTES
-- Returns { clock in ms, a text each: 'OUTCOME:PAID:OPEN' of a burn, else 'done', or '!' and what was wrong }
-- A burn that raises an error ends the call, so that the client hears it: then none of the burns is granted.
local LEVELS = 4

local living = life()
if not living then return not_the_master() end
-- It cannot change while a script runs.
life = function() return living end

local replies = { now() }
local epoch, events = KEYS[1], KEYS[2]
local at = 2
local function next_key()
  at = at + 1
  return KEYS[at]
end

local run = {}

function run.burn(marks, fence, forget, issued, nonce, member, expires, budget, bytes, begin, left)
  local keys = { epoch, events }
  for level = 1, LEVELS do keys[#keys + 1] = next_key() end
  keys[#keys + 1] = budget and next_key() or ''
  for mark = 1, marks do keys[#keys + 1] = next_key() end
  local outcome = burn(keys, { fence, ARGV[1], forget, issued, nonce, member, expires, ARGV[2], budget, bytes, begin,
    ARGV[3], ARGV[4], left })
  return string.format('%s:%.0f:%.0f', outcome[1], outcome[3] or 0, outcome[4] or 0)
end

-- What is wrong with one of these two is told of it alone: burns must not fail by it.
local function guarded(act, ...)
  local ok, wrong = pcall(act, ...)
  return ok and 'done' or '!' .. (type(wrong) == 'table' and wrong.err or tostring(wrong))
end

function run.settle(fence, nonce, refund, first, bytes, whole)
  return guarded(settle, { epoch, events, next_key() }, { fence, nonce, ARGV[2], refund, first, bytes, ARGV[3], whole })
end

function run.event(kind, nonce, bytes)
  return guarded(redis.call, 'XADD', events, 'MAXLEN', '~', ARGV[2], '*', 'kind', kind, 'claim', nonce, 'bytes', bytes)
end

for i = 5, #ARGV do
  local parts = {}
  for part in string.gmatch(ARGV[i], '%S+') do parts[#parts + 1] = part end
  replies[#replies + 1] = run[parts[1]](unpack(parts, 2))
end
return replies
