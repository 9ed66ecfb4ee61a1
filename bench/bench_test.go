package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/confluent"
)

// A client that decodes less, or something else, would win for the wrong reason.
func TestAllClientsDecodeTheSame(t *testing.T) {
	t.Parallel()
	r := newReplies()
	inMemory := func() target { return target{"http://127.0.0.1:1", &http.Client{Transport: memory{r}}} }
	confluents, err := cast(inMemory)
	require.NoError(t, err)
	ahead, err := newSDK(namePrefetch, inMemory(), []confluent.CallOption{confluent.WithPrefetch()})
	require.NoError(t, err)
	generated, err := newGenerated(inMemory())
	require.NoError(t, err)
	confluents = append(confluents, newBare[union](nameBareUnion, inMemory()), newSleeping(inMemory()), ahead)
	aponos, err := castApono(inMemory)
	require.NoError(t, err)

	one := len("cspi-00001") + len("integration 1") + len(account)
	for _, c := range append(confluents, generated) {
		n, err := c.get(t.Context())
		require.NoError(t, err, c.name)
		assert.Equal(t, one, n, c.name)
	}
	names := func(from, to int) (n int) {
		for i := from; i < to; i++ {
			n += len(fmt.Sprintf("cspi-%05d", i)) + len(fmt.Sprintf("integration %d", i))
		}
		return n
	}
	customers := 20 * (2*len(account) + len("arn:aws:iam::111111111111:role/customer") + len("11111111-1111-4111-8111-111111111111"))
	for _, c := range confluents {
		n, err := c.create(t.Context())
		require.NoError(t, err, c.name)
		assert.Equal(t, one, n, c.name)
		for environment, want := range map[string]struct{ sum, pages int }{
			environmentPage:  {names(0, 100) + 100*len(account), 1},
			environmentUnion: {names(0, 100) + customers, 1},
			environmentShort: {names(9000, 10000) + 1000*len(account), shortPages},
		} {
			pages := 0
			n, err := c.list(t.Context(), environment, func() { pages++ })
			require.NoError(t, err, c.name)
			assert.Equal(t, want.sum, n, "%s, %s", c.name, environment)
			assert.Equal(t, want.pages, pages, "%s, %s", c.name, environment)
		}
	}
	n, err := confluents[0].list(t.Context(), environmentWalk, func() {}) // the others must agree in each run
	require.NoError(t, err)
	assert.Equal(t, names(0, 10000)+10000*len(account), n)
	single := len("int-00001") + len("integration 1") + 4
	for _, c := range aponos {
		for name, call := range map[string]func(context.Context) (int, error){"get": c.get, "create": c.create} {
			n, err := call(t.Context())
			require.NoError(t, err, c.name)
			assert.Equal(t, single, n, "%s, %s", c.name, name)
		}
		n, err := c.list(t.Context(), "", func() {})
		require.NoError(t, err, c.name)
		assert.Equal(t, 100*(len("int-00000")+len("integration ")+4)+190, n, c.name)
	}
}

func TestClientsFailWhereTheServerDoes(t *testing.T) {
	t.Parallel()
	broken := func() target {
		return target{"http://127.0.0.1:1", &http.Client{Transport: tripper(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 404, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader("{}"))}, nil
		})}}
	}
	confluents, err := cast(broken)
	require.NoError(t, err)
	aponos, err := castApono(broken)
	require.NoError(t, err)
	for _, c := range append(confluents, aponos...) {
		_, err := c.get(t.Context())
		require.Error(t, err, c.name)
		_, err = c.create(t.Context())
		require.Error(t, err, c.name)
		_, err = c.list(t.Context(), environmentPage, func() {})
		require.Error(t, err, c.name)
	}
}

type tripper func(*http.Request) (*http.Response, error)

func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// What the servers let through is what the shares are measured against.
func TestLimitsHold(t *testing.T) {
	t.Parallel()
	const n = 10
	for _, kind := range []string{fixedWindow, tokenBucket, slidingWindow} {
		for range 5 {
			b := newBudget(limit{Kind: kind, N: n})
			var accepted []time.Duration
			var at time.Duration
			for range 2000 {
				a := b.take(at)
				if a.ok {
					accepted = append(accepted, at)
					assert.Zero(t, a.retry)
				} else {
					assert.Positive(t, a.retry, kind)
					assert.Zero(t, a.remaining)
				}
				assert.GreaterOrEqual(t, a.remaining, 0)
				assert.Less(t, a.remaining, n)
				assert.GreaterOrEqual(t, a.reset, a.retry)
				at += time.Duration(rand.Int64N(int64(20 * time.Millisecond)))
			}
			for i, from := range accepted {
				inSecond, inWindow := 0, 0
				for _, a := range accepted[i:] {
					if a < from+time.Second {
						inSecond++
					}
					if a/time.Second == from/time.Second {
						inWindow++
					}
				}
				assert.LessOrEqual(t, inSecond, map[string]int{fixedWindow: 2 * n, tokenBucket: 2 * n, slidingWindow: n}[kind], kind)
				assert.LessOrEqual(t, inWindow, map[string]int{fixedWindow: n, tokenBucket: 2 * n, slidingWindow: n}[kind], kind)
			}
			// Ten times the demand uses all of it.
			d := at.Truncate(time.Second)
			used := 0
			for _, a := range accepted {
				if a < d {
					used++
				}
			}
			assert.LessOrEqual(t, used, b.allowed(d), kind)
			assert.Greater(t, used, b.allowed(d)*9/10, kind)
		}
	}
}

func TestLimitsTellWhenTheNextRequestPasses(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{fixedWindow, tokenBucket, slidingWindow} {
		b := newBudget(limit{Kind: kind, N: 4})
		at := 130 * time.Millisecond
		var a answer
		for a = b.take(at); a.ok; a = b.take(at) {
			at += 5 * time.Millisecond
		}
		assert.False(t, b.take(at+a.retry-time.Millisecond).ok, kind)
		assert.True(t, b.take(at+a.retry+time.Millisecond).ok, kind)
	}
}

func TestWholeSeconds(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]int{0: 0, 1: 1, time.Second: 1, time.Second + 1: 2} {
		assert.Equal(t, want, wholeSeconds(d), d)
	}
}

// The account of a load: what came, what was refused, who waited.
func TestRunCountsWhatTheServerSaw(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(&service{replies: newReplies()})
	defer s.Close()
	at := &server{addresses: addresses{Plain: s.URL}}
	c := newBare[flat](nameBare, target{s.URL + limited, s.Client()})
	r := observed(t.Context(), at, limit{Kind: fixedWindow, N: 5}, time.Second, c.name, func() (o outcome, err error) {
		for range 8 {
			if _, err := c.get(t.Context()); errors.Is(err, statusError(429)) {
				o.Failed++
			} else if err != nil {
				return o, err
			}
		}
		return o, nil
	})
	require.NoError(t, r.err)
	accepted, first, later := r.count()
	assert.Equal(t, []int{5, 3, 0, 3}, []int{accepted, first, later, r.outcome.Failed})
	assert.InDelta(t, 1, r.share(), 0)
	assert.InDelta(t, 3.0/8, r.refused(), 1e-9)
	assert.Equal(t, 1, r.ledger.Most)

	r = observed(t.Context(), at, limit{Kind: inFlight, N: 0}, time.Second, c.name, func() (o outcome, err error) {
		_, err = c.get(t.Context())
		assert.Equal(t, statusError(429), err)
		return o, nil
	})
	require.NoError(t, r.err)
	assert.Len(t, r.ledger.Events, 1, "a new limit begins a new account")

	_, err := newBare[flat](nameBare, target{s.URL + "/nowhere", s.Client()}).get(t.Context())
	assert.Equal(t, statusError(404), err)
	resp, err := s.Client().Get(s.URL + "/pim/v2/integrations/x")
	require.NoError(t, err)
	resp.Body.Close()
	assert.Equal(t, http.StatusUnauthorized, resp.StatusCode, "a client without credentials would have less to do")
}

func TestDriveCountsWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		calls := make(chan int, 1)
		calls <- 0
		o := drive(t.Context(), 2, 10*time.Second, func(ctx context.Context) (int, error) {
			select {
			case n := <-calls: // one goroutine at a time, a second each; the third call fails
				time.Sleep(time.Second)
				calls <- n + 1
				if n == 2 {
					return 0, errors.New("broken")
				}
				return 0, nil
			case <-ctx.Done():
				return 0, ctx.Err()
			}
		})
		assert.Equal(t, 1, o.Failed)
		assert.Equal(t, []string{"broken"}, o.Errors)
		require.Len(t, o.Each, 2)
		total := o.Each[0] + o.Each[1]
		assert.InDelta(t, 9, total, 1)
		assert.Greater(t, len(o.Waits), total, "a wait that the end cuts off counts")
		assert.LessOrEqual(t, o.wait(1), 3*time.Second)
	})
}

func TestSpread(t *testing.T) {
	t.Parallel()
	assert.Equal(t, spread{1, 2, 9}, spreadOf([]float64{9, 1, 2}))
	assert.Equal(t, spread{1, 2.5, 9}, spreadOf([]float64{9, 1, 2, 3}))
	assert.Equal(t, spread{}, spreadOf(nil))
}

func TestRatioIsOfRounds(t *testing.T) {
	t.Parallel()
	c := comparison{results: []measured{
		{"a", []cost{{Time: 1}, {Time: 10}, {Time: 100}}}, {"b", []cost{{Time: 2}, {Time: 20}, {Time: 150}}}, {"short", []cost{{Time: 1}}},
	}}
	s, ok := c.ratio("b", "a", timeOf)
	assert.True(t, ok)
	assert.Equal(t, spread{1.5, 2, 2}, s)
	_, ok = c.ratio("short", "a", timeOf)
	assert.False(t, ok)
	_, ok = c.ratio("b", "a", bytesOf)
	assert.False(t, ok, "nothing to divide by")
}

func TestComparisonIsWorthlessWhereClientsDiffer(t *testing.T) {
	t.Parallel()
	give := func(n int, err error) func(context.Context) (int, error) {
		return func(context.Context) (int, error) { return n, err }
	}
	c := compare(t.Context(), "x", 1, []step{{"a", give(1, nil)}, {"b", give(2, nil)}})
	require.ErrorContains(t, c.err, "b: it decoded something else")
	assert.Contains(t, c.markdown(), "Worthless")
	c = compare(t.Context(), "x", 1, []step{{"a", give(1, nil)}, {"b", give(1, errors.New("broken"))}})
	require.ErrorContains(t, c.err, "b: broken")
}

// figures makes a result in which every budget of goVersion is just met, or with more than 1 just missed.
func figures(more, ccloud float64) *result {
	costs := func(time, bytes, allocs float64) []cost { return []cost{{time * more, bytes * more, allocs * more}} }
	r := &result{}
	for _, where := range []string{", in memory", ", loopback, HTTP/1.1"} {
		r.comparisons = append(r.comparisons, comparison{name: workWalk + where, results: []measured{
			{nameBare, []cost{{1000, 1000, 1000}}}, {nameRetryable, []cost{{601, 0, 0}}}, {nameCcloud, []cost{{ccloud, 0, 0}}},
			{nameSDK, costs(600, 350, 1)},
		}})
	}
	r.comparisons = append(r.comparisons,
		comparison{name: workGet + ", in memory", results: []measured{
			{nameBare, []cost{{10000, 1, 1}}}, {nameCcloud, []cost{{1, 1001, 101}}}, {nameGenerated, []cost{{9000, 0, 94}}}, {nameSDK, costs(11000, 1000, 100)},
		}},
		comparison{name: workAponoGet + ", in memory", results: []measured{{nameApono, []cost{{1, 1001, 101}}}, {nameSDK, costs(1, 1000, 100)}}},
		comparison{name: workPrefetch, results: []measured{{nameSDK, []cost{{Time: 1000}}}, {namePrefetch, costs(600, 0, 0)}}},
	)
	play := func(kind, client string, accepted, later int) run {
		one := run{limit: limit{Kind: kind, N: 100}, client: client, time: 10 * time.Second}
		for range accepted {
			one.ledger.Events = append(one.ledger.Events, event{0, true})
		}
		one.ledger.Events = append(one.ledger.Events, event{0, false})
		for range later {
			one.ledger.Events = append(one.ledger.Events, event{time.Second, false})
		}
		return one
	}
	later := 0
	if more > 1 {
		later = 2
	}
	for _, client := range []string{nameSDK, nameRoundedUp} {
		r.runs = append(r.runs, play(fixedWindow, client, 980, later), play(tokenBucket, client, 1045, later), play(slidingWindow, client, 1000, later))
	}
	r.shared = append(r.shared, play(fixedWindow, nameShared, 950, later), play(fixedWindow, nameToldAll, 950, later), play(fixedWindow, nameKilled, 1, 0))
	r.shared[2].outcome.Failed = later
	return r
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	for _, v := range judge("go1.27.4", figures(1, 601)) {
		assert.True(t, v.run && v.met, "%+v", v)
	}
	for _, v := range judge("go1.27.4", figures(1.02, 601)) {
		assert.True(t, v.run && !v.met, "%+v", v)
	}
	for _, v := range judge("go1.26.8", figures(1, 901)) {
		assert.True(t, v.run && v.met, "%+v", v)
	}
	slow := figures(1, 901)
	for i := range slow.comparisons[:2] {
		slow.comparisons[i].results[3].costs[0].Time = 1001
	}
	missed := 0
	for _, v := range judge("go1.26.8", slow) {
		if !v.met {
			missed++
		}
	}
	assert.Equal(t, 4, missed, "both walks: slower than bare, and than two thirds of ccloud")
	unsure := figures(1, 601)
	for i := range unsure.comparisons[0].results {
		m := &unsure.comparisons[0].results[i]
		m.costs = append(m.costs, m.costs[0], m.costs[0])
	}
	unsure.comparisons[0].results[3].costs[1].Time = 700
	v := judge("go1.27.4", unsure)[0]
	assert.True(t, v.met && v.noisy, "%+v", v)
	assert.Contains(t, verdictTable([]verdict{v}), "met, within the noise")
	assert.False(t, judge("go1.27.4", figures(1, 601))[0].noisy)
	none := judge("go1.27.4", &result{})
	assert.Len(t, none, len(judge("go1.27.4", figures(1, 601))), "what was not run is listed too")
	for _, v := range none {
		assert.False(t, v.run, "%+v", v)
	}
	assert.NotContains(t, verdictTable(none), "met")
}

func TestVerdictsOfRunsThatFailed(t *testing.T) {
	t.Parallel()
	r := figures(1, 601)
	for i := range r.runs {
		r.runs[i].err = errors.New("broken")
	}
	for i := range r.shared {
		r.shared[i].err = errors.New("broken")
	}
	missed := 0
	for _, v := range judge("go1.27.4", r) {
		if v.run && !v.met {
			missed++
			assert.Contains(t, v.measured, "broken")
		}
	}
	assert.Equal(t, len(r.runs)+len(r.shared), missed)
}

func TestReportAndPlot(t *testing.T) {
	t.Parallel()
	r := figures(1, 601)
	r.runs[0].client, r.runs[1].err = `<&">`, errors.New("broken")
	assert.NotContains(t, r.markdown(""), "![")
	text := r.markdown("requests.svg")
	for _, want := range []string{"| " + nameSDK + " |", "0.60", "**missed**", "broken", "](requests.svg)"} {
		assert.Contains(t, text, want)
	}
	svg := plot(r.runs)
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
	}
	assert.Contains(t, svg, "&lt;&amp;")
	assert.Contains(t, svg, colAccept)
	assert.Contains(t, svg, colRefuse)
}

func TestOld(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]bool{"go1.26.8": true, "go1.27.4": false, "go1.27rc1": false, "go1.9": true, "devel": false} {
		assert.Equal(t, want, old(version), version)
	}
}

func TestKeepReplacesOnlyTheRun(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "README.md")
	require.NoError(t, os.WriteFile(name, []byte("before\n"+runBegin+"old\n"+runEnd+"after\n"), 0o600))
	for range 2 {
		require.NoError(t, keep(name, []byte("new\n\n")))
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		assert.Equal(t, "before\n"+runBegin+"new\n"+runEnd+"after\n", string(b))
	}
	require.NoError(t, os.WriteFile(name, []byte("nothing"), 0o600))
	require.Error(t, keep(name, []byte("new")))
	b, err := os.ReadFile("README.md")
	require.NoError(t, err)
	assert.True(t, bytes.Contains(b, []byte(runBegin)) && bytes.Contains(b, []byte(runEnd)))
}

func TestFlags(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-workloads=all"}, {"-workloads="}, {"-rounds=0"}, {"-benchtime=0"}, {"-limittime=1500ms"}, {"-limittime=0"}, {"more"}} {
		_, err := parse(args)
		require.Error(t, err, args)
	}
	s, err := parse([]string{"-quick", "-workloads=limits,micro"})
	require.NoError(t, err)
	assert.Equal(t, []string{"limits", "micro"}, s.workloads)
}
