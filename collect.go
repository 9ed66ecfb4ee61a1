package sdk

import "iter"

// Collect returns the items of seq as a slice. At the first error it stops and returns the items so
// far with the error. An empty list returns nil. Collect holds the whole list in memory. To walk a
// long list, range over it.
//
//	integrations, err := sdk.Collect(c.Integrations.List(ctx, "env-abc123", nil))
func Collect[T any](seq iter.Seq2[T, error]) ([]T, error) {
	var all []T
	for v, err := range seq {
		if err != nil {
			return all, err
		}
		all = append(all, v)
	}
	return all, nil
}
