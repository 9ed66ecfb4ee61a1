//go:build go1.27

package main

import (
	"bytes"
	"encoding/json/jsontext"
	"io"
)

// Go 1.27 can be asked for the tokens alone.
func init() {
	floors = append(floors, struct {
		name   string
		decode func(page []byte) (int, error)
	}{"Tokens", func(page []byte) (int, error) {
		d := jsontext.NewDecoder(bytes.NewReader(page))
		for {
			if _, err := d.ReadToken(); err == io.EOF {
				return pageItems, nil
			} else if err != nil {
				return 0, err
			}
		}
	}})
}
