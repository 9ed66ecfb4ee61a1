-- This script is one visit of a process to its budget. It takes the requests that the process holds
-- and the responses of the server, and returns places. KEYS[1] holds the whole state, so a visit is
-- one step, and works in one slot of a cluster. Times are in microseconds by the clock of this
-- Redis.

-- States: one request goes first to learn the window; there is no window; the window is known.
local UNKNOWN, FREE, KNOWN = 0, 1, 2
local ALONE = 1e6  -- the longest time for which the others wait for the first response
local SHORT = 2e6  -- a lost second is a great part of windows up to this length
local SPREAD = 1e5 -- requests that waited leave within this time
local LATER = SPREAD / 2 -- so long after its end, a part of a sliding window has come back
local WAY = 1.5e5  -- the server has counted each request that was sent longer ago
local SURE = 20    -- full windows after which a server no longer counts as one that refills
local FEW = 20     -- if one of so many requests is refused, refusals are too frequent
local ENOUGH = 3   -- full windows before all requests go at once when the next window begins
local BEHIND = 4e4 -- unused time up to this may be made up for
local POLL = 1e4   -- the time before another look at a state that other processes change
local FRESH = 1e6  -- a process keeps its turn for this time after its latest visit
local MANY = 2 ^ 50
local SENSELESS = 1e4 -- a shorter wait counts as none
local LONGEST = 366 * 86400e6 -- the longest wait of a server: a year, and rounding
local LONGEST_LEASE = 901e6 -- maxLease in options.go, and rounding
local LARGE = 2 ^ 52 -- above all counts and times

local key, me = KEYS[1], ARGV[1]
local function arg(i) return tonumber(ARGV[i]) end
local want, held, pending = arg(2), arg(3), arg(4)
local max_in_flight, max_wait, interval, burst = arg(5), arg(6), arg(7), arg(8)
local lease, learns, away, patience = arg(9), arg(10) == 1, arg(11), arg(12)
local FIRST_REPLY, REPLY_SIZE = 13, 11 -- see args in visit.go

local clock = redis.call('TIME')
local now = clock[1] * 1e6 + clock[2]
-- This is the first write. A user without the right to it leaves no key without time to live.
redis.call('PEXPIRE', key, math.ceil(lease / 1000) + 60000)

local zero = { __index = function() return 0 end }
local s = setmetatable({}, zero)
local others, mine = {}, nil
local stored = redis.call('HGETALL', key)
for i = 1, #stored, 2 do
  local id = string.match(stored[i], '^p:(.+)$')
  if id == nil then
    s[stored[i]] = tonumber(stored[i + 1])
  elseif id == me then
    mine = stored[i + 1]
  else
    others[id] = stored[i + 1]
  end
end
-- If a stored number is out of the range that this script writes, the budget begins again.
for name, n in pairs(s) do
  if n ~= n or n > LARGE or n < 0 and name ~= 'claimed' then
    s = setmetatable({}, zero)
    break
  end
end
if s.life == 0 then
  s.life = now
end

local function forget()
  s.state, s.scout, s.stop, s.since, s.rem, s.low, s.low_seq = UNKNOWN, 0, 0, 0, 0, 0, 0
  s.due, s.slack, s.late, s.born = 0, 0, 0, 0
  s.over, s.full, s.smooth, s.longest = 0, 0, 0, 0
  s.first = s.seq + 1
end

if s.seen > now + 1e6 then -- the clock of another server
  forget()
  s.pause, s.tat = 0, 0
end
s.seen = now
-- Limit stored times to now, and stored waits to the longest possible ones.
local function atMost(most, ...)
  for _, name in ipairs({ ... }) do
    s[name] = math.min(s[name], most)
  end
end
atMost(now, 'since', 'paused', 'alone', 'born', 'latest', 'marked', 'told', 'plenty')
atMost(s.seq, 'scout', 'counted', 'mark', 'low_seq', 'short_seq', 'untold_seq')
atMost(s.seq + 1, 'first')
atMost(now + LONGEST, 'stop', 'pause', 'due', 'judge')
atMost(now + max_wait, 'slot')
if interval > 0 then
  atMost(now + burst * interval, 'tat')
end
if away > 0 and s.told < now - away then -- nobody reported the requests sent meanwhile
  forget()
  s.told = now
end

-- Sum up the requests of all processes, and find those that wait for a place in flight. A process
-- without a visit is dropped when its lease ends.
local in_flight, out, turns, ticket = held, pending, {}, 0
-- A record holds held, pending, the end of the lease, the ticket and the end of the ticket.
local RECORD = '^(%d+) (%d+) (%d+) (%d+) (%d+)$'
-- parse returns the numbers of a record. It returns nothing if the lease has ended, or if no
-- process can have written the record.
local function parse(record)
  local h, p, lease_end, t, fresh = string.match(record, RECORD)
  h, p, lease_end, t, fresh = tonumber(h), tonumber(p), tonumber(lease_end), tonumber(t), tonumber(fresh)
  if h and h < 2 ^ 31 and p <= h and lease_end >= now and lease_end <= now + LONGEST_LEASE
    and t <= now and fresh <= now + FRESH then
    return h, p, t, fresh
  end
end
for id, record in pairs(others) do
  local h, p, t, fresh = parse(record)
  if not h then
    redis.call('HDEL', key, 'p:' .. id)
  else
    in_flight, out = in_flight + h, out + p
    if t > 0 and fresh >= now then
      turns[#turns + 1] = t
    end
  end
end
if mine then
  local _, _, t, fresh = parse(mine)
  if t and fresh >= now then
    ticket = t
  end
end
local ahead = 0
for _, t in ipairs(turns) do
  if ticket == 0 or t < ticket then
    ahead = ahead + 1
  end
end

-- pending does not include the requests whose responses are in this visit.
local unread = (#ARGV + 1 - FIRST_REPLY) / REPLY_SIZE
-- The server has certainly counted all requests up to s.counted: they have a response, or were sent
-- more than WAY ago.
if out + unread == 0 or now - s.latest > WAY then
  s.counted, s.mark, s.marked = s.seq, s.seq, now
elseif now - s.marked > WAY then
  s.counted, s.mark, s.marked = s.mark, s.seq, now
end

-- blocked returns when the wait that the server imposes ends, and when that was learned.
local function blocked()
  if s.state == KNOWN and s.rem == 0 and s.scout == 0 and s.smooth == 0 and s.stop > s.pause then
    return s.stop, s.since
  end
  return s.pause, s.paused
end

local function refresh()
  if s.pause <= now then
    s.pause = 0
  end
  if s.scout > 0 and now - s.alone >= ALONE then
    if s.state == UNKNOWN then
      s.state = FREE -- until a response states a window
    elseif s.state == KNOWN then
      s.scout, s.over = 0, 0
    end
  end
  if s.state == KNOWN and s.smooth == 0 and s.stop > 0 and s.stop <= now then
    -- The new window may count some requests that were sent before.
    s.rem = math.max(0, s.limit - math.min(out + unread, s.seq - s.counted))
    s.stop, s.first, s.low = 0, s.seq + 1, MANY
    s.scout, s.over = 0, s.full < ENOUGH and 1 or 0
    if s.limit == 0 then
      forget()
    end
  end
  if s.state == KNOWN and s.rem == 0 and s.stop == 0 and out == 0 then
    forget() -- no response will state the end of the window
  end
  local stop, since = blocked()
  if stop - now > max_wait and now - since >= max_wait then
    s.pause = 0
    forget()
  end
end

-- on_way returns how many requests the server may count after the one whose response was read.
local function on_way()
  return math.min(out + unread, s.seq - s.counted)
end

-- reserve returns how many places of a server that refills continuously are held back.
local function reserve()
  return math.max(1, math.min(2, s.limit / 10), 0.03 * s.limit)
end

-- smoothen learns from a response of a server that refills continuously, such as a token bucket or
-- a sliding window. Such a server is sent at most the requests that its count certainly allows,
-- s.gap apart. The gap is about the stated one. It shrinks while places stay unused, and grows
-- while none are left.
local function smoothen(seq, rem, refused)
  local left, length = math.max(0, rem - on_way()), math.max(s.longest, 1e6) * 1.5 ^ s.stretched
  local each = length / s.limit
  if s.smooth == 0 then
    s.smooth, s.gap, s.slot = SURE, each, now
    s.rem, s.low_seq, s.full, s.over = left, seq, 0, 0
    s.lowest, s.judge = s.limit, now + 2 * length
  elseif seq > s.low_seq then
    if left > s.limit * 0.9 and s.rem < s.limit / 2 then
      s.smooth = s.smooth - 1
    end
    s.rem, s.low_seq = left, seq
  else
    s.rem = math.min(s.rem, left)
  end
  s.lowest = math.min(s.lowest, s.rem)
  -- If the server accepts a few and refuses one, again and again, it refills more slowly than
  -- stated. That holds until many places are left.
  if seq > s.short_seq and refused and rem == 0 then
    if s.passed == 1 then
      s.shorts = s.seq - s.short_seq > FEW and 1 or s.shorts + 1
      if s.shorts > 2 and length < max_wait then
        s.stretched = s.stretched + 1
      end
    end
    s.short_seq, s.passed = s.seq, 0
  elseif seq > s.short_seq and not refused then
    s.passed = 1
    if s.stretched > 0 and rem > 0.3 * s.limit and now - s.plenty > each then
      s.stretched, s.plenty, s.judge = s.stretched - 1, now, 0
      each = each / 1.5
      s.gap = math.min(s.gap, each)
    end
  end
  if refused and seq == s.scout then
    s.gap = s.gap * 1.2
  end
  if now >= s.judge then
    if s.lowest == 0 then
      s.gap = s.gap * 1.1
    elseif s.lowest > reserve() * 1.5 then
      s.gap = s.gap * math.max(0.8, 1 - s.lowest / s.limit / 2)
    end
    if s.lowest > s.limit / 2 then -- other users have stopped
      s.gap = math.min(s.gap, each)
    end
    s.lowest, s.judge = s.limit, now + 1.2 * length
  end
  -- An outage or an idle time does not change it further.
  s.gap = math.max(each / 1.25, math.min(s.gap, 4 * each))
end

-- observe learns from one response. The rules are those of ratelimit.Local, with the state of all
-- processes.
local function observe(life, seq, sent, status, age, limit, rem, reset, slack, retry, wait)
  local at, smooth = now - age, false
  local current = life == s.life and seq >= s.first
  local refused = status == 429 or status == 503 and retry >= 0
  if refused then
    local d = retry
    if current then
      d = wait -- only the end of the current window counts
    end
    if d < SENSELESS and seq > s.untold_seq then
      -- The refusal states no wait. The first time, the sender decides. From the second one on all
      -- wait.
      if s.untold > 0 then
        d = math.min(5e4 * 2 ^ math.min(s.untold, 7), max_wait)
      end
      s.untold = s.untold + 1
    end
    s.untold_seq = math.max(s.untold_seq, s.seq)
    if d > 0 and at + d > s.pause then
      s.pause, s.paused = at + d, at
    end
  else
    s.untold = 0
  end
  if current then
    -- A reset counts when it was stated twice: a single one may be nonsense.
    s.longest, s.claimed = math.max(s.longest, math.min(s.claimed, reset)), reset
    local newer = reset >= 0 and s.stop > 0 and
      (sent + reset - 1e6 > s.stop or rem > s.low and seq > s.low_seq)
    -- The response to the probe, or the first one after the end, shows whether the window began
    -- later than stated.
    if s.slack > 0 and reset >= 0 and (newer and seq == s.scout or s.state == KNOWN and s.stop == 0) then
      s.late = sent > s.due + s.slack / 2 and 1 or 0
    end
    if s.state == KNOWN and rem >= 0 and s.smooth == 0 and s.limit > 0 then
      -- A fixed window begins full, except for the requests that were sent meanwhile.
      local missing = s.rem - rem
      if newer then
        missing = s.limit - rem - out - unread - s.seq + s.low_seq
      end
      if missing <= 0 and (newer or s.stop == 0) then
        s.full = s.full + 1
      end
      smooth = missing > s.limit / 10 or status == 429 and rem == 0 and s.seq - s.first < s.limit
    end
    if s.state == KNOWN and rem >= 0 and (smooth or s.smooth > 0) then
      smoothen(seq, rem, refused)
      if limit > 0 then
        s.limit = limit
      end
      if reset >= 0 then
        s.stop, s.since, s.due, s.slack = at + reset + slack, at, at + reset, slack
      end
      s.told = now
    elseif s.state == KNOWN and rem >= 0 and not newer then
      if limit > 0 then
        s.limit = limit
      end
      s.rem = math.min(s.rem, rem)
      if rem <= s.low then
        s.low, s.low_seq = rem, s.seq
      end
      local stop = at + reset + slack
      if reset >= 0 and (s.stop == 0 or stop < s.stop) then
        if s.stop == 0 then
          s.due, s.slack = at + reset, slack
        end
        s.stop, s.since = stop, at
      end
      s.told = now
    elseif rem >= 0 and reset >= 0 then
      s.born = newer and now or 0
      s.state, s.stop, s.since, s.due, s.slack = KNOWN, at + reset + slack, at, at + reset, slack
      s.first, s.low, s.low_seq = s.seq + 1, rem, s.seq
      if limit > 0 then
        s.limit = limit
      end
      -- Requests and responses overtake each other, so any other request may be counted after this
      -- one.
      local after = s.seq - s.counted - (seq > s.counted and 1 or 0)
      if seq == s.scout then
        after = math.min(after, out + unread) -- No other request was in flight.
      end
      s.rem = math.max(0, rem - after)
      s.told = now
    elseif s.state == UNKNOWN and seq == s.scout and status > 0 and not refused then
      s.state = FREE
    end
  end
  if life == s.life and seq == s.scout then
    s.scout, s.over = 0, 0
  end
end

refresh()
for i = FIRST_REPLY, #ARGV, REPLY_SIZE do
  unread = unread - 1
  local reply = {}
  for j = 1, REPLY_SIZE do
    reply[j] = arg(i + j - 1)
  end
  observe(unpack(reply))
  refresh()
end

-- kept returns how many of the last places are released one at a time, and when the next may go, if
-- n requests wait. Their responses show whether the next window has begun. There is no risk: in the
-- old window each has a place.
local function kept(n)
  if s.stop == 0 or s.slack == 0 or s.limit < 5 or
    s.due - now > SHORT and (s.limit < 50 or in_flight + n < 2) then
    return 0, now
  end
  local early = math.min((s.stop - s.since) / 8, 5e5)
  local count, from = 2, s.due - early
  if s.rem == 1 then
    count, from = 1, s.due + LATER
  end
  if s.late == 1 then
    from = count == 1 and s.stop - early or s.due
  end
  if from - now > max_wait or patience >= 0 and from - now >= patience then
    return 0, now
  end
  return count, from
end

-- even returns the distance between requests to a server that refills continuously. The places in
-- reserve are released more slowly.
local function even()
  return math.min(s.gap * (1.03 + math.max(0, 1 - s.rem / reserve())), max_wait)
end

-- gate returns how many of n requests may go now, when the others may go (0 if that is not known),
-- and when to ask again (0 if only an event can change it). Its fourth result reports whether all
-- others wait for the response to the one that goes.
local function gate(n)
  local stop, alone = blocked(), false
  if stop > now then
    return 0, stop, stop
  end
  if s.scout > 0 and (s.state == KNOWN or s.state == UNKNOWN and learns) then
    return 0, 0, math.min(now + 2 * POLL, s.alone + ALONE)
  end
  if s.state == UNKNOWN and learns then
    n, alone = 1, true
  elseif s.state == KNOWN and s.smooth > 0 then
    local from = s.slot
    if s.rem == 0 then
      if on_way() > 0 then
        return 0, 0, now + 2 * POLL
      end
      from, n, alone = math.max(from, s.latest + even()), 1, true
    end
    if from > now then
      return 0, 0, math.max(from, now + 2 * POLL)
    end
    local room = 1 + math.floor((now - math.max(from, now - BEHIND)) / even())
    n = math.min(n, math.max(s.rem, 1), room)
  elseif s.state == KNOWN then
    if s.rem == 0 then
      return 0, 0, now + 2 * POLL
    end
    local count, from = kept(n)
    if s.over == 1 then
      n, alone = 1, true
    elseif s.rem > count then
      n = math.min(n, s.rem - count)
    elseif from > now then
      return 0, 0, from -- sooner for a request that can't wait so long
    else
      n, alone = 1, true
    end
    local spread = math.min(SPREAD, (s.stop - s.since) / 10)
    if s.stop > 0 and now - s.born < spread then
      n = math.min(n, math.ceil(s.limit * (now - s.born) / spread) + s.first - 1 - s.seq)
      if n < 1 then
        return 0, 0, now + POLL
      end
    end
  end
  if max_in_flight > 0 then
    local free = max_in_flight - in_flight - ahead
    if free <= 0 and in_flight == held and ahead == 0 then
      return 0, 0, 0 -- the next release of this process starts a visit
    elseif free <= 0 then
      return 0, 0, now + POLL * math.min(1 + ahead, 20)
    end
    n = math.min(n, free)
  end
  if interval > 0 then
    local tat = math.max(s.tat, now)
    local room = math.floor((now - tat) / interval + burst + 1e-6)
    if room < 1 then
      local at = math.ceil(tat - (burst - 1) * interval)
      return 0, at, at
    end
    n = math.min(n, room)
  end
  return n, now, now, alone
end

local given, first, scout, at, look, alone = 0, s.seq + 1, 0, 0, 0, false
if want > 0 then
  given, at, look, alone = gate(want)
end
if given > 0 then
  s.seq, s.latest = s.seq + given, now
  held, pending, in_flight = held + given, pending + given, in_flight + given
  if alone then
    s.scout, s.alone, scout = s.seq, now, s.seq
  end
  if s.state == KNOWN and s.smooth > 0 then
    s.slot = math.max(s.slot, now - BEHIND) + given * even()
  end
  if s.state == KNOWN then
    s.rem = math.max(0, s.rem - given)
  end
  if interval > 0 then
    s.tat = math.max(s.tat, now) + given * interval
  end
  if given < want then
    local _
    _, at, look = gate(want - given)
  end
end

-- Places in flight go to the processes in turn. A process that just got places goes to the end.
local queued = max_in_flight > 0 and given < want and in_flight + ahead >= max_in_flight
if not queued then
  ticket = 0
elseif ticket == 0 or given > 0 then
  ticket = now
end

local function text(n) return string.format('%.0f', n) end
if me ~= '' then
  if held > 0 or pending > 0 or queued then
    redis.call('HSET', key, 'p:' .. me, table.concat(
      { text(held), text(pending), text(now + lease), text(ticket), text(now + FRESH) }, ' '))
  elseif mine then
    redis.call('HDEL', key, 'p:' .. me)
  end
end
local fields = {}
for name, value in pairs(s) do
  fields[#fields + 1] = name
  fields[#fields + 1] = string.format('%.17g', value)
end
redis.call('HSET', key, unpack(fields))
-- A wait beyond max_wait is not stored for longer. After it one request asks the server again. An
-- empty key has the same effect.
local keep = math.min(math.max(s.stop, s.pause, s.tat, now) - now, max_wait) + lease
redis.call('PEXPIRE', key, text(math.ceil(keep / 1000) + 60000))

local stop = blocked()
local rem, limit = -1, 0
if s.state == KNOWN then
  rem, limit = s.rem, s.limit
end
local reset = s.state == KNOWN and s.stop or 0
return { now, s.life, given, first, scout, stop, at, look, limit, rem, reset, s.pause }
