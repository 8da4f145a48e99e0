-- Remembers one nonce, if this Redis can vouch for it. Runs as one step: nothing comes in between.
-- KEYS: the memory's record, the nonce.
-- ARGV: the timestamp, the window's width and the margin, in seconds.
local timestamp, width, margin = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local now = tonumber(redis.call('TIME')[1])
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')

-- Whatever a previous run accepted may be gone, all of it or only the end.
local record = redis.call('HMGET', KEYS[1], 'run', 'since')
local since = tonumber(record[2])
if record[1] ~= run or not since then
  if not string.find(redis.call('INFO', 'memory'), 'maxmemory_policy:noeviction', 1, true) then
    return 'evicts'
  end
  since = now
  redis.call('HSET', KEYS[1], 'run', run, 'since', since)
end

local expires = timestamp + width
if expires <= now or timestamp >= now + width then
  return 'outside'
end
if timestamp < since + width + margin then
  return 'recovering'
end
if redis.call('SET', KEYS[2], '', 'NX', 'PX', (expires - now + margin) * 1000) then
  return 'fresh'
end
return 'replayed'
