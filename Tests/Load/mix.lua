-- Reads and writes keys at random, for wrk. Run warm-up before, with the same keys:
--
--     wrk -t 2 -c 64 -d 30 -s mix.lua http://127.0.0.1:8080 -- --reads 90 --keys 1000 --size 100 --prefix load/ --seed 1
--
-- The options stand for themselves; these are the defaults. LOAD_TOKEN is a bearer token.

local number_of_threads = 0
local threads = {}

function setup(thread)
    number_of_threads = number_of_threads + 1
    thread:set("thread_number", number_of_threads)
    table.insert(threads, thread)
end

local function fail(text)
    io.stderr:write("mix.lua: " .. text .. "\n")
    os.exit(2)
end

local function parse(arguments)
    local options = { reads = 90, keys = 1000, size = 100, prefix = "load/", seed = 1 }
    local bounds = { reads = { 0, 100 }, keys = { 1, 10000000 }, size = { 0, 67108864 }, seed = { 0, 2147483647 } }
    -- wrk puts the URL at 0.
    local index = 1
    while index <= #arguments do
        local name, value = arguments[index]:match("^%-%-(%w+)$"), arguments[index + 1]
        if not name or options[name] == nil then fail(arguments[index] .. ": is not an option") end
        if not value then fail("--" .. name .. ": needs a value") end
        local range = bounds[name]
        if range then
            local number = value:match("^%d%d?%d?%d?%d?%d?%d?%d?%d?%d?$") and tonumber(value)
            if not number or number < range[1] or number > range[2] then
                fail(("--%s %s: must be a whole number, %d to %d"):format(name, value, range[1], range[2]))
            end
            value = number
        elseif not value:match("^[%w_~/-]+$") then
            fail(("--%s %s: must be letters, digits and _~/-"):format(name, value))
        end
        options[name] = value
        index = index + 2
    end
    return options
end

function init(arguments)
    options = parse(arguments)
    -- Each thread makes a choice of its own.
    math.randomseed(options.seed + 7919 * thread_number)
    local token = os.getenv("LOAD_TOKEN")
    if token and token ~= "" then wrk.headers["Authorization"] = "Bearer " .. token end
    value = ("x"):rep(options.size)
    statuses = {}
end

function request()
    local path = wrk.path:gsub("/$", "") .. "/keys/" .. options.prefix .. math.random(options.keys)
    if math.random() * 100 < options.reads then return wrk.format("GET", path) end
    return wrk.format("PUT", path, nil, value)
end

function response(status)
    statuses[status] = (statuses[status] or 0) + 1
end

function done(summary, latency)
    local sum = {}
    for _, thread in ipairs(threads) do
        for status, count in pairs(thread:get("statuses")) do sum[status] = (sum[status] or 0) + count end
    end
    local codes = {}
    for status in pairs(sum) do table.insert(codes, status) end
    table.sort(codes)
    local answers = {}
    for _, status in ipairs(codes) do table.insert(answers, ("%d × %d"):format(sum[status], status)) end
    local errors = summary.errors
    print(("requests %d, per s %.0f, p50 %.2f ms, p90 %.2f, p99 %.2f, max %.2f"):format(
        summary.requests, summary.requests * 1e6 / summary.duration, latency:percentile(50) / 1000,
        latency:percentile(90) / 1000, latency:percentile(99) / 1000, latency.max / 1000))
    print("answers " .. table.concat(answers, ", "))
    print(("errors: %d connect, %d read, %d write, %d timeout, %d statuses of 400 and more"):format(
        errors.connect, errors.read, errors.write, errors.timeout, errors.status))
end
