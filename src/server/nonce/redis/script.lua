-- Remembers nonces, if this Redis can vouch for them. Runs as one step: nothing comes in between.
-- KEYS: the memory's record, then the nonces.
-- ARGV: the margin, then the timestamp and the window's width of each nonce, in seconds.
-- The reply has one letter for each nonce: fresh, replayed, outside the window, recovering, no room, evicts keys.
local margin = tonumber(ARGV[1])
local now = tonumber(redis.call('TIME')[1])
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')

-- Whatever a previous run accepted may be gone, all of it or only the end.
local record = redis.call('HMGET', KEYS[1], 'run', 'since')
local since = tonumber(record[2])
if record[1] ~= run or not since then
  if not string.find(redis.call('INFO', 'memory'), 'maxmemory_policy:noeviction', 1, true) then
    return string.rep('e', #KEYS - 1)
  end
  since = now
  redis.call('HSET', KEYS[1], 'run', run, 'since', since)
end

local letters = {}
for at = 2, #KEYS do
  local timestamp, width = tonumber(ARGV[2 * at - 2]), tonumber(ARGV[2 * at - 1])
  local expires = timestamp + width
  if expires <= now or timestamp >= now + width then
    letters[at - 1] = 'o'
  elseif timestamp < since + width + margin then
    letters[at - 1] = 'c'
  else
    local reply = redis.pcall('SET', KEYS[at], '', 'NX', 'PX', (expires - now + margin) * 1000)
    if not reply then
      letters[at - 1] = 'r'
    elseif not reply.err then
      letters[at - 1] = 'f'
    elseif string.find(reply.err, 'OOM command not allowed', 1, true) then
      letters[at - 1] = 'n'
    else
      return reply
    end
  end
end
return table.concat(letters)
