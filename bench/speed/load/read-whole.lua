-- Readers of large files: N connections in one process, each fetching its addresses one after the other. The kernel
-- throws the bytes away (MSG_TRUNC, tcp(7)), so that what is measured is the server and not this reader's copying.
-- luajit read-whole.lua FILE: lines `PORT PATH`, dealt to CONNECTIONS readers (arg 2). Prints one line of JSON.
local ffi = require 'ffi'
ffi.cdef [[
  struct claimcheck_address { uint16_t family; uint16_t port; uint32_t address; char rest[8]; };
  struct claimcheck_poll { int fd; short events; short happened; };
  struct claimcheck_time { long seconds; long nanoseconds; };
  int socket(int domain, int type, int protocol);
  int connect(int fd, const struct claimcheck_address *address, unsigned int length);
  long send(int fd, const void *bytes, size_t length, int flags);
  long recv(int fd, void *into, size_t length, int flags);
  int close(int fd);
  int poll(struct claimcheck_poll *fds, unsigned long count, int milliseconds);
  int clock_gettime(int clock, struct claimcheck_time *into);
]]
local C = ffi.C
local AF_INET, SOCK_STREAM, POLLIN, MSG_PEEK, MSG_TRUNC, MONOTONIC = 2, 1, 1, 2, 0x20, 1
local CHUNK = 1024 * 1024
local HEAD = 16384
local PATIENCE_MS = 30000

local function now()
  local time = ffi.new('struct claimcheck_time')
  C.clock_gettime(MONOTONIC, time)
  return tonumber(time.seconds) + tonumber(time.nanoseconds) / 1e9
end

local function connect_to(port)
  local address = ffi.new('struct claimcheck_address')
  address.family = AF_INET
  address.port = bit.bor(bit.lshift(bit.band(port, 255), 8), bit.rshift(port, 8))
  address.address = 0x0100007f -- 127.0.0.1 in the order of the network, on a little-endian machine
  local fd = C.socket(AF_INET, SOCK_STREAM, 0)
  assert(fd >= 0 and C.connect(fd, address, ffi.sizeof(address)) == 0, 'no connection')
  return fd
end

local waiting, readers = {}, {}
for line in io.lines(arg[1]) do
  local port, path = line:match('^(%d+) (%S+)$')
  waiting[#waiting + 1] = { tonumber(port), path }
end

local head = ffi.new('char[?]', HEAD)

-- Takes the next address; false when there is none.
local function begin(reader)
  local address = table.remove(waiting)
  if not address then return false end
  if reader.port ~= address[1] then
    if reader.fd then C.close(reader.fd) end
    reader.port, reader.fd = address[1], connect_to(address[1])
  end
  local request = 'GET ' .. address[2] .. ' HTTP/1.1\r\nHost: files.example.org\r\n\r\n'
  assert(C.send(reader.fd, request, #request, 0) == #request)
  reader.left = nil
  return true
end

-- Reads the head, without taking any of the body, and how long that will be.
local function read_head(reader)
  local length = tonumber(C.recv(reader.fd, head, HEAD, MSG_PEEK))
  assert(length > 0, 'the server closed the connection')
  local text = ffi.string(head, length)
  local _, finish = text:find('\r\n\r\n', 1, true)
  if not finish then return end
  local status = text:match('^HTTP/1.1 (%d+)')
  assert(status == '200', 'refused: ' .. text:sub(1, finish))
  C.recv(reader.fd, head, finish, 0)
  reader.left = tonumber(text:lower():match('\r\ncontent%-length: *(%d+)'))
end

local total, busy = 0, 0
local started = now()
for i = 1, math.min(tonumber(arg[2]), #waiting) do
  readers[i] = { number = i }
  if begin(readers[i]) then busy = busy + 1 end
end
local polls = ffi.new('struct claimcheck_poll[?]', #readers)
while busy > 0 do
  for i, reader in ipairs(readers) do
    polls[i - 1].fd, polls[i - 1].events = reader.idle and -1 or reader.fd, POLLIN
  end
  assert(C.poll(polls, #readers, PATIENCE_MS) > 0, 'nothing came for too long')
  for i, reader in ipairs(readers) do
    if not reader.idle and polls[i - 1].happened ~= 0 then
      if not reader.left then
        read_head(reader)
      else
        local got = tonumber(C.recv(reader.fd, nil, math.min(CHUNK, reader.left), MSG_TRUNC))
        assert(got > 0, 'the server closed the connection in the middle')
        reader.left, total = reader.left - got, total + got
      end
      if reader.left == 0 and not begin(reader) then
        reader.idle, busy = true, busy - 1
      end
    end
  end
end
print(string.format('RESULT {"bytes":%.0f,"seconds":%.6f,"cpuSeconds":%.3f}', total, now() - started, os.clock()))
