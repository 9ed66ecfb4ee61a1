package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/integrations-go/sdk/internal/simserver"
)

// Goodput is the number of calls that succeed within their deadline, as a share of the oracle: a
// client that knows the clock of the server and sends the call with the earliest deadline first.
// Server and clock are simulated, so a run does not wait.

// The kinds of servers in the table.
const (
	goodputFixed     = "fixed windows"
	goodputOnRequest = "windows that begin with a request"
	goodputBucket    = "token bucket"
	goodputSliding   = "sliding window"
)

// simulatedClients are the clients of the table. nameTeam stands for as many processes as the other
// workloads have, with the calls in turns. nameNoLimiter waits only as long as a 429 says.
var simulatedClients = []string{nameSDK, nameTeam, nameNoLimiter, nameRetryable}

// goodputRow is one line of the table: loads with the same rate and several deadlines, on servers
// of one kind.
type goodputRow struct {
	Kind              string
	Window, RoundTrip time.Duration
	Rate              float64 // of the calls, as a share of what the server allows
	Oracle            int     // successes
	Scores            map[string]score
}

// score is the result of one client in the scenarios of a row.
type score struct {
	Worst, Mean   float64 // share of the oracle, of the worst scenario and of all
	WorstLoad     string
	Sent, Refused int
}

// refusedShare returns the share of the requests that got a 429.
func (s score) refusedShare() float64 { return float64(s.Refused) / float64(max(s.Sent, 1)) }

// gridCell is a row that is to be played.
type gridCell struct {
	row     goodputRow
	servers []simserver.Spec
	loads   []simserver.Load
}

// goodputGrid returns the rows of the table: deadlines of half a window, of two windows, and mixed
// ones of up to five. A quick run has the shorter windows and mixed deadlines only.
func goodputGrid(quick bool) (grid []gridCell) {
	for _, scale := range []struct {
		window, roundTrip time.Duration
		windows           int // that a load takes
	}{
		{time.Second, 50 * time.Millisecond, 30},
		{time.Second, 200 * time.Millisecond, 30},
		{10 * time.Second, 200 * time.Millisecond, 24},
		{time.Minute, 200 * time.Millisecond, 10},
	} {
		if quick && scale.window == time.Minute {
			continue
		}
		fixed := simserver.FixedWindows(scale.window, scale.roundTrip)
		refilling := simserver.Refilling(scale.window, scale.roundTrip)
		for _, kind := range []struct {
			name    string
			servers []simserver.Spec
		}{
			{goodputFixed, []simserver.Spec{fixed[1], fixed[4], fixed[8]}}, // each rounding and phase is there
			{goodputOnRequest, fixed[len(fixed)-1:]},
			{goodputBucket, refilling[:1]},
			{goodputSliding, refilling[1:]},
		} {
			if kind.name == goodputBucket && scale.roundTrip > 50*time.Millisecond {
				continue // no budget is about it
			}
			for _, rate := range []float64{0.9, 1.2, 2} {
				loads := slices.DeleteFunc(simserver.Overload(scale.windows), func(l simserver.Load) bool {
					mixed := len(l.Deadlines) > 1
					return l.Rate != rate || !mixed && (quick || l.Deadlines[0] != 0.5 && l.Deadlines[0] != 2)
				})
				row := goodputRow{Kind: kind.name, Window: scale.window, RoundTrip: scale.roundTrip, Rate: rate}
				grid = append(grid, gridCell{row, kind.servers, loads})
			}
		}
	}
	return grid
}

// play plays all scenarios of the cell.
func (c gridCell) play(t *testing.T) goodputRow {
	row := c.row
	row.Scores = map[string]score{}
	n := float64(len(c.servers) * len(c.loads))
	for _, server := range c.servers {
		for _, load := range c.loads {
			s := simserver.Scenario{Server: server, Load: load}
			possible := simserver.Oracle(s, simulationSeed)
			row.Oracle += possible
			for _, name := range simulatedClients {
				var r simserver.Result
				synctest.Test(t, func(t *testing.T) { r = playScenario(t, s, name) })
				got, share := row.Scores[name], float64(r.Good)/float64(max(possible, 1))
				if got.WorstLoad == "" || share < got.Worst {
					got.Worst, got.WorstLoad = share, load.Name
				}
				got.Mean += share / n
				got.Sent += r.Sent
				got.Refused += r.Refused
				row.Scores[name] = got
			}
		}
	}
	return row
}

const simulationSeed = 1

// simulated is a simulated server that responds to an accepted request with an integration.
type simulated struct {
	server    *simserver.Server
	responses *responses
}

func (s simulated) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := s.server.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	resp.Proto, resp.ProtoMajor, resp.ProtoMinor, resp.Request = "HTTP/1.1", 1, 1, req
	resp.Header.Set("Content-Type", "application/json")
	body := tooMany
	if resp.StatusCode == http.StatusOK {
		body = string(s.responses.object)
	}
	resp.Body, resp.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	return resp, nil
}

// playScenario makes the calls of s with the client of that name, in a bubble of testing/synctest.
func playScenario(t *testing.T, s simserver.Scenario, name string) simserver.Result {
	if name == nameNoLimiter {
		return simserver.Run(s, simulationSeed, nil)
	}
	start := time.Now()
	server := simserver.New(s.Server, simulationSeed)
	documents := &responses{object: []byte(item(1, gcp(1)))}
	at := target{"https://server.example", &http.Client{Transport: simulated{server, documents}}}
	clients, err := simulatedTeam(name, at)
	if err != nil {
		t.Fatal(err)
	}
	counts := func(at time.Duration) bool { return at >= s.Warm() && at < s.Duration() }
	var mu sync.Mutex
	var result simserver.Result
	var group sync.WaitGroup
	for i, call := range s.Calls(simulationSeed) {
		time.Sleep(time.Until(start.Add(call.At)))
		if counts(call.At) {
			result.Calls++
		}
		group.Go(func() {
			ctx, cancel := context.WithDeadline(context.Background(), start.Add(call.At+call.Within))
			defer cancel()
			if _, err := clients[i%len(clients)].get(ctx); err == nil && counts(time.Since(start)) {
				mu.Lock()
				result.Good++
				mu.Unlock()
			}
		})
	}
	group.Wait()
	for _, e := range server.Events() {
		if !counts(e.At.Sub(start)) {
			continue
		}
		result.Sent++
		if !e.Accepted {
			result.Refused++
		}
	}
	return result
}

// simulatedTeam returns the clients that make the calls in turns.
func simulatedTeam(name string, at target) (team []client, err error) {
	n, create := 1, func(t target) (client, error) { return newBare[flat](name, retryable(t)), nil }
	switch name {
	case nameSDK:
		create = func(t target) (client, error) { return newSDK(name, t, nil) }
	case nameTeam:
		n, create = processes, newSharedWindow
	}
	for range n {
		c, err := create(at)
		if err != nil {
			return nil, err
		}
		team = append(team, c)
	}
	return team, nil
}

// simulate is the process that plays the rows. It ends the process. A fake clock is only there in a
// test, so the process is one, which package testing runs as it runs those of go test.
func simulate() {
	all := func(string, string) (bool, error) { return true, nil }
	testing.Main(all, []testing.InternalTest{{Name: "goodput", F: playGrid}}, nil, nil)
}

// playGrid reads from standard input whether the run is a quick one, and writes the rows to
// standard output.
func playGrid(t *testing.T) {
	var quick bool
	if err := json.NewDecoder(os.Stdin).Decode(&quick); err != nil {
		t.Fatal(err)
	}
	grid := goodputGrid(quick)
	rows := make([]goodputRow, len(grid))
	t.Run("rows", func(t *testing.T) {
		for i, cell := range grid {
			t.Run(cell.row.name(), func(t *testing.T) {
				t.Parallel()
				rows[i] = cell.play(t)
			})
		}
	})
	if err := json.NewEncoder(os.Stdout).Encode(rows); err != nil {
		t.Fatal(err)
	}
}

// measureGoodput starts the process that simulates, and returns its rows.
func measureGoodput(ctx context.Context, quick bool) ([]goodputRow, error) {
	cmd, err := self(ctx, roleGoodput)
	if err != nil {
		return nil, err
	}
	cmd.Stdin = strings.NewReader(fmt.Sprint(quick))
	out, failed := cmd.Output()
	var rows []goodputRow
	if err := json.NewDecoder(strings.NewReader(string(out))).Decode(&rows); err != nil || failed != nil {
		return nil, fmt.Errorf("the simulation failed: %w\n%s", errors.Join(failed, err), out)
	}
	fmt.Fprintln(os.Stderr, "goodput: done")
	return rows, nil
}

// name describes the servers and the load.
func (r goodputRow) name() string { return fmt.Sprintf("%s, %vx", r.server(), r.Rate) }

// server describes the servers.
func (r goodputRow) server() string {
	return fmt.Sprintf("%s, %v, round trip %v", r.Kind, r.Window, r.RoundTrip)
}

func goodputTable(all []goodputRow) string {
	var b strings.Builder
	head := []string{"server", "load", "oracle, calls"}
	for _, name := range simulatedClients {
		head = append(head, name+": worst", "mean", "429")
	}
	rows := [][]string{head}
	for _, r := range all {
		row := []string{r.server(), fmt.Sprintf("%vx", r.Rate), fmt.Sprint(r.Oracle)}
		for _, name := range simulatedClients {
			s := r.Scores[name]
			_, deadline, _ := strings.Cut(s.WorstLoad, ", ")
			row = append(row, fmt.Sprintf("%s, %s", percent(s.Worst), deadline), percent(s.Mean),
				fmt.Sprintf("%.2f %%", 100*s.refusedShare()))
		}
		rows = append(rows, row)
	}
	table(&b, rows...)
	return b.String()
}

// goodputBudget is the least share of the oracle in each scenario on some of the servers.
type goodputBudget struct {
	servers string
	covers  func(goodputRow) bool
	good    float64
	refused float64 // the most that may be refused, 1 for any
}

var goodputBudgets = []goodputBudget{
	{"fixed windows of 10 and 60 s", func(r goodputRow) bool {
		return r.Kind == goodputFixed && r.Window > time.Second
	}, 0.98, 0},
	{"fixed windows of 1 s, round trip of at most a twentieth", func(r goodputRow) bool {
		return r.Kind == goodputFixed && r.Window == time.Second && r.RoundTrip <= r.Window/20
	}, 0.95, 1},
	{"fixed windows of 1 s, round trip of a fifth", func(r goodputRow) bool {
		return r.Kind == goodputFixed && r.Window == time.Second && r.RoundTrip > r.Window/20
	}, 0.85, 1},
	{"windows of 1 s that begin with a request", func(r goodputRow) bool {
		return r.Kind == goodputOnRequest && r.Window == time.Second
	}, 0.80, 1},
	{"sliding windows of 10 and 60 s", func(r goodputRow) bool {
		return r.Kind == goodputSliding && r.Window > time.Second
	}, 0.90, 0.03},
}

// goodputVerdicts judges the worst scenario of each budget, and the refusals of each row.
func goodputVerdicts(rows []goodputRow) (all []verdict) {
	for _, b := range goodputBudgets {
		v := verdict{ruling: notRun, budget: fmt.Sprintf("%s, goodput, %s: at least %s of the oracle",
			nameSDK, b.servers, percent(b.good))}
		if b.refused < 1 {
			v.budget += fmt.Sprintf(", at most %s refused", percent(b.refused))
		}
		worst, refused, where, found := math.Inf(1), 0.0, "", false
		for _, r := range rows {
			if !b.covers(r) {
				continue
			}
			s := r.Scores[nameSDK]
			found, refused = true, max(refused, s.refusedShare())
			if s.Worst < worst {
				worst, where = s.Worst, r.server()+", "+s.WorstLoad
			}
		}
		if found {
			v.ruling = holds(worst >= b.good && refused <= b.refused)
			v.measured = fmt.Sprintf("%s (%s), %.2f %% refused", percent(worst), where, 100*refused)
		}
		all = append(all, v)
	}
	return all
}
