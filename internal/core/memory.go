package core

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// Decoding a response can take much more memory than its bytes: an item {} of a list has 2 bytes,
// and its struct has hundreds. Therefore the memory is estimated first. A response is refused if
// reading and decoding it would take more than 8 times its size plus 1 MiB.

// decodingMemory returns the maximum memory for decoding a body of size bytes. The body itself is
// in a buffer of up to twice its size.
func decodingMemory(size int) int64 { return 6*int64(size) + 640<<10 }

// The memory that the parts of a document take when they are decoded, in bytes. The estimates are
// slightly above the memory that encoding/json takes in Go 1.26.
const (
	costMap    = 400 // a map with up to smallMap members, and an object that decodes itself
	costOwn    = 600 // an object that decodes itself into fields and a map
	costRaw    = 32  // a value that is kept as JSON, in addition to its size
	costMember = 160 // each further member, because a growing map is copied
	costError  = 170 // a value of another type than its field
	costRetry  = 500 // an item of another type than its list, in addition: it is decoded again
	smallMap   = 8
	// smallElement is the size of the elements of lists of texts. Very many of them are refused
	// even if their list does not grow.
	smallElement = 24
	// A string with escapes is decoded into a buffer and copied. Invalid UTF-8 grows to three times
	// its size, in a buffer that doubles.
	escapedText, badText = 2, 10
)

// grown returns the memory of an element in a growing slice. During the growth there are two
// slices, the new one a quarter larger, or twice as large up to 256 elements. There are more small
// elements, and the garbage collector is slower than their growth.
func grown(size int64) int64 {
	if size <= smallElement {
		return 4 * size
	}
	return size * 5 / 2
}

// memoryError reports that decoding a response would take too much memory.
type memoryError struct {
	size  int
	limit int64
}

func (e *memoryError) Error() string {
	return fmt.Sprintf("it has too many values for its size: decoding its %d bytes would take more than %d bytes of "+
		"memory",
		e.size, e.limit)
}

// ordinarySize is the maximum size of a document whose lists may grow, in bytes.
const ordinarySize = 128 << 10

// CheckMemory returns an error if decoding document into out, a pointer to an empty value, would
// take too much memory. Otherwise, for a large document or one with very many values, it allocates
// the lists in out, which then do not grow. document does not have to be valid JSON.
func CheckMemory(document []byte, out any) error {
	limit := decodingMemory(len(document))
	s := shapeOf(reflect.TypeOf(out))
	if len(document) <= smallSize && s.most.surelyWithin(limit, document) {
		return nil
	}
	cost := int64(0)
	if valid := utf8.Valid(document); !valid || s.most.exceed(limit, document) {
		m := meter{b: document, limit: limit, valid: valid}
		m.value(s, true)
		if cost = m.cost; cost > limit {
			return &memoryError{len(document), limit}
		}
	}
	// A growing list takes less than three times as much.
	if 3*cost > limit || len(document) > ordinarySize {
		m := meter{b: document}
		m.reserve(s.elem, reflect.ValueOf(out).Elem())
	}
	return nil
}

// unitCosts has the maximum memory of each part of a document, anywhere in a value of one type.
// With it, most documents are found to be small enough without a look at each byte.
type unitCosts struct{ element, member, object int64 }

// smallSize is the maximum size of a document with a rougher and faster estimate, in bytes. Most
// objects are smaller, and for most pages the estimate would be too rough.
const smallSize = 4 << 10

// surelyWithin reports whether decoding a document takes no more memory than limit even if all its
// text is invalid UTF-8 in objects that decode themselves, which hold it twice.
func (u unitCosts) surelyWithin(limit int64, document []byte) bool {
	var c counts
	c.structure(document)
	return 2*badText*int64(len(document))+c.objects*u.object+c.units()*max(u.element, u.member) <= limit
}

// exceed reports whether decoding a document of valid UTF-8 may take more memory than limit. If the
// document is not valid JSON, that is true up to the first error, where decoders stop.
func (u unitCosts) exceed(limit int64, document []byte) bool {
	var c counts
	elements := int64(0)
	for part := range slices.Chunk(document, max(len(document)/countedParts, leastPart)) {
		c.structure(part)
		elements = max(elements, c.elements())
		c.strings(part)
	}
	elements = min(elements, c.units())
	cost := escapedText*int64(len(document)) + c.objects*u.object + elements*max(u.element, u.member) +
		(c.units()-elements)*u.member
	return cost > limit
}

// A document is counted in about countedParts parts of at least leastPart bytes. What follows an
// error may look as if there were fewer elements before it, therefore the maximum of all parts is
// used. More parts make the estimate more exact, but slower.
const countedParts, leastPart = 32, 512

// counts are numbers of characters in a document, or in the beginning of one. Characters in strings
// are counted too.
type counts struct{ commas, objects, quotes, escapes int64 }

// structure counts commas, and the objects and lists.
func (c *counts) structure(part []byte) {
	c.commas += int64(bytes.Count(part, []byte{','}))
	c.objects += int64(bytes.Count(part, []byte{'{'}) + bytes.Count(part, []byte{'['}))
}

// strings counts quotes and backslashes.
func (c *counts) strings(part []byte) {
	c.quotes += int64(bytes.Count(part, []byte{'"'}))
	c.escapes += int64(bytes.Count(part, []byte{'\\'}))
}

// units returns the maximum number of elements and members. Each follows a comma, or is the first
// one of an object or a list. The document counts as an element.
func (c *counts) units() int64 { return c.commas + c.objects + 1 }

// elements returns the maximum number of elements in a document:
//
//	strings = members + members with a string + elements with a string
//	objects = members with an object + elements with an object, lists included
//	strings + objects <= 2*members + elements = 2*units - elements
//
// Each quote that is escaped has a backslash.
func (c *counts) elements() int64 { return 2*c.units() - (c.quotes-c.escapes)/2 - c.objects }

// shape has the properties of a type that determine its memory.
type shape struct {
	kind   shapeKind
	size   int64             // of the value of a pointer, or of an element of a list
	elem   *shape            // of a pointer, a list or a map
	fields map[string]*shape // of a struct, by the lower-case names of their members
	index  map[string][]int  // of these fields
	rest   bool              // of a struct that decodes itself: a map has the members without a field
	most   unitCosts
}

type shapeKind int

const (
	shapeScalar shapeKind = iota // takes no additional memory
	shapeText
	shapeRaw
	shapePointer
	shapeList
	shapeMap
	shapeStruct
	shapeOwn // decodes itself
)

var shapes sync.Map // reflect.Type -> *shape

func shapeOf(t reflect.Type) *shape {
	if s, ok := shapes.Load(t); ok {
		known, _ := s.(*shape)
		return known
	}
	s := newShape(t, map[reflect.Type]*shape{})
	s.addCosts(&s.most, map[*shape]bool{})
	s.most.element = max(s.most.element, s.value()+costError)
	shapes.Store(t, s)
	return s
}

func newShape(t reflect.Type, seen map[reflect.Type]*shape) *shape {
	if s := seen[t]; s != nil {
		return s
	}
	s := &shape{}
	seen[t] = s
	switch {
	case t == reflect.TypeFor[json.RawMessage](), keepsJSON(t):
		s.kind = shapeRaw
	case t.Kind() != reflect.Pointer && reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()):
		s.kind, s.rest = shapeOwn, hasMap(t)
	case t.Kind() == reflect.String:
		s.kind = shapeText
	case t.Kind() == reflect.Pointer:
		s.kind, s.size, s.elem = shapePointer, int64(t.Elem().Size()), newShape(t.Elem(), seen)
	case t.Kind() == reflect.Slice:
		s.kind, s.size, s.elem = shapeList, int64(t.Elem().Size()), newShape(t.Elem(), seen)
	case t.Kind() == reflect.Map:
		s.kind, s.elem = shapeMap, newShape(t.Elem(), seen)
	case t.Kind() == reflect.Interface:
		s.kind = shapeOwn // an object becomes a map
	case t.Kind() == reflect.Struct:
		s.kind, s.fields, s.index = shapeStruct, map[string]*shape{}, map[string][]int{}
		s.addFields(t, nil, seen)
	}
	return s
}

// field returns the shape of the member with a quoted name, nil if there is no such field.
func (s *shape) field(quoted []byte) *shape {
	if len(quoted) >= 2 {
		if f, ok := s.fields[string(quoted[1:len(quoted)-1])]; ok { // nearly always, and without a copy
			return f
		}
	}
	return s.fields[strings.ToLower(memberName(quoted))]
}

// hasMap reports whether the type is a struct with a field that is a map.
func hasMap(t reflect.Type) bool {
	if t.Kind() != reflect.Struct {
		return false
	}
	for f := range t.Fields() {
		if f.Type.Kind() == reflect.Map {
			return true
		}
	}
	return false
}

// keepsJSON reports whether values of the type consist of the JSON that they were decoded from.
func keepsJSON(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t.NumField() == 1 && t.Field(0).Type == reflect.TypeFor[json.RawMessage]() &&
		reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]())
}

// addFields adds the fields of the struct t, which has the given index in the struct of s.
func (s *shape) addFields(t reflect.Type, index []int, seen map[reflect.Type]*shape) {
	for f := range t.Fields() {
		at := append(slices.Clone(index), f.Index...)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct:
			s.addFields(f.Type, at, seen)
			continue
		case !f.IsExported() || name == "-":
			continue
		case name == "":
			name = f.Name
		}
		name = strings.ToLower(name)
		s.fields[name], s.index[name] = newShape(f.Type, seen), at
	}
}

// addCosts raises most to the memory of the parts of a value with the shape s.
func (s *shape) addCosts(most *unitCosts, seen map[*shape]bool) {
	if s == nil || seen[s] {
		return
	}
	seen[s] = true
	s.elem.addCosts(most, seen)
	switch s.kind {
	case shapeList:
		most.element = max(most.element, grown(s.size)+s.elem.value()+costError+costRetry)
	case shapeMap:
		most.object = max(most.object, costMap)
		most.member = max(most.member, costMember+s.elem.value())
	case shapeOwn:
		most.object = max(most.object, costOwn)
		most.member, most.element = max(most.member, costMember), max(most.element, costMember)
	}
	for _, f := range s.fields {
		most.member = max(most.member, f.value()+costError)
		f.addCosts(most, seen)
	}
}

// value returns the maximum memory of a value without its elements, members, objects and text.
func (s *shape) value() int64 {
	switch s.kind {
	case shapePointer:
		return s.size + s.elem.value()
	case shapeRaw:
		return costRaw
	}
	return 0
}

// meter estimates the memory for decoding b. It stops at invalid JSON, as decoders do, and above
// the limit.
type meter struct {
	b           []byte
	i           int
	cost, limit int64
	valid       bool // all of b is valid UTF-8
}

// value reads the value at m.i. It is decoded into a value of shape s, or skipped if s is nil.
// value reports whether there is a value, and whether the estimate is below the limit. outer
// reports whether the value is in no list or map: [meter.reserve] allocates the lists there.
func (m *meter) value(s *shape, outer bool) bool {
	m.space()
	if s != nil && s.kind == shapePointer && !bytes.HasPrefix(m.b[m.i:], []byte("null")) {
		m.cost += s.size
		return m.value(s.elem, outer)
	}
	kind := shapeScalar
	if s != nil {
		kind = s.kind
	}
	c := m.peek()
	switch {
	case c == '[' && kind == shapeList:
		return m.list(s, outer)
	case c == '{' && (kind == shapeStruct || kind == shapeMap):
		return m.object(s, outer)
	}
	begin := m.i
	if kind == shapeStruct && c != 'n' { // and not null
		m.cost += costError
	}
	units, bad := m.skip()
	n := int64(m.i - begin)
	switch {
	case bad:
		n *= badText
	case kind == shapeText:
		n *= escapedText
	}
	switch kind {
	case shapeText:
		m.cost += n
	case shapeRaw:
		m.cost += n + costRaw
	case shapeOwn:
		m.cost += 2*n + int64(max(0, units-smallMap))*costMember
		if units > 0 && s.rest {
			m.cost += costOwn
		} else if units > 0 {
			m.cost += costMap
		}
	}
	return m.i > begin && m.cost <= m.limit
}

func (m *meter) list(s *shape, outer bool) bool {
	cost := grown(s.size)
	if outer && s.size > smallElement {
		cost = s.size
	}
	m.i++
	for {
		if m.space(); m.peek() == ']' {
			m.i++
			return true
		}
		m.cost += cost
		if s.elem.kind == shapeStruct && m.peek() != '{' {
			m.cost += costRetry
		}
		if !m.value(s.elem, false) {
			return false
		}
		if m.space(); m.peek() == ',' {
			m.i++
		}
	}
}

func (m *meter) object(s *shape, outer bool) bool {
	if m.i++; s.kind == shapeMap {
		m.cost += costMap
	}
	for members := 0; ; members++ {
		if m.space(); m.peek() == '}' {
			m.i++
			return true
		}
		begin := m.i
		if m.peek() != '"' {
			return false
		}
		m.skip()
		name := m.b[begin:m.i]
		if m.space(); m.peek() != ':' {
			return false
		}
		m.i++
		elem := s.elem
		if s.kind == shapeStruct {
			elem = s.field(name)
		} else if m.cost += 2 * int64(len(name)); members >= smallMap {
			m.cost += costMember
		}
		if !m.value(elem, outer && s.kind == shapeStruct) {
			return false
		}
		if m.space(); m.peek() == ',' {
			m.i++
		}
	}
}

// reserve allocates the lists in the value at m.i that are in no other list or map. The value is
// decoded into v, which has the shape s.
func (m *meter) reserve(s *shape, v reflect.Value) {
	m.space()
	switch c := m.peek(); {
	case c == '{' && s.kind == shapePointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		m.reserve(s.elem, v.Elem())
	case c == '{' && s.kind == shapeStruct:
		for name, value := range Members(m.b[m.i:]) {
			name = strings.ToLower(name)
			if field := s.fields[name]; field != nil {
				inner := meter{b: value}
				inner.reserve(field, v.FieldByIndex(s.index[name]))
			}
		}
	case c == '[' && s.kind == shapeList:
		n := 0
		for range Elements(m.b[m.i:]) {
			n++
		}
		if n > v.Cap() {
			v.Set(reflect.MakeSlice(v.Type(), 0, n))
		}
	}
}

// skip skips one value. It counts its elements and members, and reports whether it has a text that
// is not UTF-8.
func (m *meter) skip() (units int, bad bool) {
	begin := m.i
	units = m.end()
	return units, !m.valid && !utf8.Valid(m.b[begin:m.i])
}

// maxUnitDepth is the maximum depth of values whose elements and members count. A value that
// decodes itself keeps deeper ones as JSON.
const maxUnitDepth = 3

// end moves m.i to the end of the value at m.i, and counts the elements and members in it.
func (m *meter) end() (units int) {
	for depth := 0; m.i < len(m.b); {
		switch c := m.b[m.i]; c {
		case '"':
			m.text()
		case '{', '[':
			if depth++; depth <= maxUnitDepth {
				units++
			}
			m.i++
		case '}', ']':
			if depth == 0 {
				return units
			}
			depth--
			m.i++
		case ',', ':', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return units
			}
			if c == ',' && depth <= maxUnitDepth {
				units++
			}
			m.i++
		default: // a number, true, false or null
			m.i++
			continue
		}
		if depth == 0 {
			return units
		}
	}
	return units
}

// text skips the string at m.i.
func (m *meter) text() {
	for m.i++; m.i < len(m.b); {
		quote := bytes.IndexByte(m.b[m.i:], '"')
		if quote < 0 {
			break
		}
		escape := bytes.IndexByte(m.b[m.i:m.i+quote], '\\')
		if escape < 0 {
			m.i += quote + 1
			return
		}
		m.i += escape + 2
	}
	m.i = len(m.b)
}

func (m *meter) space() {
	for m.i < len(m.b) && (m.b[m.i] == ' ' || m.b[m.i] == '\t' || m.b[m.i] == '\r' || m.b[m.i] == '\n') {
		m.i++
	}
}

// peek returns the byte at m.i, 0 at the end.
func (m *meter) peek() byte {
	if m.i < len(m.b) {
		return m.b[m.i]
	}
	return 0
}
