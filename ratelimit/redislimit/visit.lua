-- A visit of one process to its budget: it says what it holds and what the
-- server replied, and asks for places. KEYS[1] holds all there is, so a visit
-- is one step in any Redis, and in one slot of a cluster. Times are
-- microseconds by the clock of this server, the only clock that counts.

local UNKNOWN, FREE, KNOWN = 0, 1, 2 -- alone to learn; no window; a window
local ALONE = 1e6  -- a slow reply must not hold everybody back for longer
local SHORT = 2e6  -- windows of which a lost second is a great part
local SPREAD = 1e5 -- those who waited leave within this time
local LATER = SPREAD / 2 -- of a window that slides a part has come back so long after its end
local WAY = 1.5e5  -- the server has counted what was sent longer ago, and less than that is often certain
local SURE = 20    -- full windows before a server is no longer taken as one that refills all the time
local FEW = 20     -- requests of which one is refused too often
local ENOUGH = 3   -- full windows before all go at once when the next one begins
local BEHIND = 4e4 -- what was not sent for so long may be made up for
local POLL = 1e4   -- when to look again for what only another process can tell
local FRESH = 1e6  -- a turn is kept for a process that looked within this time
local MANY = 2 ^ 50
local SENSELESS = 1e4 -- a shorter wait is none

local key, me = KEYS[1], ARGV[1]
local function arg(i) return tonumber(ARGV[i]) end
local want, held, pending = arg(2), arg(3), arg(4)
local max_in_flight, max_wait, interval, burst = arg(5), arg(6), arg(7), arg(8)
local lease, learns, away, patience = arg(9), arg(10) == 1, arg(11), arg(12)
local FIRST_REPLY, REPLY_SIZE = 13, 11 -- see args in visit.go

local clock = redis.call('TIME')
local now = clock[1] * 1e6 + clock[2]

local s = setmetatable({}, { __index = function() return 0 end })
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
if away > 0 and s.told < now - away then -- nobody told what was sent meanwhile
  forget()
  s.told = now
end

-- What the processes hold, and who waits for a place in flight. A process that died is dropped with its lease.
local in_flight, out, turns, ticket = held, pending, {}, 0
local RECORD = '^(%d+) (%d+) (%d+) (%d+) (%d+)$' -- held, pending, end of the lease, ticket, end of the ticket
for id, record in pairs(others) do
  local h, p, lease_end, t, fresh = string.match(record, RECORD)
  lease_end = tonumber(lease_end) or 0
  if lease_end < now or lease_end > now + 1e9 then
    redis.call('HDEL', key, 'p:' .. id)
  else
    in_flight, out = in_flight + h, out + p
    if tonumber(t) > 0 and tonumber(fresh) >= now then
      turns[#turns + 1] = tonumber(t)
    end
  end
end
if mine then
  local _, _, _, t, fresh = string.match(mine, RECORD)
  if t and tonumber(fresh) >= now then
    ticket = tonumber(t)
  end
end
local ahead = 0
for _, t in ipairs(turns) do
  if ticket == 0 or t < ticket then
    ahead = ahead + 1
  end
end

-- Those whose reply comes with this visit are in pending no more.
local unread = (#ARGV + 1 - FIRST_REPLY) / REPLY_SIZE
-- Until counted, the server has counted all for sure: they were answered, or sent more than WAY ago.
if out + unread == 0 or now - s.latest > WAY then
  s.counted, s.mark, s.marked = s.seq, s.seq, now
elseif now - s.marked > WAY then
  s.counted, s.mark, s.marked = s.mark, s.seq, now
end

-- What the server imposes: when it ends and when that was learned.
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
      s.state = FREE -- until a reply tells
    elseif s.state == KNOWN then
      s.scout, s.over = 0, 0
    end
  end
  if s.state == KNOWN and s.smooth == 0 and s.stop > 0 and s.stop <= now then
    -- It may count some who were sent before.
    s.stop, s.rem, s.first, s.low = 0, math.max(0, s.limit - math.min(out + unread, s.seq - s.counted)), s.seq + 1, MANY
    s.scout, s.over = 0, s.full < ENOUGH and 1 or 0
    if s.limit == 0 then
      forget()
    end
  end
  if s.state == KNOWN and s.rem == 0 and s.stop == 0 and out == 0 then
    forget() -- nobody is left who could tell when the window ends
  end
  local stop, since = blocked()
  if stop - now > max_wait and now - since >= max_wait then
    s.pause = 0
    forget()
  end
end

-- Those who may be counted after the one of which a reply tells.
local function on_way()
  return math.min(out + unread, s.seq - s.counted)
end

-- Of a server that refills all the time a few places stay in reserve.
local function reserve()
  return math.max(1, math.min(2, s.limit / 10), 0.03 * s.limit)
end

-- A server that refills all the time, such as a token bucket or a sliding window, is sent as many as its count allows for
-- sure, and those gap apart: about what it tells, less where places stay unused all the time, and more where none are left.
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
  -- Where it takes a few and refuses one, again and again, it refills more slowly than it tells, until there is plenty.
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
    if s.lowest > s.limit / 2 then -- what others took, they take no more
      s.gap = math.min(s.gap, each)
    end
    s.lowest, s.judge = s.limit, now + 1.2 * length
  end
  s.gap = math.max(each / 1.25, math.min(s.gap, 4 * each)) -- an outage or a quiet time says nothing of it
end

-- The rules are those of ratelimit.Local, with what all processes know.
local function observe(life, seq, sent, status, age, limit, rem, reset, slack, retry, wait)
  local at, smooth = now - age, false
  local current = life == s.life and seq >= s.first
  local refused = status == 429 or status == 503 and retry >= 0
  if refused then
    local d = retry
    if current then
      d = wait -- the end of an earlier window says nothing
    end
    if d < SENSELESS and seq > s.untold_seq then
      -- Not told for how long: once that is the sender's affair, but not again and again.
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
    s.longest, s.claimed = math.max(s.longest, math.min(s.claimed, reset)), reset -- what was told once may be nonsense
    local newer = reset >= 0 and s.stop > 0 and
      (sent + reset - 1e6 > s.stop or rem > s.low and seq > s.low_seq)
    -- Whether the server began later than it told shows where somebody looked, or nobody did before the end.
    if s.slack > 0 and reset >= 0 and (newer and seq == s.scout or s.state == KNOWN and s.stop == 0) then
      s.late = sent > s.due + s.slack / 2 and 1 or 0
    end
    if s.state == KNOWN and rem >= 0 and s.smooth == 0 and s.limit > 0 then
      -- A fixed window begins full, but for those sent meanwhile.
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
      -- Requests and replies overtake each other: of the others any may be counted after this one.
      local after = s.seq - s.counted - (seq > s.counted and 1 or 0)
      if seq == s.scout then
        after = math.min(after, out + unread) -- While it was alone, replies came in order.
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

-- How many of the last places are sent one by one, and since when, if n want to go. They show whether the server has begun
-- anew, at no risk: a place that turns out to be of the old window was free.
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

-- The distance between requests to a server that refills all the time. The reserve goes more slowly.
local function even()
  return math.min(s.gap * (1.03 + math.max(0, 1 - s.rem / reserve())), max_wait)
end

-- How many of n may go now, and for the others when: at this time, or not before another look at it; 0 if that is not known.
-- And whether everybody waits for the reply to the one that goes.
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
    n = math.min(n, math.max(s.rem, 1), 1 + math.floor((now - math.max(from, now - BEHIND)) / even()))
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
      return 0, 0, from -- sooner for who can't wait so long
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
      return 0, 0, 0 -- its own release will tell
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

-- In flight, places go to the processes in turn: one that has just got some queues up again.
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
-- A wait beyond max_wait is not kept: after it somebody asks the server again, which an empty key brings about as well.
local keep = math.min(math.max(s.stop, s.pause, s.tat, now) - now, max_wait) + lease
redis.call('PEXPIRE', key, text(math.ceil(keep / 1000) + 60000))

local stop = blocked()
local rem, limit = -1, 0
if s.state == KNOWN then
  rem, limit = s.rem, s.limit
end
return { now, s.life, given, first, scout, stop, at, look, limit, rem, s.state == KNOWN and s.stop or 0, s.pause }
