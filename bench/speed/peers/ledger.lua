-- The ledger's protocol from nginx: the same burn script by EVALSHA over connections that are kept, on
-- the same keys, and the `finished` event afterwards. How a nonce finds its set is packages/shared's
-- redis-keys.ts; the settings hand over its constants and the script, so that nothing can drift apart.
local base64 = require 'ngx.base64'
local ffi = require 'ffi'
local format = string.format
require 'table.new'

local TIMEOUT_MS, IDLE_MS, POOL = 1000, 60000, 256
local FLUSH_SECONDS = 0.01
local DIGITS = '0123456789abcdefghijklmnopqrstuvwxyz'

local M = {}
local settings, head, record_head
local events = {}

local function base36(number)
  local text = ''
  repeat
    local digit = number % 36
    text = DIGITS:sub(digit + 1, digit + 1) .. text
    number = (number - digit) / 36
  until number == 0
  return text
end

local function bulk(text)
  return '$' .. #text .. '\r\n' .. text .. '\r\n'
end

-- One RESP2 value; an error reply is nil and its text.
local function read_reply(socket)
  local line, failure = socket:receive()
  if not line then return nil, failure end
  local kind, rest = line:sub(1, 1), line:sub(2)
  if kind == '-' then return nil, rest end
  if kind == ':' then return tonumber(rest) end
  if kind == '+' then return rest end
  local length = tonumber(rest)
  if kind == '$' then
    local text = length >= 0 and socket:receive(length + 2)
    return text and text:sub(1, -3)
  end
  local values = {}
  for i = 1, length do values[i] = read_reply(socket) end
  return values
end

local function connect()
  local socket = ngx.socket.tcp()
  socket:settimeouts(TIMEOUT_MS, TIMEOUT_MS, TIMEOUT_MS)
  local connected = socket:connect('127.0.0.1', settings.redis_port, { pool_size = POOL })
  return connected and socket
end

function M.open(read)
  settings = read
  local function begin(keys, parts)
    return '*' .. parts .. '\r\n' .. bulk('EVALSHA') .. bulk(settings.burn_sha) .. bulk(keys)
      .. bulk(settings.prefix .. 'epoch') .. bulk(settings.prefix .. 'events')
  end
  head = { with_session = begin('11', 22), without_session = begin('10', 21) }
  record_head = '*12\r\n' .. bulk('XADD') .. bulk(settings.prefix .. 'events') .. bulk('MAXLEN') .. bulk('~')
    .. bulk(settings.max_events) .. bulk('*') .. bulk('kind')
end

-- What the burn script says, or 'ledger-unavailable' for everything that is not certain.
function M.burn(claim)
  local nonce = base64.decode_base64url(claim.jti)
  if not nonce or #nonce ~= 16 then return 'invalid-claim' end
  local a, b, c, d = nonce:byte(9, 12)
  local set = a + b * 256 + c * 65536 + d * 16777216
  local member = tostring(ffi.cast('const int64_t *', ffi.cast('const char *', nonce))[0]):sub(1, -3)
  local expire_at = math.ceil(claim.forget_at / 60000) * 60
  local prefix = settings.prefix
  local burned = prefix .. 'burned:' .. base36(expire_at / 60) .. ':'
  local sets = settings.level_sets
  local session = claim.ses
  local request = table.new(24, 0)
  request[1] = head[session and 'with_session' or 'without_session']
  for level = 1, 4 do request[level + 1] = bulk(burned .. (level - 1) .. ':' .. base36(set % sets[level])) end
  request[6] = bulk(prefix .. 'copy:' .. claim.jti)
  request[7] = bulk(prefix .. 'revoked:claim:' .. claim.jti)
  request[8] = bulk(prefix .. 'revoked:account:' .. claim.sub)
  request[9] = bulk(prefix .. 'revoked:file:' .. claim.fil.key)
  request[10] = session and bulk(prefix .. 'revoked:session:' .. session) or ''
  request[11] = bulk(claim.fen)
  request[12] = bulk(format('%d', ngx.now() * 1000 + TIMEOUT_MS))
  request[13] = bulk(format('%d', claim.forget_at))
  request[14] = bulk(format('%d', claim.issued_at))
  request[15] = bulk(claim.jti)
  request[16] = bulk(member)
  request[17] = bulk(format('%d', expire_at))
  request[18] = bulk(settings.max_events)
  local socket = connect()
  if not socket then return 'ledger-unavailable' end
  if not socket:send(request) then return 'ledger-unavailable' end
  local reply = read_reply(socket)
  if type(reply) ~= 'table' then return 'ledger-unavailable' end
  socket:setkeepalive(IDLE_MS, POOL)
  return reply[1] == 'late' and 'ledger-unavailable' or reply[1]
end

function M.record(claim, bytes, complete)
  events[#events + 1] = record_head .. bulk(complete and 'finished' or 'broken-off') .. bulk('claim')
    .. bulk(claim) .. bulk('bytes') .. bulk(bytes)
end

local function flush(premature)
  if premature or #events == 0 then return end
  local socket, sending = connect(), events
  if not socket then return end
  events = {}
  if not socket:send(sending) then return end
  for _ = 1, #sending do
    if not read_reply(socket) then return end
  end
  socket:setkeepalive(IDLE_MS, POOL)
end

function M.start()
  assert(ngx.timer.every(FLUSH_SECONDS, flush))
end

return M
