package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
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
	r := newResponses()
	inMemory := func() target { return target{"http://127.0.0.1:1", &http.Client{Transport: memory{r}}} }
	confluents, err := cast(inMemory)
	require.NoError(t, err)
	ahead, err := newSDK(namePrefetch, inMemory(), []confluent.CallOption{confluent.WithPrefetch()})
	require.NoError(t, err)
	confluents = append(confluents, newBare[union](nameBareUnion, inMemory()), newSleeping(inMemory()), ahead)
	aponos, err := castApono(inMemory)
	require.NoError(t, err)

	one := len("cspi-00001") + len("integration 1") + len(account)
	for _, c := range append(confluents, newGenerated(inMemory())) {
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
	customers := 20 * (2*len(account) + len("arn:aws:iam::111111111111:role/customer") +
		len("11111111-1111-4111-8111-111111111111"))
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
		fail := func(*http.Request) (*http.Response, error) {
			return &http.Response{
				StatusCode: 404, Header: http.Header{"Content-Type": {"application/json"}},
				Body: io.NopCloser(strings.NewReader("{}")),
			}, nil
		}
		return target{"http://127.0.0.1:1", &http.Client{Transport: tripper(fail)}}
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

// The shares are measured against the requests that the servers accept.
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
				most := map[string]int{fixedWindow: 2 * n, tokenBucket: 2 * n, slidingWindow: n}
				assert.LessOrEqual(t, inSecond, most[kind], kind)
				most[fixedWindow] = n
				assert.LessOrEqual(t, inWindow, most[kind], kind)
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
		before := b.take(at + a.retry - 1)
		assert.False(t, before.ok, kind)
		assert.Equal(t, time.Duration(1), before.retry, kind)
		assert.True(t, b.take(at+a.retry).ok, kind)
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
	s := httptest.NewServer(&service{responses: newResponses()})
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
	below, above := math.Inf(-1), math.Inf(1)
	for name, c := range map[string]struct {
		values []float64
		want   spread
	}{
		"none":  {nil, spread{}},
		"three": {[]float64{9, 1, 2}, spread{below, 2, above}},
		"five":  {[]float64{5, 4, 3, 2, 1}, spread{below, 3, above}},
		"six":   {[]float64{9, 1, 2, 3, 4, 5}, spread{1, 3.5, 9}},
		"eight": {[]float64{8, 7, 6, 5, 4, 3, 2, 1}, spread{1, 4.5, 8}},
		"ten":   {[]float64{10, 9, 8, 7, 6, 5, 4, 3, 2, 1}, spread{2, 5.5, 9}},
		"many":  {slices.Repeat([]float64{3, 1, 2}, 20), spread{2, 2, 2}},
	} {
		got := spreadOf(c.values)
		assert.InDelta(t, c.want.median, got.median, 1e-9, name)
		assert.Equal(t, []float64{c.want.low, c.want.high}, []float64{got.low, got.high}, name)
		assert.Equal(t, !math.IsInf(c.want.low, 0), got.known(), name)
	}
	assert.Equal(t, "1.37", spread{below, 1.374, above}.text(1))
	assert.Equal(t, "1.37 (1.21 to 1.83)", spread{1.21, 1.37, 1.83}.text(1))
	assert.Equal(t, "0.65", spread{0.6501, 0.651, 0.652}.text(1))
	assert.Equal(t, "2.89 (-0.77 to 4.24)", spread{-770, 2890, 4240}.text(1e-3))
}

func TestRatioIsOfRounds(t *testing.T) {
	t.Parallel()
	c := comparison{results: []measured{
		{"a", []cost{{Time: 1}, {Time: 10}, {Time: 100}}}, {"b", []cost{{Time: 2}, {Time: 20}, {Time: 150}}},
		{"short", []cost{{Time: 1}}},
	}}
	s, ok := c.ratio("b", "a", timeOf)
	assert.True(t, ok)
	assert.InDelta(t, 2, s.median, 1e-9)
	assert.False(t, s.known())
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
