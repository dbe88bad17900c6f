-- wrk's side of the load: one token of a file for each request, never one twice. Each thread has a server's
-- port and a file of its own. `done` prints one line of JSON; refusals and exhausted files are errors there.
local threads = {}

function setup(thread)
  local number = #threads + 1
  threads[number] = thread
  thread:set('number', number)
  thread.addr = wrk.lookup('127.0.0.1', PORTS[(number - 1) % #PORTS + 1])[1]
end

function init(arguments)
  file = assert(io.open(arguments[1] .. '/tokens-' .. number))
  exhausted = 0
end

function request()
  local token = file:read('*l')
  if not token then
    exhausted = 1
    wrk.thread:stop()
    token = '-'
  end
  return 'GET /d/' .. token .. ' HTTP/1.1\r\nHost: files.example.org\r\n\r\n'
end

function done(summary, latency)
  local exhausted = 0
  for _, thread in ipairs(threads) do exhausted = exhausted + thread:get('exhausted') end
  local errors = summary.errors
  io.write(string.format(
    '\nRESULT {"requests":%d,"microseconds":%d,"bytes":%d,"p50":%d,"p99":%d,"refused":%d,"broken":%d,"exhausted":%d}\n',
    summary.requests, summary.duration, summary.bytes, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout, exhausted))
end
