-- Requests for wrk: -- whole|range SIZE FILE-WITH-PATHS. Prints one line of figures at the end.
--
-- Whole files are asked for by wrk's own fixed request: a function of ours for every request would cost the
-- client as much as the server's answer costs the server, on the same cores. Ranges need one.
local PART = 1048576

local function read_paths(file)
    local paths = {}
    for line in io.lines(file) do
        paths[#paths + 1] = line
    end
    return paths
end

local function random_ranges(path, size)
    local requests, next_request = {}, 0
    math.randomseed(tonumber(tostring({}):match("0x(%x+)"), 16) % 2147483647)
    for i = 1, 1000 do
        local first = math.random(0, size - PART)
        requests[i] = wrk.format("GET", path, { Range = string.format("bytes=%d-%d", first, first + PART - 1) })
    end
    return function()
        next_request = next_request % #requests + 1
        return requests[next_request]
    end
end

function init(args)
    wrk.path = read_paths(args[3])[1]
    if args[1] == "range" then
        request = random_ranges(wrk.path, tonumber(args[2]))
    end
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format("FIGURES %d %d %d %d\n", summary.requests, summary.duration,
        latency:percentile(99), errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
