// Package show formats models for packages fmt and log/slog. The form is the same for every verb.
// Pointers are followed, JSON is shown as JSON, and secrets are not shown.
package show

import (
	"encoding"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/integrations-go/sdk/internal/oneof"
	"github.com/integrations-go/sdk/internal/redact"
)

// Format writes [Text] of v as [FormatText] does.
func Format(w fmt.State, verb rune, v any) { FormatText(w, verb, Text(v)) }

// FormatText writes a text for every verb of package fmt. The verbs q, x and X write it quoted or
// in hexadecimal digits.
func FormatText(w fmt.State, verb rune, text string) {
	if strings.ContainsRune("qxX", verb) {
		fmt.Fprintf(w, fmt.FormatString(w, verb), text)
	} else {
		fmt.Fprint(w, text)
	}
}

// Text returns the type of a struct and its fields that are not zero: Integration{ID:"i"}. JSON is
// shown as JSON. The values of fields and members with the names of secrets are not shown.
func Text(v any) string {
	var b strings.Builder
	write(&b, reflect.ValueOf(v), true)
	return b.String()
}

// write appends the text of v. top reports that v's own Format calls it: calling Format again would
// not end.
func write(b *strings.Builder, v reflect.Value, top bool) {
	if !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		b.WriteString("nil")
		return
	}
	if !top && v.CanInterface() && writeOwn(b, v.Interface()) {
		return
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		write(b, v.Elem(), top)
	case reflect.Struct:
		b.WriteString(typeName(v.Type()))
		b.WriteString("{")
		first := true
		for f, value := range fields(v) {
			separate(b, &first)
			b.WriteString(f.Name + ":")
			writeNamed(b, f.Name, value)
		}
		b.WriteString("}")
	case reflect.Slice, reflect.Array:
		b.WriteString("[")
		first := true
		for i := range v.Len() {
			separate(b, &first)
			write(b, v.Index(i), false)
		}
		b.WriteString("]")
	case reflect.Map:
		b.WriteString("map[")
		first := true
		for _, key := range slices.SortedFunc(slices.Values(v.MapKeys()), func(a, c reflect.Value) int {
			return strings.Compare(a.String(), c.String())
		}) {
			separate(b, &first)
			b.WriteString(strconv.Quote(key.String()) + ":")
			writeNamed(b, key.String(), v.MapIndex(key))
		}
		b.WriteString("]")
	case reflect.String:
		b.WriteString(strconv.Quote(v.String()))
	case reflect.Func:
		b.WriteString("func")
	default:
		fmt.Fprint(b, v)
	}
}

func separate(b *strings.Builder, first *bool) {
	if !*first {
		b.WriteString(" ")
	}
	*first = false
}

// writeNamed appends the value of a field or member.
func writeNamed(b *strings.Builder, name string, v reflect.Value) {
	if secret(name, v) {
		b.WriteString(redact.Mark)
		return
	}
	write(b, v, false)
}

// secret reports whether the value of a field or member must not be shown.
func secret(name string, v reflect.Value) bool {
	for v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.String, reflect.Slice, reflect.Map, reflect.Interface:
		return redact.SecretName(name)
	}
	return false
}

// writeOwn appends a value that has its own text, and reports whether it has one.
func writeOwn(b *strings.Builder, v any) bool {
	switch v := v.(type) {
	case json.RawMessage:
		b.WriteString(rawText(v))
	case []byte:
		b.WriteString(strconv.Quote(string(v)))
	case map[string]json.RawMessage:
		b.WriteString(Object(v))
	case fmt.Formatter:
		fmt.Fprint(b, v)
	case encoding.TextMarshaler: // for example a time
		text, err := v.MarshalText()
		if err != nil {
			return false
		}
		b.Write(text)
	case fmt.Stringer:
		b.WriteString(v.String())
	default:
		return false
	}
	return true
}

// Object returns a JSON object without its secrets, with sorted members. A value that is not JSON
// is shown as text.
func Object(members map[string]json.RawMessage) string {
	members = maps.Clone(members)
	for name, raw := range members {
		if !json.Valid(raw) {
			members[name] = json.RawMessage(strconv.QuoteToASCII(string(raw)))
		}
	}
	document, err := oneof.Encode(members)
	if err != nil || members == nil {
		return "{}"
	}
	return rawText(document)
}

// rawText returns JSON without its secrets. Other text is quoted.
func rawText(raw []byte) string {
	if text, ok := redact.JSON(raw, nil); ok {
		return text
	}
	if !json.Valid(raw) {
		return strconv.Quote(redact.Text(string(raw)))
	}
	return redact.Text(string(raw))
}

// fields yields the exported fields of a struct that are not zero, including those of embedded
// structs.
func fields(v reflect.Value) func(func(reflect.StructField, reflect.Value) bool) {
	return func(yield func(reflect.StructField, reflect.Value) bool) {
		for f, value := range v.Fields() {
			if f.IsExported() && !isZero(value) && !yield(f, value) {
				return
			}
		}
	}
}

func isZero(v reflect.Value) bool {
	if z, ok := reflect.TypeAssert[interface{ IsZero() bool }](v); ok && (v.Kind() != reflect.Pointer || !v.IsNil()) {
		return z.IsZero()
	}
	return v.IsZero()
}

// typeName returns the name of a type without its package and type arguments.
func typeName(t reflect.Type) string {
	name, _, _ := strings.Cut(t.Name(), "[")
	return name
}

// LogValue returns the fields of a struct that are not zero as a group of attributes, with the
// names of their JSON members.
func LogValue(v any) slog.Value {
	var attrs []slog.Attr
	for f, value := range fields(reflect.Indirect(reflect.ValueOf(v))) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" {
			name = f.Name
		}
		attrs = append(attrs, slog.Attr{Key: name, Value: attrValue(name, value)})
	}
	return slog.GroupValue(attrs...)
}

// attrValue returns a value for handlers. They show the same as [Text].
func attrValue(name string, v reflect.Value) slog.Value {
	if secret(name, v) {
		return slog.StringValue(redact.Mark)
	}
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if l, ok := reflect.TypeAssert[slog.LogValuer](v); ok {
			return slog.AnyValue(l)
		}
		v = v.Elem()
	}
	switch value := v.Interface().(type) {
	case slog.LogValuer:
		return slog.AnyValue(value)
	case time.Time:
		return slog.TimeValue(value)
	case encoding.TextMarshaler:
		text, _ := value.MarshalText() // a time beyond the year 9999 has none
		return slog.StringValue(string(text))
	case []string:
		return slog.AnyValue(slices.Clone(value))
	}
	switch v.Kind() {
	case reflect.String:
		return slog.StringValue(v.String())
	case reflect.Bool:
		return slog.BoolValue(v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return slog.Int64Value(v.Int())
	}
	var b strings.Builder
	write(&b, v, false)
	return slog.StringValue(b.String())
}
