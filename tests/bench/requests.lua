-- Requests for wrk: -- whole|range SIZE FILE-WITH-PATHS. Prints one line of figures at the end.
local requests = {}
local PART = 1048576

function init(args)
    local paths = {}
    for line in io.lines(args[3]) do
        paths[#paths + 1] = line
    end
    math.randomseed(tonumber(tostring({}):match("0x(%x+)"), 16) % 2147483647)
    for i = 1, 1000 do
        local headers, path = {}, paths[math.random(#paths)]
        if args[1] == "range" then
            local first = math.random(0, tonumber(args[2]) - PART)
            headers["Range"] = string.format("bytes=%d-%d", first, first + PART - 1)
        end
        requests[i] = wrk.format("GET", path, headers)
    end
end

local next_request = 0

function request()
    next_request = next_request % #requests + 1
    return requests[next_request]
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format("FIGURES %d %d %d %d\n", summary.requests, summary.duration,
        latency:percentile(99), errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
