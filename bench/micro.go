package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/aclements/go-moremath/stats"

	"github.com/integrations-go/sdk/confluent"
)

// cost is the cost of one call.
type cost struct{ Time, Bytes, Allocs float64 } // nanoseconds, B, number

// measured is the costs of one client, one per round.
type measured struct {
	client string
	costs  []cost
}

// comparison is one workload, with the client that the others are compared with in front.
type comparison struct {
	name    string
	results []measured
	err     error
}

// spread is a median with its confidence interval, which is infinite where there are too few values
// for one.
type spread struct{ low, median, high float64 }

const confidence = 0.95

func spreadOf(values []float64) spread {
	if len(values) == 0 {
		return spread{}
	}
	interval := stats.QuantileCI(len(values), 0.5, confidence)
	if interval.Ambiguous { // it leans to the low side, where budgets are met
		interval.HiOrder++
	}
	median, low, high := interval.SampleCI(stats.Sample{Xs: slices.Sorted(slices.Values(values)), Sorted: true})
	return spread{low, median, high}
}

// known reports whether there were rounds enough for an interval.
func (s spread) known() bool { return !math.IsInf(s.low, 0) && !math.IsInf(s.high, 0) }

// text is the median with its interval, where that is known and not a point at two digits.
func (s spread) text(scale float64) string {
	if !s.known() || (s.high-s.low)*scale < 0.005 {
		return fmt.Sprintf("%.2f", s.median*scale)
	}
	return fmt.Sprintf("%.2f (%.2f to %.2f)", s.median*scale, s.low*scale, s.high*scale)
}

func pick(costs []cost, of func(cost) float64) []float64 {
	values := make([]float64, len(costs))
	for i, c := range costs {
		values[i] = of(c)
	}
	return values
}

func timeOf(c cost) float64   { return c.Time }
func bytesOf(c cost) float64  { return c.Bytes }
func allocsOf(c cost) float64 { return c.Allocs }

func (c *comparison) find(client string) (measured, bool) {
	i := slices.IndexFunc(c.results, func(m measured) bool { return m.client == client })
	if i < 0 {
		return measured{}, false
	}
	return c.results[i], true
}

// ratio compares two clients round by round, so that what slows both down falls out.
func (c *comparison) ratio(client, base string, of func(cost) float64) (spread, bool) {
	a, ok := c.find(client)
	b, found := c.find(base)
	if !ok || !found || len(a.costs) != len(b.costs) {
		return spread{}, false
	}
	ratios := make([]float64, 0, len(a.costs))
	for i := range a.costs {
		if of(b.costs[i]) > 0 {
			ratios = append(ratios, of(a.costs[i])/of(b.costs[i]))
		}
	}
	return spreadOf(ratios), len(ratios) > 0
}

// step is one client's part in a workload.
type step struct {
	client string
	call   func(context.Context) (int, error)
}

// compare measures in turns, A B A B. A call that fails, or gives another sum than the first
// client's, makes the comparison worthless.
func compare(ctx context.Context, name string, rounds int, steps []step) comparison {
	c := comparison{name: name}
	want := 0
	for i, s := range steps {
		got, err := s.call(ctx)
		if err != nil {
			c.err = errors.Join(c.err, fmt.Errorf("%s: %w", s.client, err))
		}
		if i == 0 {
			want = got
		} else if got != want {
			c.err = errors.Join(c.err, fmt.Errorf("%s: it decoded something else: %d, not %d", s.client, got, want))
		}
		c.results = append(c.results, measured{client: s.client})
	}
	if c.err != nil {
		return c
	}
	for range rounds {
		for i, s := range steps {
			var failed error
			r := testing.Benchmark(func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := s.call(ctx); err != nil {
						failed = err
						return
					}
				}
			})
			if failed != nil {
				c.err = errors.Join(c.err, fmt.Errorf("%s: %w", s.client, failed))
				return c
			}
			n := float64(max(r.N, 1))
			one := cost{float64(r.T) / n, float64(r.MemBytes) / n, float64(r.MemAllocs) / n}
			c.results[i].costs = append(c.results[i].costs, one)
		}
	}
	return c
}

// place is a kind of transport.
type place struct {
	name   string
	target func() target // with a transport of its own, so that no client profits from another's connections
}

func places(s *server) ([]place, error) {
	r := newResponses()
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(s.Certificate) {
		return nil, errors.New("the server's certificate can't be read")
	}
	return []place{
		{"in memory", func() target { return target{"http://127.0.0.1:1", &http.Client{Transport: memory{r}}} }},
		{"loopback, HTTP/1.1", func() target { return target{s.Plain, &http.Client{Transport: transport()}} }},
		{"loopback, HTTP/2 over TLS", func() target {
			t := transport()
			t.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
			t.ForceAttemptHTTP2 = true
			return target{s.TLS, &http.Client{Transport: t}}
		}},
	}, nil
}

func transport() *http.Transport { return &http.Transport{MaxIdleConnsPerHost: 128} }

// cast makes the clients that take part in a workload.
func cast(t func() target) ([]client, error) {
	sdk, err := newSDK(nameSDK, t(), nil)
	return []client{
		newBare[flat](nameBare, t()), newBare[flat](nameRetryable, retryable(t())), newCcloud(nameCcloud, t()), sdk,
	}, err
}

func castApono(t func() target) ([]client, error) {
	sdk, err := newAponoSDK(t())
	return []client{newAponoBare(t()), newAponoPeer(t()), sdk}, err
}

func steps(clients []client, call func(client) func(context.Context) (int, error)) []step {
	all := make([]step, len(clients))
	for i, c := range clients {
		all[i] = step{c.name, call(c)}
	}
	return all
}

func getting(c client) func(context.Context) (int, error)  { return c.get }
func creating(c client) func(context.Context) (int, error) { return c.create }

func listing(environment string) func(client) func(context.Context) (int, error) {
	return func(c client) func(context.Context) (int, error) {
		return func(ctx context.Context) (int, error) { return c.list(ctx, environment, func() {}) }
	}
}

// The names of the workloads, which the verdicts look for.
const (
	workGet      = "One GET"
	workPage     = "A page of 100"
	workUnion    = "A page of 100, five kinds of configuration"
	workWalk     = "The walk of 10,000 in 100 pages"
	workCreate   = "Create"
	workAponoGet = "Apono: one GET"
	workPrefetch = "The walk at 30 ms, 30 ms of work per page"

	workPrefetchShort = "The last 10 pages of the walk at 30 ms, 30 ms of work per page"
)

// micro runs the workloads that are about the cost of a call.
func micro(ctx context.Context, s *server, rounds int, report func(comparison)) error {
	all, err := places(s)
	if err != nil {
		return err
	}
	inMemory := all[0]
	for _, p := range all {
		clients, err := cast(p.target)
		if err != nil {
			return err
		}
		if p.name == inMemory.name {
			clients = append(clients, newGenerated(p.target()))
		}
		report(compare(ctx, workGet+", "+p.name, rounds, steps(clients, getting)))
		if apono, err := castApono(p.target); err != nil {
			return err
		} else if p.name == inMemory.name {
			report(compare(ctx, workAponoGet+", "+p.name, rounds, steps(apono, getting)))
		}
	}
	clients, err := cast(inMemory.target)
	if err != nil {
		return err
	}
	report(compare(ctx, workPage+", in memory", rounds, steps(clients, listing(environmentPage))))
	withUnion := append(slices.Clip(clients), newBare[union](nameBareUnion, inMemory.target()))
	report(compare(ctx, workUnion+", in memory", rounds, steps(withUnion, listing(environmentUnion))))
	report(compare(ctx, workCreate+", in memory", rounds, steps(clients, creating)))
	apono, err := castApono(inMemory.target)
	if err != nil {
		return err
	}
	report(compare(ctx, "Apono: "+workPage+", in memory", rounds, steps(apono, listing(""))))
	report(compare(ctx, "Apono: "+workCreate+", in memory", rounds, steps(apono, creating)))
	for _, p := range all[:2] {
		clients, err := cast(p.target)
		if err != nil {
			return err
		}
		clients = append(clients, newBare[union](nameBareUnion, p.target()))
		report(compare(ctx, workWalk+", "+p.name, rounds, steps(clients, listing(environmentWalk))))
	}
	return nil
}

// prefetch walks slow pages with a consumer that takes its time.
func prefetch(ctx context.Context, s *server, rounds int, environment string, report func(comparison)) error {
	slowly := func() target { return target{s.Plain + slow, &http.Client{Transport: transport()}} }
	clients, err := cast(slowly)
	if err != nil {
		return err
	}
	ahead, err := newSDK(namePrefetch, slowly(), []confluent.CallOption{confluent.WithPrefetch()})
	if err != nil {
		return err
	}
	c := comparison{name: workPrefetch}
	if environment == environmentShort {
		c.name = workPrefetchShort
	}
	for range rounds {
		for i, who := range append(slices.Clip(clients), ahead) {
			if len(c.results) <= i {
				c.results = append(c.results, measured{client: who.name})
			}
			begin := time.Now()
			_, err := who.list(ctx, environment, func() { time.Sleep(latency) })
			if err != nil {
				c.err = errors.Join(c.err, fmt.Errorf("%s: %w", who.name, err))
				continue
			}
			c.results[i].costs = append(c.results[i].costs, cost{Time: float64(time.Since(begin))})
		}
	}
	report(c)
	return nil
}
