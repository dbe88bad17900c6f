-- The native peer: verifies a claim, burns it by the ledger's own script and hands the file to nginx's
-- static handler, all inside the nginx worker. The same checks as the download server, in its order; docs/speed.md
-- says what it leaves out. `open` is called once a worker with the settings that nginx-lua.mjs wrote.
local base64 = require 'ngx.base64'
local cjson = require 'cjson'
local files = require 'files'
local ledger = require 'ledger'
local nkeys = require 'table.nkeys'
local byte, find, sub = string.byte, string.find, string.sub

local MAX_TOKEN, MAX_LIFE, TOLERANCE, MARGIN = 4096, 900, 5, 60
local FIELDS = { 'iss', 'aud', 'sub', 'jti', 'iat', 'exp', 'fen', 'act', 'mod' }
local FILE_FIELDS = { 'key', 'name', 'type', 'sha256' }
local STATUS = {
  ['invalid-claim'] = 403, expired = 410, ['already-used'] = 410, revoked = 410, superseded = 410,
  ['file-missing'] = 404, ['file-changed'] = 409, ['not-in-advance'] = 503,
  ['ledger-unavailable'] = 503, ['method-not-allowed'] = 405,
}

local M = {}
local settings, keys, ed25519 = nil, {}, nil

local function refuse(code)
  ngx.status = STATUS[code]
  ngx.header['Content-Type'] = 'application/problem+json'
  ngx.header['Cache-Control'] = 'no-store'
  ngx.print('{"type":"urn:claimcheck:problem:', code, '","status":', STATUS[code], '}')
  return ngx.exit(STATUS[code])
end

-- Length of a piece in eight bytes, least significant first, and the piece (PASETO, PAE).
local function piece(text)
  local length = #text
  return string.char(length % 256, math.floor(length / 256), 0, 0, 0, 0, 0, 0) .. text
end

local FOUR_PIECES_AND_HEADER = string.char(4, 0, 0, 0, 0, 0, 0, 0) .. piece('v4.public.')
local EMPTY = piece('')

local function all_text(value, names)
  for i = 1, #names do
    if type(value[names[i]]) ~= 'string' then return false end
  end
  return true
end

-- Every field that has to be there, of its type, and no other one.
local function well_shaped(claim)
  if type(claim) ~= 'table' or not all_text(claim, FIELDS) or type(claim.fil) ~= 'table' then return false end
  local file, session = claim.fil, claim.ses
  if session ~= nil and type(session) ~= 'string' then return false end
  if nkeys(claim) ~= (session and 11 or 10) or nkeys(file) ~= 6 then return false end
  return all_text(file, FILE_FIELDS) and #file.sha256 == 43 and type(file.size) == 'number' and type(file.mtime) == 'number'
end

-- A decimal number of `count` digits in `text` from `at` on, or NaN, which no comparison is true of.
local function digits(text, at, count)
  local number = 0
  for i = at, at + count - 1 do
    local digit = byte(text, i) - 48
    if digit < 0 or digit > 9 then return 0 / 0 end
    number = number * 10 + digit
  end
  return number
end

-- Unix seconds of an RFC 3339 instant in UTC with whole seconds; NaN when it is not one.
local function seconds_of(text)
  if #text ~= 20 or byte(text, 11) ~= 84 or byte(text, 20) ~= 90 then return 0 / 0 end
  local y, m, d = digits(text, 1, 4), digits(text, 6, 2), digits(text, 9, 2)
  if m <= 2 then y, m = y - 1, m + 12 end
  local days = 365 * y + math.floor(y / 4) - math.floor(y / 100) + math.floor(y / 400)
    + math.floor((153 * (m - 3) + 2) / 5) + d - 719469
  return days * 86400 + digits(text, 12, 2) * 3600 + digits(text, 15, 2) * 60 + digits(text, 18, 2)
end

local function storage_key(key)
  if #key == 0 or #key > 512 or key:find('[%z\1-\31\127\\]') then return false end
  local from = 1
  repeat
    local slash = find(key, '/', from, true)
    local segment = sub(key, from, slash and slash - 1)
    if segment == '' or segment == '.' or segment == '..' or #segment > 255 then return false end
    from = slash and slash + 1
  until not from
  return true
end

-- The claim of a token, or nil and why it is refused.
local function verify(token, now)
  if #token > MAX_TOKEN then return nil, 'invalid-claim' end
  local dot = sub(token, 1, 10) == 'v4.public.' and find(token, '.', 11, true)
  if not dot then return nil, 'invalid-claim' end
  local payload = base64.decode_base64url(sub(token, 11, dot - 1))
  local footer = base64.decode_base64url(sub(token, dot + 1))
  if not payload or not footer or #payload <= 64 then return nil, 'invalid-claim' end
  local read, named = pcall(cjson.decode, footer)
  local key = read and type(named) == 'table' and keys[named.kid]
  if not key then return nil, 'invalid-claim' end
  local message, signature = sub(payload, 1, -65), sub(payload, -64)
  local signed = FOUR_PIECES_AND_HEADER .. piece(message) .. piece(footer) .. EMPTY
  if not ed25519.verify(key, signature, signed) then
    return nil, 'invalid-claim'
  end
  local parsed, claim = pcall(cjson.decode, message)
  if not parsed or not well_shaped(claim) then return nil, 'invalid-claim' end
  if #claim.jti ~= 22 or claim.act ~= 'download' or claim.mod ~= 'strict' then return nil, 'invalid-claim' end
  if claim.iss ~= settings.issuer or claim.aud ~= settings.audience then return nil, 'invalid-claim' end
  local iat, exp = seconds_of(claim.iat), seconds_of(claim.exp)
  if not (exp > iat and exp - iat <= MAX_LIFE and iat <= now + TOLERANCE) then return nil, 'invalid-claim' end
  if now > exp + TOLERANCE then return nil, 'expired' end
  claim.issued_at, claim.forget_at = iat * 1000, (exp + TOLERANCE + MARGIN) * 1000
  return claim
end

local function disposition(name)
  if not ngx.re.find(name, [=[[^\x20-\x7e]|["%/\\]]=], 'jo') then return 'attachment; filename="' .. name .. '"' end
  local ascii = name:gsub('[^\32-\126]', '_'):gsub('["%%/\\]', '_')
  return 'attachment; filename="' .. ascii .. '"' .. "; filename*=UTF-8''" .. ngx.escape_uri(name)
end

function M.open(read)
  settings = read
  ed25519 = require('ed25519-' .. settings.library)
  for _, key in ipairs(settings.keys) do keys[key.kid] = ed25519.import(ngx.decode_base64(key.key)) end
  ledger.open(settings)
end

function M.handle()
  local uri = ngx.var.uri
  local slash = find(uri, '/', 4, true)
  local claim, refusal = verify(sub(uri, 4, slash and slash - 1), ngx.now())
  if not claim then return refuse(refusal) end
  local file = claim.fil
  local hash = base64.decode_base64url(file.sha256)
  if not hash then return refuse('invalid-claim') end
  if not storage_key(file.key) then return refuse('file-missing') end
  local size, mtime = files.stat(settings.root .. '/' .. file.key)
  if not size then return refuse('file-missing') end
  if size ~= file.size or mtime ~= file.mtime then return refuse('file-changed') end
  if ngx.req.get_method() ~= 'GET' then return refuse('method-not-allowed') end
  local purpose = ngx.var.http_sec_purpose or ngx.var.http_purpose
  if purpose and purpose:find('prefetch', 1, true) then return refuse('not-in-advance') end
  local outcome = ledger.burn(claim)
  if outcome ~= 'burned' then return refuse(outcome) end
  local header = ngx.header
  header['ETag'] = '"' .. sub(file.sha256, 1, 16) .. '"'
  header['Repr-Digest'] = 'sha-256=:' .. ngx.encode_base64(hash) .. ':'
  header['Content-Type'] = file.type
  header['Content-Disposition'] = disposition(file.name)
  ngx.var.claim = claim.jti
  return ngx.exec('/files/' .. file.key)
end

-- In the log phase, where no socket may be used: the worker's timer sends the event.
function M.record()
  if ngx.var.claim ~= '' then ledger.record(ngx.var.claim, ngx.var.body_bytes_sent, ngx.var.request_completion == 'OK') end
end

return M
