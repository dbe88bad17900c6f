-- fence(epoch): names one uninterrupted life of this Redis master's data, as 12 hex digits (48 bits: it tells accidents apart, a claim's signature keeps liars out).
-- Prepended to each script that needs it. Three values, each of which some accident changes:
--   run_id         a restart of the process, with or without AOF
--   master_replid  every promotion; the two sides of a split differ
--   epoch          FLUSHALL and FLUSHDB, which change neither of the others
local function fence(epoch)
  local run_id = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
  local replid = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
  return string.sub(redis.sha1hex(run_id .. ':' .. replid .. ':' .. epoch), 1, 12)
end

-- now(): this server's clock in Unix milliseconds.
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
