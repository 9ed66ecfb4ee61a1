-- This script reads the budget at KEYS[1], a text that begins with its version and a space, or
-- replaces it if it has not changed.
--
-- ARGV[1] is the version that the process knows, empty if there was no budget. ARGV[2] is the text
-- to store, empty to read only. ARGV[3] is its time to live in milliseconds. ARGV[4] is the time of
-- the text in microseconds.
--
-- It returns 1 if it stored the text and else 0, the time in microseconds, and, if it stored
-- nothing, the text that is there, empty if there is none.
local AHEAD = 5e3 -- a text of the future is refused: the process knows the time badly
local clock = redis.call('TIME')
local now = clock[1] * 1e6 + clock[2]
local stored = redis.call('GET', KEYS[1]) or ''
if ARGV[2] ~= '' and tonumber(ARGV[4]) <= now + AHEAD and ARGV[1] == string.match(stored, '^[^ ]*') then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
  return { 1, now, '' }
end
return { 0, now, stored }
