-- Tells whether this server is fit to be a ledger: runs each command that the caller's scripts need on
-- a scratch key, and leaves nothing behind. Sent by key, so that in a cluster the owner of the slot answers.
-- KEYS  1 scratch key
-- ARGV  1 'replication-id', or 'stored-epoch' where INFO is not to be asked
--       2… further commands to try: 'SET', 'PEXPIRETIME'
-- Returns { clock in ms, INFO text, names of commands that may not be run… }
local info = ''
local refused = {}
local function try(name, ...)
  local reply = redis.pcall(name, ...)
  if type(reply) ~= 'table' or not reply.err then return reply end
  -- The first is how Redis 7.0 says it inside a script, the second is its usual way.
  if string.find(reply.err, "executing the script can't", 1, true) or string.find(reply.err, 'NOPERM', 1, true) then
    refused[#refused + 1] = name
    return nil
  end
  error(reply.err)
end

if ARGV[1] == 'replication-id' then
  for _, section in ipairs({ 'server', 'memory', 'replication' }) do info = info .. (try('INFO', section) or '') .. '\n' end
end
local wanted = {}
for i = 2, #ARGV do wanted[ARGV[i]] = true end
try('GET', KEYS[1])
try('MGET', KEYS[1])
try('SCARD', KEYS[1])
try('SISMEMBER', KEYS[1], '1')
try('HMGET', KEYS[1], 'a')
-- What writes is tried on a server that takes writes, and writes nothing: no member, no entry, no life.
if wanted.PEXPIRETIME then try('PEXPIRETIME', KEYS[1]) end
if not string.find(info, 'role:slave', 1, true) then
  try('XADD', KEYS[1], 'NOMKSTREAM', '*', 'a', 'b')
  if wanted.SET then try('SET', KEYS[1], '1', 'XX') end
  if wanted.HSET and try('PEXPIREAT', KEYS[1], '1') and try('HSET', KEYS[1], 'a', '1') then
    redis.call('PEXPIREAT', KEYS[1], '1')
  end
  -- First whether it may be made to expire, then make it: in the past, so that it is gone at once.
  if try('EXPIREAT', KEYS[1], '1') and try('SADD', KEYS[1], '1') then redis.call('EXPIREAT', KEYS[1], '1') end
end
local time = redis.call('TIME')
return { time[1] * 1000 + math.floor(time[2] / 1000), info, unpack(refused) }
