//go:build go1.27 && goexperiment.jsonv2

package core

import (
	"encoding/json"
	jsonv2 "encoding/json/v2"
	"reflect"
)

// asV1 is encoding/json, but for its errors: to have them, it checks a document before it decodes it, which takes a fifth of the time.
var asV1 = jsonv2.JoinOptions(json.DefaultOptionsV1(), json.ReportErrorsWithLegacySemantics(false))

// Unmarshal is [json.Unmarshal] into something empty, of which nothing but room for items may be lost.
func Unmarshal(b []byte, out any) error {
	if jsonv2.Unmarshal(b, out, asV1) == nil {
		return nil
	}
	reflect.ValueOf(out).Elem().SetZero()
	return json.Unmarshal(b, out)
}
