package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"github.com/integrations-go/sdk/confluent"
)

// rawConfig is a configuration that nobody looks into.
type rawConfig struct{ raw []byte }

func (k *rawConfig) UnmarshalJSON(b []byte) error {
	k.raw = bytes.Clone(b)
	return nil
}

// withoutUnion is our Integration, but for the union.
type withoutUnion struct {
	confluent.Integration
	Config rawConfig `json:"config"`
}

// floor is a way to decode a page of 100. It gives how many items it decoded.
type floor struct {
	name   string
	decode func(page []byte) (int, error)
}

// floors go from what most people write down to what no decoder can do without.
var floors = []floor{
	{"Decoder", func(page []byte) (int, error) {
		var out bareList[flat]
		err := json.NewDecoder(bytes.NewReader(page)).Decode(&out)
		return len(out.Data), err
	}},
	{"Unmarshal", func(page []byte) (int, error) { return items[bareIntegration[flat]](page) }},
	{"WithoutUnion", func(page []byte) (int, error) { return items[withoutUnion](page) }},
	{"Ours", func(page []byte) (int, error) { return items[confluent.Integration](page) }},
	{"Valid", func(page []byte) (int, error) {
		if !json.Valid(page) {
			return 0, errors.New("it is not JSON")
		}
		return pageItems, nil
	}},
}

// items decodes into room that need not grow, as the SDK does, but always by encoding/json.
func items[T any](page []byte) (int, error) {
	out := struct {
		Data     []T `json:"data"`
		Metadata struct {
			Next      string `json:"next"`
			TotalSize int    `json:"total_size"`
		} `json:"metadata"`
	}{Data: make([]T, 0, pageItems)}
	err := json.Unmarshal(page, &out)
	return len(out.Data), err
}

// BenchmarkFloor shows what of the walk's time is encoding/json's, without any HTTP.
func BenchmarkFloor(b *testing.B) {
	page := newResponses().page
	for _, f := range floors {
		b.Run(f.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(page)))
			for b.Loop() {
				if n, err := f.decode(page); err != nil || n != pageItems {
					b.Fatal(n, err)
				}
			}
		})
	}
}
