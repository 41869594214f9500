-- Posts each message of a file once, in the file's order, as SNS does; run by load.py with one thread of wrk.
-- A message in the file: "<bytes> <id> <type> <topic>", a line break, and that many bytes of body.
local ffi = require("ffi")
ffi.cdef([[
typedef struct { long seconds; long nanoseconds; } moment;
int clock_gettime(int clock, moment *now);
int getpid(void);
int kill(int process, int signal);
]])

local moment = ffi.new("moment")
local file, waiting, began, thread, authorization
sent, exhausted, seconds = 0, 0, 0 -- global: done() reads them from another Lua state

local function now()
  ffi.C.clock_gettime(1, moment)
  return tonumber(moment.seconds) + tonumber(moment.nanoseconds) / 1e9
end

local function next_message()
  local line = file:read("*l")
  if line == nil then
    return nil
  end
  local size, id, kind, topic = line:match("^(%d+) (%S+) (%S+) (%S+)$")
  local headers = {
    ["Content-Type"] = "text/plain; charset=UTF-8",
    ["User-Agent"] = "Amazon Simple Notification Service Agent",
    ["x-amz-sns-message-type"] = kind,
    ["x-amz-sns-message-id"] = id,
    ["x-amz-sns-topic-arn"] = topic,
  }
  if authorization ~= "" then
    headers["Authorization"] = authorization
  end
  return wrk.format("POST", nil, headers, file:read(tonumber(size)))
end

function setup(each)
  thread = each
end

function init(arguments)
  file = assert(io.open(arguments[1], "rb"))
  for _ = 1, tonumber(arguments[2]) do -- an earlier round sent these
    file:read(tonumber(file:read("*l"):match("^%d+")))
  end
  authorization = arguments[3] or ""
  waiting = next_message()
end

local asked_to_verify = true

function request()
  if asked_to_verify then -- wrk looks at one request before it begins, and does not send it
    asked_to_verify = false
    return waiting
  end
  if began == nil then
    began = now()
  end
  local message = waiting
  if message == nil then -- the last one went out already: this one is not counted
    exhausted = 1
    seconds = now() - began
    ffi.C.kill(ffi.C.getpid(), 2) -- SIGINT: wrk would sleep on to the end of its time
    wrk.thread:stop()
    return wrk.format("GET", "/healthz")
  end
  waiting = next_message()
  sent = sent + 1
  return message
end

function done(summary, latency)
  local errors = summary.errors
  local figures = {
    sent = thread:get("sent"),
    answered = summary.requests,
    other_statuses = errors.status,
    socket_errors = errors.connect + errors.read + errors.write + errors.timeout,
    exhausted = thread:get("exhausted"),
    seconds = thread:get("seconds"),
    wrk_seconds = summary.duration / 1e6,
    p50_ms = latency:percentile(50) / 1e3,
    p90_ms = latency:percentile(90) / 1e3,
    p99_ms = latency:percentile(99) / 1e3,
  }
  local parts = {}
  for name, value in pairs(figures) do
    parts[#parts + 1] = string.format('"%s": %s', name, value)
  end
  io.write("{", table.concat(parts, ", "), "}\n")
end
