//go:build !go1.27 || !goexperiment.jsonv2

package core

import "encoding/json"

// Unmarshal is [json.Unmarshal] into an empty value. It may lose the capacity of slices in out.
func Unmarshal(b []byte, out any) error { return json.Unmarshal(b, out) }
