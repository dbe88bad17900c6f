-- What the scripts share; put before each of them. How fence and life work: docs/ledger.md.
-- life(): names what this server's data has lived through since its newest burn: LAYOUT, which changes when
--   burned nonces are kept in another way, and master_replid, which every start of a master and every
--   promotion draws anew. nil on a replica. The epoch key holds "<fence>:<life>"; FLUSHALL takes it away.
local LAYOUT = '3'
local function life()
  local info = redis.call('INFO', 'replication')
  if not string.find(info, 'role:master', 1, true) then return nil end
  local _, before = string.find(info, 'master_replid:', 1, true)
  return LAYOUT .. ':' .. string.sub(info, before + 1, before + 40)
end

-- Spelt so that a client takes the server for what it is, and looks for the master.
local function not_the_master()
  return redis.error_reply('READONLY the ledger needs the master, this is a replica')
end

-- now(): this server's clock in Unix milliseconds.
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
