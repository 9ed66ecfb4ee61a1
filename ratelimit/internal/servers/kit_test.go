package servers_test

import (
	"time"

	"github.com/integrations-go/sdk/ratelimit/internal/servers"
)

const ms = time.Millisecond

// client sends requests to a server type, at times that the test chooses.
type client struct {
	server  servers.Server
	begin   time.Time
	traffic servers.Traffic
	slack   time.Duration // of the resets

	began int // windows
	ended []servers.Block
}

// newClient returns the client of a server that nothing is known about. Other requests wait.
func newClient() *client {
	begin := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return &client{
		server: servers.NewFixedWindow(servers.Unknown), begin: begin, slack: time.Second,
		traffic: servers.Traffic{
			Now: begin, Waiting: 200, Contended: begin, MaxWait: time.Minute, CatchUp: servers.CatchUp,
		},
	}
}

// at moves the time to d after the beginning.
func (c *client) at(d time.Duration) *client {
	c.traffic.Now = c.begin.Add(d)
	if ended := c.server.Advance(c.traffic); ended != (servers.Block{}) {
		c.ended = append(c.ended, ended)
	}
	return c
}

// next returns when the next request may leave, from the beginning, -1 if that depends on a
// response.
func (c *client) next() time.Duration { return c.nextWithin(0) }

// nextWithin is next for a request whose deadline is d after the beginning, 0 for none.
func (c *client) nextWithin(d time.Duration) time.Duration {
	deadline := time.Time{}
	if d > 0 {
		deadline = c.begin.Add(d)
	}
	at, ok := c.server.Next(c.traffic, deadline)
	if !ok {
		return -1
	}
	return max(at.Sub(c.begin), c.traffic.Now.Sub(c.begin))
}

// send admits a request.
func (c *client) send() servers.Request {
	c.traffic.Newest++
	low := c.server.Admit(c.traffic)
	c.traffic.InFlight++
	c.traffic.Pending++
	return servers.Request{Seq: c.traffic.Newest, Sent: c.traffic.Now, Low: low}
}

// hear passes the response to r: the counts of a window with this limit.
func (c *client) hear(r servers.Request, limit, remaining int, reset time.Duration) {
	c.hearCounts(r, servers.Counts{
		Limit: limit, Remaining: remaining, Reset: reset, Slack: c.slack,
		HasLimit: true, HasRemaining: true, HasReset: true,
	})
}

func (c *client) hearCounts(r servers.Request, counts servers.Counts) {
	c.traffic.InFlight--
	c.traffic.Pending--
	r.Uncounted = c.traffic.Pending
	var began bool
	var ended servers.Block
	c.server, began, ended = c.server.Observe(r, counts, c.traffic)
	if began {
		c.began++
	}
	if ended != (servers.Block{}) {
		c.ended = append(c.ended, ended)
	}
}

// exchange sends a request whose response arrives at once.
func (c *client) exchange(limit, remaining int, reset time.Duration) {
	c.hear(c.send(), limit, remaining, reset)
}

func (c *client) remaining() int {
	_, remaining, _ := c.server.Window()
	return remaining
}

// until returns the end of the window, from the beginning.
func (c *client) until() time.Duration {
	_, _, until := c.server.Window()
	return until.Sub(c.begin)
}

func (c *client) refills() bool {
	_, ok := c.server.(*servers.Refilling)
	return ok
}
