// Simulations of many minutes. With the race detector they take several times as long and show
// nothing more: the other tests run the same code in several goroutines.

//go:build !race

package redislimit

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/integrations-go/sdk/internal/simserver"
	"github.com/integrations-go/sdk/ratelimit"
)

// team is ten processes that get the requests in turns.
type team struct {
	members [10]*Limiter
	next    atomic.Uint32
}

func newTeam(t *testing.T, addr string) *team {
	var m team
	for i := range m.members {
		hook := &bubble{delay: time.Millisecond}
		m.members[i] = inBubble(t, addr, hook, WithHeaders(ratelimit.Confluent()))
	}
	return &m
}

func (m *team) Acquire(ctx context.Context, req *http.Request) (ratelimit.Permit, error) {
	return m.members[int(m.next.Add(1))%len(m.members)].Acquire(ctx, req)
}

func (m *team) Observe(p ratelimit.Permit, resp *http.Response) {
	p.State.(*grant).owner.Observe(p, resp)
}

func (m *team) Release(p ratelimit.Permit) { p.State.(*grant).owner.Release(p) }

// Ten processes serve nearly as many calls within their deadlines as one process with Local, on the
// servers and with the loads of package simserver. The oracle knows the clock of the server.
func TestScenarios(t *testing.T) {
	addr := sharedRedis(t)
	const s, ms = time.Second, time.Millisecond
	near, far := simserver.FixedWindows(s, 10*ms), simserver.FixedWindows(10*s, 200*ms)
	refilling := simserver.Refilling(10*s, 200*ms)
	for _, tt := range []struct {
		server  simserver.Spec
		windows int
		good    float64 // of the oracle, at least
		refused float64 // of the requests, at most
	}{
		{near[1], 20, 0.93, 0},
		{near[4], 20, 0.93, 0},
		{near[8], 20, 0.93, 0},
		{far[1], 6, 0.96, 0},
		{far[4], 6, 0.96, 0},
		{refilling[0], 6, 0.94, 0.005},
		{refilling[1], 30, 0.90, 0.03},
	} {
		loads := simserver.Overload(tt.windows)
		loads = append(loads, simserver.OtherLoads(tt.windows)...)
		for _, i := range []int{1, 9, 14, 15, 17, 18} {
			scenario := simserver.Scenario{Server: tt.server, Load: loads[i]}
			t.Run(scenario.Name(), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					possible := simserver.Oracle(scenario, 1)
					r := simserver.Run(scenario, 1, newTeam(t, addr))
					good := float64(r.Good) / float64(possible)
					t.Logf("%.1f %% of the oracle, %.2f %% refused", 100*good, 100*r.RefusedShare())
					assert.GreaterOrEqual(t, good, tt.good)
					assert.LessOrEqual(t, r.RefusedShare(), tt.refused)
				})
			})
		}
	}
}
