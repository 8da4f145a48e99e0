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
-- Most nonces of a call have one timestamp, so what follows from it is kept for the next.
local timestamp, width, refusal, lifetime
for at = 2, #KEYS do
  if ARGV[2 * at - 2] ~= timestamp or ARGV[2 * at - 1] ~= width then
    timestamp, width = ARGV[2 * at - 2], ARGV[2 * at - 1]
    local expires = timestamp + width
    if expires <= now or tonumber(timestamp) >= now + width then
      refusal = 'o'
    elseif tonumber(timestamp) < since + width + margin then
      refusal = 'c'
    else
      refusal, lifetime = nil, string.format('%.0f', (expires - now + margin) * 1000)
    end
  end
  local reply = not refusal and redis.pcall('SET', KEYS[at], '', 'NX', 'PX', lifetime)
  if refusal then
    letters[at - 1] = refusal
  elseif not reply then
    letters[at - 1] = 'r'
  elseif not reply.err then
    letters[at - 1] = 'f'
  elseif string.find(reply.err, 'OOM command not allowed', 1, true) then
    letters[at - 1] = 'n'
  else
    return reply
  end
end
return table.concat(letters)
