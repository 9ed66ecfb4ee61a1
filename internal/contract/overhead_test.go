package contract_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/integrations-go/sdk/ratelimit"
)

// BenchmarkChainOverhead compares a get in memory by the generated client with a get through the
// whole call path.
func BenchmarkChainOverhead(b *testing.B) {
	for _, v := range vendors {
		base := &http.Client{Transport: tripper(func(*http.Request) (*http.Response, error) {
			return respond(200, v.object("x-1")), nil
		})}
		own := func(l ratelimit.Limiter) func(context.Context) error {
			c, err := v.new(options{baseURL: "https://" + host, client: base, limiter: l, retry: quick()})
			if err != nil {
				b.Fatal(err)
			}
			return func(ctx context.Context) error {
				_, err := c.get(ctx, "x-1", call{})
				return err
			}
		}
		local, err := ratelimit.New()
		if err != nil {
			b.Fatal(err)
		}
		for _, c := range []struct {
			name string
			get  func(context.Context) error
		}{
			{"bare", v.bare(base, "https://"+host, "x-1")},
			{"chain", own(nil)},
			{"chain and limiter", own(local)},
		} {
			b.Run(v.name+"/"+c.name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := c.get(b.Context()); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
