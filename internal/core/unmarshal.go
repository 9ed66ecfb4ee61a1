//go:build !go1.27 || !goexperiment.jsonv2

package core

import "encoding/json"

// Unmarshal is [json.Unmarshal] into something empty, of which nothing but room for items may be lost.
func Unmarshal(b []byte, out any) error { return json.Unmarshal(b, out) }
