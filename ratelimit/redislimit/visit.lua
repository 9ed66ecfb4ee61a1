-- This script is one visit of a process to its budget. It takes the requests that the process holds
-- and the responses of the server, and returns places. KEYS[1] is a hash that holds the whole
-- budget. So a visit is atomic, and works in one slot of a cluster.
--
-- All times and durations are in microseconds, by the clock of this Redis. A name that ends in _at
-- or _end is a time. A name that ends in _seq is the sequence number of a request, in the order in
-- which all processes send. 0 stands for an unknown time and for no request.

-- Values of budget.state.
local UNKNOWN = 0   -- no response so far: one request, the probe, leaves first
local NO_WINDOW = 1 -- the server states no window
local KNOWN = 2     -- the fields of the window are valid

-- Fixed windows.
local PROBE_TIMEOUT = 1e6 -- the longest wait for the response to a probe, as in ratelimit.Local
local ROUNDING = 1e6      -- resets are whole seconds, so two of one window differ by up to 1 s
local SHORT_WINDOW = 2 * ROUNDING -- up to this length, a lost second is at least half of the window
-- Requests that waited for a window leave within BURST_SPREAD, which is maxJitter in visit.go, and
-- within a tenth of the window.
local BURST_SPREAD, SPREAD_DIVISOR = 1e5, 10
local COUNT_DELAY = 1.5e5 -- the server has counted each request that was sent longer ago than this
local NO_COUNT = 2 ^ 50   -- above all counts: the lowest count before the first one
local TRUSTED_WINDOWS = 3 -- after so many windows that began full, one begins without a probe
-- The last HELD_BACK places are released one at a time. None are held back if the limit is below
-- LEAST_LIMIT, or below HIGH_LIMIT while a window lasts longer than SHORT_WINDOW.
local HELD_BACK, LEAST_LIMIT, HIGH_LIMIT = 2, 5, 50
-- The first of these places may go before the stated end: by PROBE_LEAD at most, and by an eighth
-- of the time to the end at most.
local PROBE_LEAD, PROBE_LEAD_DIVISOR = 5e5, 8
-- The last one goes so long after the stated end, when a part of a sliding window has come back.
local LAST_PLACE_DELAY = BURST_SPREAD / 2

-- Servers that refill continuously.
local MISSING_DIVISOR = 10     -- if more than a tenth of the places is missing, the window is not a fixed one
local FULL_PART = 0.9          -- with this part of its places left, a window is full
local REFILLING_WINDOWS = 20   -- after so many full windows, the server counts as one with fixed windows
local LEAST_PERIOD = ROUNDING  -- the shortest period in which a server refills, as resets are whole seconds
local CATCH_UP = 4e4           -- the longest unused time that is made up for: two waits of 2 * POLL_INTERVAL
local SPACING_MARGIN = 1.03    -- the factor of the gap while no reserved place is in use
-- The reserved places, which are released more slowly: RESERVED_PART of the limit, at least a tenth
-- of it up to 2, and at least 1.
local RESERVED_PART, RESERVED_DIVISOR, FEW_RESERVED, LEAST_RESERVED = 0.03, 10, 2, 1
local STRETCH = 1.5            -- the factor of the period if the server refills more slowly than stated
local SHORTAGE_REQUESTS = 20   -- a refusal in fewer requests than this is a shortage
local SHORTAGES = 2            -- so many shortages in a row may be chance
local PLENTY_PART = 0.3        -- with this part of the places left, the period was stretched too far
local GAP_AFTER_PROBE = 1.2    -- the factor of the gap if a probe was refused
local GAP_AFTER_SHORTAGE = 1.1 -- the factor of the gap if no place was left
local LEAST_GAP_FACTOR = 0.8   -- the least factor of the gap if places stayed unused
local UNUSED_FACTOR = 1.5      -- up to so many times the reserved places may stay unused
-- The periods before the first correction of the gap, and before each further one.
local FIRST_CORRECTION, NEXT_CORRECTION = 2, 1.2
-- The gap is at least the stated one divided by FASTEST, and at most SLOWEST times the stated one.
local FASTEST, SLOWEST = 1.25, 4

-- Waits.
local POLL_INTERVAL = 1e4  -- the time before another look at a state that other processes change
local MAX_POLLS = 20       -- the most POLL_INTERVALs to the next look for a place in flight: 200 ms
local TICKET_LEASE = 1e6   -- a process keeps its turn so long after a visit: maxVisitInterval in visit.go
local LEAST_WAIT = 1e4     -- if a refusal states a shorter wait, it states none
local FIRST_BACKOFF = 1e5  -- the wait after the second refusal in a row that states none; it doubles
local MAX_DOUBLINGS = 6    -- up to 6.4 s

-- The range of stored numbers.
local LONGEST_WAIT = 366 * 86400e6 -- the longest wait of a server: longestWait in script.go
local LONGEST_LEASE = 901e6        -- maxLease in options.go and a second for rounding
local CLOCK_ERROR = 1e6            -- a clock that is back by more is that of another server
local MAX_NUMBER = 2 ^ 52          -- above all counts and times
local MAX_HELD = 2 ^ 31            -- above all values of WithMaxInFlight
local KEY_MARGIN = 60000           -- in milliseconds: the key expires so long after its content

-- ARGV holds the name of the process (empty for a ping), the names of the numbers of a visit, the
-- names of the numbers of a response, and then the numbers: of the visit, and of each response.
-- visitNumbers and numbers in script.go describe them.
local key, process = KEYS[1], ARGV[1]
local position = 3 -- of the latest argument that was read
local function split(names)
  local list = {}
  for name in string.gmatch(names, '%S+') do
    list[#list + 1] = name
  end
  return list
end
local function read(names)
  local numbers = {}
  for i = 1, #names do
    numbers[names[i]] = tonumber(ARGV[position + i])
  end
  position = position + #names
  return numbers
end
local visit, responses, response_names = read(split(ARGV[2])), {}, split(ARGV[3])
while position < #ARGV do
  responses[#responses + 1] = read(response_names)
end
local want, held, pending = visit.want, visit.held, visit.pending
local max_in_flight, max_wait = visit.max_in_flight, visit.max_wait
local interval, burst = visit.interval, visit.burst
local lease, reads_headers = visit.lease, visit.reads_headers == 1
local outage, time_left = visit.outage, visit.time_left

local clock = redis.call('TIME')
local now = clock[1] * 1e6 + clock[2]
-- This is the first write. A user without the right to it leaves no key without time to live.
redis.call('PEXPIRE', key, math.ceil(lease / 1000) + KEY_MARGIN)

-- The fields of the budget. A missing one is 0.
--
--   generation         when the key was created; a response of an earlier generation does not count
--   visited_at         the latest visit
--   seq, admitted_at   the latest admitted request
--   counted_seq        the server has certainly counted all requests up to this one
--   checkpoint_seq     becomes counted_seq when COUNT_DELAY has passed since checkpoint_at
--   checkpoint_at
--   probe_seq          the probe: the request for whose response all others wait
--   probe_sent_at
--   pause_end          the end of the wait that a 429 or 503 asked for
--   pause_learned_at   the arrival of that response
--   refusal_seq        the latest request when a refusal last arrived
--   refusals_without_wait  how many refusals in a row stated no wait
--   tat                the theoretical arrival time of the next request, as in GCRA, for WithRate
--
-- The window:
--
--   state              UNKNOWN, NO_WINDOW or KNOWN
--   first_seq          the first request of the window; responses to earlier ones do not count
--   updated_at         when a response last stated its places
--   limit, remaining   its places, and those that may still be used
--   window_end         its latest end: the stated one and the slack of rounding
--   window_learned_at  when window_end was stated
--   stated_end, slack  its end as stated, and by how much rounding may delay it
--   began_at           when a response showed that it began before window_end of the one before; or 0
--   began_late         1 if a window began later than stated
--   needs_probe        1 if the next request is a probe
--   lowest             the lowest number of places that a response stated
--   lowest_seq         the latest request at that time
--   full_windows       how many windows began with all places free
--   longest_reset      the longest reset that two responses in a row reached
--   latest_reset       the latest stated reset; -1 if the response stated none
--
-- A server that refills continuously. lowest_seq is the latest request whose places were used:
--
--   refilling          above 0 for such a server; decreases with each full window
--   gap                the time between two requests
--   next_slot          when the next request may leave
--   least_unused       the fewest remaining places since the latest correction of the gap
--   correct_at         when the gap is corrected next
--   stretches          how many times the period was multiplied by STRETCH
--   shrunk_at          when one of these was taken back
--   shortage_seq       the latest request when the server last refused one for lack of places
--   accepted_since_shortage  1 if it has accepted one since
--   shortages          how often in a row it refused one of SHORTAGE_REQUESTS
--
-- A field p:<process> is the record of a process with requests in flight, or one that waits.
local zero_by_default = { __index = function() return 0 end }
local budget = setmetatable({}, zero_by_default)
local own_record, other_records = nil, {}
local stored = redis.call('HGETALL', key)
for i = 1, #stored, 2 do
  local id = string.match(stored[i], '^p:(.+)$')
  if id == nil then
    budget[stored[i]] = tonumber(stored[i + 1])
  elseif id == process then
    own_record = stored[i + 1]
  else
    other_records[id] = stored[i + 1]
  end
end
-- If a stored number is out of the range that this script writes, the budget begins again.
for name, n in pairs(budget) do
  if n ~= n or n > MAX_NUMBER or n < 0 and name ~= 'latest_reset' then
    budget = setmetatable({}, zero_by_default)
    break
  end
end
if budget.generation == 0 then
  budget.generation = now
end

-- forget_window removes all that is known of the window, and of the refill.
local function forget_window()
  for _, name in ipairs({
    'probe_seq', 'window_end', 'window_learned_at', 'remaining', 'lowest', 'lowest_seq', 'stated_end', 'slack',
    'began_late', 'began_at', 'needs_probe', 'full_windows', 'refilling', 'longest_reset',
  }) do
    budget[name] = 0
  end
  budget.state, budget.first_seq = UNKNOWN, budget.seq + 1
end

if budget.visited_at > now + CLOCK_ERROR then
  forget_window()
  budget.pause_end, budget.tat = 0, 0
end
budget.visited_at = now
-- cap limits fields of the budget to most.
local function cap(most, ...)
  for _, name in ipairs({ ... }) do
    budget[name] = math.min(budget[name], most)
  end
end
-- Past times are at most now. Waits are at most the longest possible ones.
cap(now, 'window_learned_at', 'pause_learned_at', 'probe_sent_at', 'began_at', 'admitted_at', 'checkpoint_at',
  'updated_at', 'shrunk_at')
cap(budget.seq, 'probe_seq', 'counted_seq', 'checkpoint_seq', 'lowest_seq', 'shortage_seq', 'refusal_seq')
cap(budget.seq + 1, 'first_seq')
cap(now + LONGEST_WAIT, 'window_end', 'pause_end', 'stated_end', 'correct_at')
cap(now + max_wait, 'next_slot')
if interval > 0 then
  cap(now + burst * interval, 'tat')
end
if outage > 0 and budget.updated_at < now - outage then -- no process reported the requests of the outage
  forget_window()
  budget.updated_at = now
end

-- Add up the requests of all processes, and find the processes that wait for a place in flight. A
-- process without a visit is dropped when its lease ends.
local in_flight, in_flight_pending = held, pending
local ticket, other_tickets = 0, {} -- a ticket is when a process began to wait
-- A record holds the numbers held and pending, the end of the lease, the ticket and the end of the
-- ticket.
local RECORD = '^(%d+) (%d+) (%d+) (%d+) (%d+)$'
-- parse_record returns held, pending, the ticket and the end of the ticket. It returns nothing if
-- the lease has ended, or if no process can have written the record.
local function parse_record(record)
  local h, p, lease_end, t, ticket_end = string.match(record, RECORD)
  h, p, lease_end, t, ticket_end = tonumber(h), tonumber(p), tonumber(lease_end), tonumber(t), tonumber(ticket_end)
  if h and h < MAX_HELD and p <= h and lease_end >= now and lease_end <= now + LONGEST_LEASE
    and t <= now and ticket_end <= now + TICKET_LEASE then
    return h, p, t, ticket_end
  end
end
for id, record in pairs(other_records) do
  local h, p, t, ticket_end = parse_record(record)
  if not h then
    redis.call('HDEL', key, 'p:' .. id)
  else
    in_flight, in_flight_pending = in_flight + h, in_flight_pending + p
    if t > 0 and ticket_end >= now then
      other_tickets[#other_tickets + 1] = t
    end
  end
end
if own_record then
  local _, _, t, ticket_end = parse_record(own_record)
  if t and ticket_end >= now then
    ticket = t
  end
end
local ahead = 0 -- processes whose turn comes before this one's
for _, t in ipairs(other_tickets) do
  if ticket == 0 or t < ticket then
    ahead = ahead + 1
  end
end

-- pending does not include the requests whose responses are in this visit.
local unread = #responses
-- All requests up to counted_seq have a response, or were sent longer than COUNT_DELAY ago.
if in_flight_pending + unread == 0 or now - budget.admitted_at > COUNT_DELAY then
  budget.counted_seq, budget.checkpoint_seq, budget.checkpoint_at = budget.seq, budget.seq, now
elseif now - budget.checkpoint_at > COUNT_DELAY then
  budget.counted_seq, budget.checkpoint_seq, budget.checkpoint_at = budget.checkpoint_seq, budget.seq, now
end

-- uncounted returns how many requests the server may count after the one whose response was read.
local function uncounted()
  return math.min(in_flight_pending + unread, budget.seq - budget.counted_seq)
end

-- blocked returns when the wait that the server imposes ends, and when that was learned.
local function blocked()
  if budget.state == KNOWN and budget.remaining == 0 and budget.probe_seq == 0 and budget.refilling == 0
    and budget.window_end > budget.pause_end then
    return budget.window_end, budget.window_learned_at
  end
  return budget.pause_end, budget.pause_learned_at
end

-- refresh applies the passing of time to the budget.
local function refresh()
  if budget.pause_end <= now then
    budget.pause_end = 0
  end
  if budget.probe_seq > 0 and now - budget.probe_sent_at >= PROBE_TIMEOUT then
    if budget.state == UNKNOWN then
      budget.state = NO_WINDOW -- until a response states a window
    elseif budget.state == KNOWN then
      budget.probe_seq, budget.needs_probe = 0, 0
    end
  end
  if budget.state == KNOWN and budget.refilling == 0 and budget.window_end > 0 and budget.window_end <= now then
    -- The new window may count some requests that were sent before.
    budget.remaining = math.max(0, budget.limit - uncounted())
    budget.window_end, budget.first_seq, budget.lowest = 0, budget.seq + 1, NO_COUNT
    budget.probe_seq, budget.needs_probe = 0, budget.full_windows < TRUSTED_WINDOWS and 1 or 0
    if budget.limit == 0 then
      forget_window()
    end
  end
  if budget.state == KNOWN and budget.remaining == 0 and budget.window_end == 0 and in_flight_pending == 0 then
    forget_window() -- no response will state the end of the window
  end
  local blocked_until, learned_at = blocked()
  if blocked_until - now > max_wait and now - learned_at >= max_wait then
    budget.pause_end = 0
    forget_window()
  end
end

-- reserved returns how many places of a server that refills continuously are released more slowly.
local function reserved()
  return math.max(LEAST_RESERVED, math.min(FEW_RESERVED, budget.limit / RESERVED_DIVISOR),
    RESERVED_PART * budget.limit)
end

-- begin_refilling starts the rules for a server that refills continuously. unused is the number of
-- places that are certainly left, and period the time in which the server refills all.
local function begin_refilling(seq, unused, period)
  budget.refilling, budget.gap, budget.next_slot = REFILLING_WINDOWS, period / budget.limit, now
  budget.remaining, budget.lowest_seq, budget.full_windows, budget.needs_probe = unused, seq, 0, 0
  budget.least_unused, budget.correct_at = budget.limit, now + FIRST_CORRECTION * period
end

-- correct_gap adapts the gap to the places that stayed unused since the latest correction. gap is
-- the stated one.
local function correct_gap(gap, period)
  if budget.least_unused == 0 then
    budget.gap = budget.gap * GAP_AFTER_SHORTAGE
  elseif budget.least_unused > reserved() * UNUSED_FACTOR then
    budget.gap = budget.gap * math.max(LEAST_GAP_FACTOR, 1 - budget.least_unused / budget.limit / 2)
  end
  if budget.least_unused > budget.limit / 2 then -- other users have stopped
    budget.gap = math.min(budget.gap, gap)
  end
  budget.least_unused, budget.correct_at = budget.limit, now + NEXT_CORRECTION * period
end

-- observe_refilling learns from a response of a server that refills continuously, such as a token
-- bucket or a sliding window. Such a server is sent at most the requests that its count certainly
-- allows, with budget.gap between them. The gap is about the stated one. It shrinks while places
-- stay unused, and grows while none are left.
local function observe_refilling(seq, remaining, refused)
  local unused = math.max(0, remaining - uncounted())
  local period = math.max(budget.longest_reset, LEAST_PERIOD) * STRETCH ^ budget.stretches
  local gap = period / budget.limit -- the stated one
  if budget.refilling == 0 then
    begin_refilling(seq, unused, period)
  elseif seq > budget.lowest_seq then
    if unused > budget.limit * FULL_PART and budget.remaining < budget.limit / 2 then
      budget.refilling = budget.refilling - 1
    end
    budget.remaining, budget.lowest_seq = unused, seq
  else
    budget.remaining = math.min(budget.remaining, unused)
  end
  budget.least_unused = math.min(budget.least_unused, budget.remaining)
  -- If the server accepts a few and refuses one, again and again, it refills more slowly than
  -- stated. That holds until many places are left.
  if seq > budget.shortage_seq and refused and remaining == 0 then
    if budget.accepted_since_shortage == 1 then
      budget.shortages = budget.seq - budget.shortage_seq > SHORTAGE_REQUESTS and 1 or budget.shortages + 1
      if budget.shortages > SHORTAGES and period < max_wait then
        budget.stretches = budget.stretches + 1
      end
    end
    budget.shortage_seq, budget.accepted_since_shortage = budget.seq, 0
  elseif seq > budget.shortage_seq and not refused then
    budget.accepted_since_shortage = 1
    if budget.stretches > 0 and remaining > PLENTY_PART * budget.limit and now - budget.shrunk_at > gap then
      budget.stretches, budget.shrunk_at, budget.correct_at = budget.stretches - 1, now, 0
      gap = gap / STRETCH
      budget.gap = math.min(budget.gap, gap)
    end
  end
  if refused and seq == budget.probe_seq then
    budget.gap = budget.gap * GAP_AFTER_PROBE
  end
  if now >= budget.correct_at then
    correct_gap(gap, period)
  end
  -- An outage or an idle time does not change it further.
  budget.gap = math.max(gap / FASTEST, math.min(budget.gap, SLOWEST * gap))
end

-- observe_refusal learns from whether the server refused the request r. current reports whether the
-- request belongs to the current window.
local function observe_refusal(r, refused, current, arrived_at)
  if not refused then
    budget.refusals_without_wait = 0
    return
  end
  local wait = r.retry_after
  if current then
    wait = r.wait -- only the end of the current window counts
  end
  if wait < LEAST_WAIT and r.seq > budget.refusal_seq then
    -- The refusal states no wait. The first time, the sender decides. From the second one on all
    -- wait.
    if budget.refusals_without_wait > 0 then
      local doublings = math.min(budget.refusals_without_wait - 1, MAX_DOUBLINGS)
      wait = math.min(FIRST_BACKOFF * 2 ^ doublings, max_wait)
    end
    budget.refusals_without_wait = budget.refusals_without_wait + 1
  end
  budget.refusal_seq = math.max(budget.refusal_seq, budget.seq)
  if wait > 0 and arrived_at + wait > budget.pause_end then
    budget.pause_end, budget.pause_learned_at = arrived_at + wait, arrived_at
  end
end

-- set_end stores when a response stated the end of the window. stated_end is the end as stated.
local function set_end(stated_end, slack, learned_at)
  budget.window_end, budget.window_learned_at = stated_end + slack, learned_at
  budget.stated_end, budget.slack = stated_end, slack
end

-- set_limit stores the limit of a response that states one.
local function set_limit(limit)
  if limit > 0 then
    budget.limit = limit
  end
end

-- begin_window stores the window that the response r states. began reports whether the response
-- showed that the window before has ended.
local function begin_window(r, began, arrived_at)
  budget.began_at = began and now or 0
  budget.state = KNOWN
  set_end(arrived_at + r.reset, r.slack, arrived_at)
  budget.first_seq, budget.lowest, budget.lowest_seq = budget.seq + 1, r.remaining, budget.seq
  set_limit(r.limit)
  -- Requests and responses overtake each other, so any other request may be counted after this one.
  local after = budget.seq - budget.counted_seq - (r.seq > budget.counted_seq and 1 or 0)
  if r.seq == budget.probe_seq then
    after = math.min(after, in_flight_pending + unread) -- no other request was in flight
  end
  budget.remaining = math.max(0, r.remaining - after)
  budget.updated_at = now
end

-- update_window applies the response r to the window that is known.
local function update_window(r, arrived_at)
  set_limit(r.limit)
  budget.remaining = math.min(budget.remaining, r.remaining)
  if r.remaining <= budget.lowest then
    budget.lowest, budget.lowest_seq = r.remaining, budget.seq
  end
  local window_end = arrived_at + r.reset + r.slack
  if r.reset >= 0 and budget.window_end == 0 then
    set_end(arrived_at + r.reset, r.slack, arrived_at)
  elseif r.reset >= 0 and window_end < budget.window_end then
    budget.window_end, budget.window_learned_at = window_end, arrived_at
  end
  budget.updated_at = now
end

-- refills counts full windows. It reports whether the response r can't be that of a fixed window.
-- began reports whether r showed that the window before has ended.
local function refills(r, began)
  -- A fixed window begins full, except for the requests that were sent meanwhile.
  local missing = budget.remaining - r.remaining
  if began then
    missing = budget.limit - r.remaining - in_flight_pending - unread - budget.seq + budget.lowest_seq
  end
  if missing <= 0 and (began or budget.window_end == 0) then
    budget.full_windows = budget.full_windows + 1
  end
  return missing > budget.limit / MISSING_DIVISOR or
    r.status == 429 and r.remaining == 0 and budget.seq - budget.first_seq < budget.limit
end

-- observe_window learns the window from the response r to a request of the current window.
local function observe_window(r, refused, arrived_at)
  -- A reset counts when it was stated twice: a single one may be nonsense.
  budget.longest_reset = math.max(budget.longest_reset, math.min(budget.latest_reset, r.reset))
  budget.latest_reset = r.reset
  local began = r.reset >= 0 and budget.window_end > 0 and (r.admitted_at + r.reset - ROUNDING > budget.window_end
    or r.remaining > budget.lowest and r.seq > budget.lowest_seq)
  -- The response to the probe, or the first one after the end, shows whether the window began later
  -- than stated.
  local shows_beginning = began and r.seq == budget.probe_seq or budget.state == KNOWN and budget.window_end == 0
  if budget.slack > 0 and r.reset >= 0 and shows_beginning then
    budget.began_late = r.admitted_at > budget.stated_end + budget.slack / 2 and 1 or 0
  end
  local updates = budget.state == KNOWN and r.remaining >= 0
  local refilling = budget.refilling > 0
  if updates and not refilling and budget.limit > 0 then
    refilling = refills(r, began)
  end
  if updates and refilling then
    observe_refilling(r.seq, r.remaining, refused)
    set_limit(r.limit)
    if r.reset >= 0 then
      set_end(arrived_at + r.reset, r.slack, arrived_at)
    end
    budget.updated_at = now
  elseif updates and not began then
    update_window(r, arrived_at)
  elseif r.remaining >= 0 and r.reset >= 0 then
    begin_window(r, began, arrived_at)
  elseif budget.state == UNKNOWN and r.seq == budget.probe_seq and r.status > 0 and not refused then
    budget.state = NO_WINDOW
  end
end

-- observe learns from the response r. The rules are those of ratelimit.Local, with the state of all
-- processes.
local function observe(r)
  local arrived_at = now - r.age
  local current = r.generation == budget.generation and r.seq >= budget.first_seq
  local refused = r.status == 429 or r.status == 503 and r.retry_after >= 0
  observe_refusal(r, refused, current, arrived_at)
  if current then
    observe_window(r, refused, arrived_at)
  end
  if r.generation == budget.generation and r.seq == budget.probe_seq then
    budget.probe_seq, budget.needs_probe = 0, 0
  end
end

refresh()
for _, r in ipairs(responses) do
  unread = unread - 1
  observe(r)
  refresh()
end

-- held_back returns how many of the last places are released one at a time, and when the next may
-- go, if n requests wait. Their responses show whether the next window has begun. They can't be
-- refused: in the window that may have ended each has a place.
local function held_back(n)
  if budget.window_end == 0 or budget.slack == 0 or budget.limit < LEAST_LIMIT
    or budget.stated_end - now > SHORT_WINDOW and (budget.limit < HIGH_LIMIT or in_flight + n < 2) then
    return 0, now
  end
  local lead = math.min((budget.window_end - budget.window_learned_at) / PROBE_LEAD_DIVISOR, PROBE_LEAD)
  local count, from = HELD_BACK, budget.stated_end - lead
  if budget.remaining == 1 then
    count, from = 1, budget.stated_end + LAST_PLACE_DELAY
  end
  if budget.began_late == 1 then
    from = count == 1 and budget.window_end - lead or budget.stated_end
  end
  if from - now > max_wait or time_left >= 0 and from - now >= time_left then
    return 0, now
  end
  return count, from
end

-- spacing returns the time between requests to a server that refills continuously. The reserved
-- places are released more slowly.
local function spacing()
  return math.min(budget.gap * (SPACING_MARGIN + math.max(0, 1 - budget.remaining / reserved())), max_wait)
end

-- The functions admit, admit_refilling, admit_window, admit_in_flight and admit_rate return how
-- many of n requests may go now. If none may, they also return when the next place is free (0 if
-- that is not known), and when to ask again (0 if only an event can change the result). The fourth
-- result of the first three reports whether the one request that may go is a probe.

-- admit_refilling applies the rules for a server that refills continuously.
local function admit_refilling(n)
  local from, is_probe = budget.next_slot, false
  if budget.remaining == 0 then
    if uncounted() > 0 then
      return 0, 0, now + 2 * POLL_INTERVAL
    end
    from, n, is_probe = math.max(from, budget.admitted_at + spacing()), 1, true
  end
  if from > now then
    return 0, 0, math.max(from, now + 2 * POLL_INTERVAL)
  end
  local room = 1 + math.floor((now - math.max(from, now - CATCH_UP)) / spacing())
  return math.min(n, math.max(budget.remaining, 1), room), nil, nil, is_probe
end

-- admit_window applies the rules for a fixed window.
local function admit_window(n)
  if budget.remaining == 0 then
    return 0, 0, now + 2 * POLL_INTERVAL
  end
  local count, from = held_back(n)
  local is_probe = budget.needs_probe == 1
  if is_probe then
    n = 1
  elseif budget.remaining > count then
    n = math.min(n, budget.remaining - count)
  elseif from > now then
    return 0, 0, from -- sooner for a request that can't wait so long
  else
    n, is_probe = 1, true
  end
  local spread = math.min(BURST_SPREAD, (budget.window_end - budget.window_learned_at) / SPREAD_DIVISOR)
  if budget.window_end > 0 and now - budget.began_at < spread then
    local released = math.ceil(budget.limit * (now - budget.began_at) / spread)
    n = math.min(n, released + budget.first_seq - 1 - budget.seq)
    if n < 1 then
      return 0, 0, now + POLL_INTERVAL
    end
  end
  return n, nil, nil, is_probe
end

-- admit_in_flight applies WithMaxInFlight.
local function admit_in_flight(n)
  local free = max_in_flight - in_flight - ahead
  if free <= 0 and in_flight == held and ahead == 0 then
    return 0, 0, 0 -- the next release of this process starts a visit
  elseif free <= 0 then
    return 0, 0, now + POLL_INTERVAL * math.min(1 + ahead, MAX_POLLS)
  end
  return math.min(n, free)
end

-- admit_rate applies WithRate. The millionth of a request is a margin for floating point.
local function admit_rate(n)
  local tat = math.max(budget.tat, now)
  local room = math.floor((now - tat) / interval + burst + 1e-6)
  if room < 1 then
    local at = math.ceil(tat - (burst - 1) * interval)
    return 0, at, at
  end
  return math.min(n, room)
end

-- admit applies all rules to n requests.
local function admit(n)
  local blocked_until = blocked()
  if blocked_until > now then
    return 0, blocked_until, blocked_until
  end
  if budget.probe_seq > 0 and (budget.state == KNOWN or budget.state == UNKNOWN and reads_headers) then
    return 0, 0, math.min(now + 2 * POLL_INTERVAL, budget.probe_sent_at + PROBE_TIMEOUT)
  end
  local next_place, next_visit, is_probe = nil, nil, false
  if budget.state == UNKNOWN and reads_headers then
    n, is_probe = 1, true
  elseif budget.state == KNOWN and budget.refilling > 0 then
    n, next_place, next_visit, is_probe = admit_refilling(n)
  elseif budget.state == KNOWN then
    n, next_place, next_visit, is_probe = admit_window(n)
  end
  if n > 0 and max_in_flight > 0 then
    n, next_place, next_visit = admit_in_flight(n)
  end
  if n > 0 and interval > 0 then
    n, next_place, next_visit = admit_rate(n)
  end
  if n == 0 then
    return 0, next_place, next_visit
  end
  return n, now, now, is_probe
end

local first_seq, probe_seq = budget.seq + 1, 0
local given, next_place, next_visit, is_probe = 0, 0, 0, false
if want > 0 then
  given, next_place, next_visit, is_probe = admit(want)
end
if given > 0 then
  budget.seq, budget.admitted_at = budget.seq + given, now
  held, pending, in_flight = held + given, pending + given, in_flight + given
  if is_probe then
    probe_seq = budget.seq
    budget.probe_seq, budget.probe_sent_at = probe_seq, now
  end
  if budget.state == KNOWN and budget.refilling > 0 then
    budget.next_slot = math.max(budget.next_slot, now - CATCH_UP) + given * spacing()
  end
  if budget.state == KNOWN then
    budget.remaining = math.max(0, budget.remaining - given)
  end
  if interval > 0 then
    budget.tat = math.max(budget.tat, now) + given * interval
  end
  if given < want then
    local _
    _, next_place, next_visit = admit(want - given)
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
if process ~= '' then
  if held > 0 or pending > 0 or queued then
    redis.call('HSET', key, 'p:' .. process, table.concat(
      { text(held), text(pending), text(now + lease), text(ticket), text(now + TICKET_LEASE) }, ' '))
  elseif own_record then
    redis.call('HDEL', key, 'p:' .. process)
  end
end
local fields = {}
for name, value in pairs(budget) do
  fields[#fields + 1] = name
  fields[#fields + 1] = string.format('%.17g', value)
end
redis.call('HSET', key, unpack(fields))
-- A wait beyond max_wait is not stored for longer. After it one request asks the server again. An
-- empty key has the same effect.
local lives = math.min(math.max(budget.window_end, budget.pause_end, budget.tat, now) - now, max_wait) + lease
redis.call('PEXPIRE', key, text(math.ceil(lives / 1000) + KEY_MARGIN))

local limit, remaining, window_end = 0, -1, 0
if budget.state == KNOWN then
  limit, remaining, window_end = budget.limit, budget.remaining, budget.window_end
end
local window_seq = 0 -- the first request of a fixed window
if window_end > 0 and budget.refilling == 0 then
  window_seq = budget.first_seq
end
local blocked_until = blocked()
-- newAnswer in script.go reads these numbers.
return { now, budget.generation, given, first_seq, probe_seq, blocked_until, next_place, next_visit,
  limit, remaining, window_end, budget.pause_end, window_seq }
