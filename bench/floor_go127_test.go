//go:build go1.27 && goexperiment.jsonv2

package main

import (
	"bytes"
	"encoding/json/jsontext"
	"errors"
	"io"
)

// What it takes to read the tokens alone, which Go 1.26 has no way to do without decoding.
func init() {
	floors = append(floors, floor{"Tokens", func(page []byte) (int, error) {
		d := jsontext.NewDecoder(bytes.NewReader(page))
		for {
			if _, err := d.ReadToken(); errors.Is(err, io.EOF) {
				return pageItems, nil
			} else if err != nil {
				return 0, err
			}
		}
	}})
}
