// Package vendor has the common code of the vendor packages: options that every vendor has but that
// belong to one client, and the common view of errors. T is the type of the settings of one vendor.
package vendor

import (
	"context"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/internal/core"
	"github.com/integrations-go/sdk/ratelimit"
)

// Option returns an option that only the vendor's New accepts.
func Option[T any](vendor, name string, apply func(*core.Options, *T) error) sdk.Option {
	return core.VendorOption(vendor, name, apply)
}

// WithToken authenticates with a bearer token that never changes.
func WithToken[T any](vendor, token string) sdk.Option {
	return Option(vendor, "WithToken", func(o *core.Options, _ *T) error {
		return o.SetAuth("WithToken", core.StaticBearer(token), core.Credential("token", token))
	})
}

// WithTokenSource authenticates with bearer tokens from source.
func WithTokenSource[T any](vendor string, source sdk.TokenSource) sdk.Option {
	return Option(vendor, "WithTokenSource", func(o *core.Options, _ *T) error {
		if f, ok := source.(sdk.TokenSourceFunc); source == nil || ok && f == nil {
			return core.Arg("token source", "is nil")
		}
		return o.SetAuth("WithTokenSource", core.Bearer(func(ctx context.Context) (core.Token, error) {
			t, err := source.Token(ctx)
			return core.Token(t), err
		}))
	})
}

// WithBaseURL sets the base URL.
func WithBaseURL[T any](vendor, baseURL string) sdk.Option {
	return Option(vendor, "WithBaseURL", func(o *core.Options, _ *T) error { return o.SetBaseURL(baseURL) })
}

// WithLimiter sets the limiter. nil means none.
func WithLimiter[T any](vendor string, limiter ratelimit.Limiter) sdk.Option {
	return Option(vendor, "WithLimiter", func(o *core.Options, _ *T) error { return o.SetLimiter(limiter) })
}

// WithStrict makes an incomplete response an error.
func WithStrict[T any](vendor string) sdk.Option {
	return Option(vendor, "WithStrict", func(o *core.Options, _ *T) error { return o.SetStrict() })
}
